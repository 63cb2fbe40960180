// Where in a text do the words that earned a match stand?

export type Segment = { text: string; hit: boolean };

/** Cuts a text into pieces that are or are not one of the terms (whole words, any case); the pieces joined are the text. */
export function highlight(text: string, terms: readonly string[]): Segment[] {
  const pattern = patternOf(terms);
  if (!pattern || text === "") return text === "" ? [] : [{ text, hit: false }];
  pattern.lastIndex = 0;
  const segments: Segment[] = [];
  let at = 0;
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    const { index, 0: hit } = found;
    const end = index + hit.length;
    // Looked at here and not in the pattern, where it would be tried at every letter: ten times as slow.
    if (letterEnd.test(text.slice(Math.max(0, index - 2), index)) || letterStart.test(text.slice(end, end + 2))) {
      // By whole characters: half of one would be found again for ever.
      pattern.lastIndex = index + ((text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1);
      continue;
    }
    if (index > at) segments.push({ text: text.slice(at, index), hit: false });
    segments.push({ text: hit, hit: true });
    at = end;
  }
  if (at < text.length) segments.push({ text: text.slice(at), hit: false });
  return segments;
}

const patterns = new WeakMap<readonly string[], { pattern: RegExp | undefined }>();

/** Made once for a paper's title and abstract, which are looked through for the same terms. */
function patternOf(terms: readonly string[]): RegExp | undefined {
  const known = patterns.get(terms);
  if (known) return known.pattern;
  const wanted = [...new Set(terms.map((term) => term.trim()).filter(Boolean))].sort((a, b) => b.length - a.length);
  const alternatives = wanted.map((term) => term.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&").replace(/\s+/g, between));
  const pattern = wanted.length > 0 ? new RegExp(alternatives.join("|"), "giu") : undefined;
  patterns.set(terms, { pattern });
  return pattern;
}

/** Terms are told without the brackets and commas between their words. */
const between = '[)\\]"”,:;]*\\s+[(\\[“"]*';
const letterEnd = /[\p{L}\p{N}]$/u;
const letterStart = /^[\p{L}\p{N}]/u;
