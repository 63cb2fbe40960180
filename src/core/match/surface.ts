// Which words does a reader see as the reason? Those that earned most, as they stand in title and abstract.
import type { ScorePart } from "./match.ts";

const MAX_TERMS = 8;

/** The distinct words that earned a score, dearest first, as they stand in the text but for signs between the words of a phrase, and names followed; at most 8. */
export function listTerms(parts: ScorePart[]): string[] {
  const [only] = parts;
  if (only && parts.length === 1 && only.weight > 0 && only.terms.length <= MAX_TERMS && !only.terms.some(hasSigns))
    return only.terms;
  const terms = new Map<string, string>();
  for (const part of parts) {
    if (part.weight === 0) continue;
    for (const written of part.terms) {
      const term = hasSigns(written) ? written.replace(signs, " ") : written;
      const small = term.toLowerCase();
      if (terms.has(small)) continue;
      terms.set(small, term);
      if (terms.size === MAX_TERMS) return [...terms.values()];
    }
  }
  return [...terms.values()];
}

/** `KV) cache`, `code: executable`: what stands between two words that count as a phrase. */
const signs = /[)\]"”,:;]*\s+[([“"]*/g;
/** Most terms are one word. */
const hasSigns = (term: string) => term.includes(" ") && /[)\]"”,:;]\s|\s[([“"]/.test(term);
