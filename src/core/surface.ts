// How do the words that earned a match stand in the text? From word positions back to the writing in title and abstract.
import type { ScorePart } from "./match.ts";
import { type PaperWords, textAt } from "./paper-words.ts";

const MAX_TERMS = 8;
const MAX_TERM_LENGTH = 80;

/** The distinct words that earned a score, dearest first, as they stand in the text, and names followed; at most 8. */
export function listTerms(parts: ScorePart[], paper: PaperWords): string[] {
  const terms = new Map<string, string>();
  for (const { spans, facts, weight } of parts) {
    if (weight === 0) continue;
    const words = spans.map(({ from, to }) => textAt(paper, from, to)?.replace(/\s+/g, " "));
    for (const term of [...facts, ...words]) {
      if (term === undefined || term.length > MAX_TERM_LENGTH || terms.has(term.toLowerCase())) continue;
      terms.set(term.toLowerCase(), term);
      if (terms.size === MAX_TERMS) return [...terms.values()];
    }
  }
  return [...terms.values()];
}
