// How do the words that earned a match stand in the text? From word positions back to the writing in title and abstract.
import type { ScorePart } from "./match.ts";
import type { Span } from "./paper-index.ts";
import { listWords, type PaperWords, type Word } from "./paper-words.ts";

type Texts = { title: string; abstract: string };
const MAX_TERMS = 8;
const MAX_TERM_LENGTH = 80;

/** Gives the writing of a span, or undefined where the text and PostgreSQL's words do not line up. */
export function readSurface(texts: Texts, paper: PaperWords): (span: Span) => string | undefined {
  let title: Word[] | undefined;
  let abstract: Word[] | undefined;
  return ({ from, to }) => {
    const inTitle = to <= paper.titleEnd;
    if (inTitle) title ??= listWords(texts.title);
    else abstract ??= listWords(texts.abstract);
    const [words, text, shift] = inTitle ? [title, texts.title, 1] : [abstract, texts.abstract, paper.titleEnd + 1];
    const [first, last] = [words?.[from - shift], words?.[to - shift]];
    if (!first || !last || last.end - first.start > MAX_TERM_LENGTH) return undefined;
    return text.slice(first.start, last.end).replace(/\s+/g, " ");
  };
}

/** The distinct words that earned a score, dearest first, as they stand in the text; at most 8. */
export function listTerms(parts: ScorePart[], surface: (span: Span) => string | undefined): string[] {
  const terms = new Map<string, string>();
  for (const { spans, weight } of parts) {
    if (weight === 0) continue;
    for (const span of spans) {
      const term = surface(span);
      if (term !== undefined && !terms.has(term.toLowerCase())) terms.set(term.toLowerCase(), term);
      if (terms.size === MAX_TERMS) return [...terms.values()];
    }
  }
  return [...terms.values()];
}
