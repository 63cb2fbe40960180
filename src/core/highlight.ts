// Where in a text do the words that earned a match stand?

export type Segment = { text: string; hit: boolean };

/** Cuts a text into pieces that are or are not one of the terms (whole words, any case); the pieces joined are the text. */
export function highlight(text: string, terms: readonly string[]): Segment[] {
  const wanted = [...new Set(terms.map((term) => term.trim()).filter(Boolean))].sort((a, b) => b.length - a.length);
  if (wanted.length === 0 || text === "") return text === "" ? [] : [{ text, hit: false }];
  const alternatives = wanted.map((term) => term.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&").replace(/\s+/g, "\\s+"));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${alternatives.join("|")})(?![\\p{L}\\p{N}])`, "giu");
  const segments: Segment[] = [];
  let at = 0;
  for (const { index, 0: hit } of text.matchAll(pattern)) {
    if (index > at) segments.push({ text: text.slice(at, index), hit: false });
    segments.push({ text: hit, hit: true });
    at = index + hit.length;
  }
  if (at < text.length) segments.push({ text: text.slice(at), hit: false });
  return segments;
}
