// Which words does a paper hold, where, and how do they stand in the text? Reads what PostgreSQL's to_tsvector wrote.
import { plainWords } from "./plain-words.ts";

/** Positions count words from 1; those up to `titleEnd` stand in the title, the others in the abstract. */
export type PaperWords = {
  id: number;
  title: string;
  abstract: string;
  lexemes: Map<string, number[]>;
  titleEnd: number;
  categories: string[];
  organization: string | null;
  authors: string[];
};
/** `search` is the tsvector as text, title weighted A. */
export type PaperWordsRow = Omit<PaperWords, "lexemes" | "titleEnd"> & { search: string };

/** Reads one row. */
export function readPaperWords({ search, ...facts }: PaperWordsRow): PaperWords {
  return { ...facts, ...readTsvector(search) };
}

/** Reads PostgreSQL's text form of a tsvector, `'imag':3A,14B 'text':1A`: lexeme → ascending positions. */
export function readTsvector(text: string): { lexemes: Map<string, number[]>; titleEnd: number } {
  const lexemes = new Map<string, number[]>();
  let titleEnd = 0;
  let at = 0;
  while (at < text.length) {
    let end = text.indexOf("'", at + 1);
    let doubled = false;
    while (text.charAt(end + 1) === "'") {
      doubled = true;
      end = text.indexOf("'", end + 2);
    }
    const raw = text.slice(at + 1, end);
    const positions: number[] = [];
    let number = 0;
    let next = end + 1;
    for (; next < text.length; next++) {
      const code = text.charCodeAt(next);
      if (code >= 48 && code <= 57) number = number * 10 + code - 48;
      else if (code === 65) titleEnd = Math.max(titleEnd, number);
      else if (code === 44 || code === 32) {
        if (number > 0) positions.push(number);
        number = 0;
        if (code === 32) break;
      }
    }
    if (number > 0) positions.push(number);
    lexemes.set(doubled || raw.includes("\\") ? raw.replaceAll("''", "'").replaceAll("\\\\", "\\") : raw, positions);
    at = next + 1;
  }
  return { lexemes, titleEnd };
}

/** A word of a text with the place it takes: `text.slice(start, end)`. */
export type Word = { start: number; end: number };

/** The words of a text in PostgreSQL's order: the nth has position n. A superscript or a fraction is no part of a word there. */
export function listWords(text: string): Word[] {
  return [...plainWords(text).matchAll(/[\p{L}\p{M}\p{Nd}\p{Nl}]+/gu)].map(({ index, 0: word }) => ({
    start: index,
    end: index + word.length,
  }));
}

const cut = new WeakMap<PaperWords, { title: Word[]; abstract: Word[] }>();

/** The writing from one position to another, as it stands in title or abstract; undefined where it runs over or is not there. */
export function textAt(paper: PaperWords, from: number, to: number): string | undefined {
  const words = cut.get(paper) ?? { title: listWords(paper.title), abstract: listWords(paper.abstract) };
  cut.set(paper, words);
  const place = to <= paper.titleEnd ? "title" : "abstract";
  const shift = place === "title" ? 1 : paper.titleEnd + 1;
  const [first, last] = [words[place][from - shift], words[place][to - shift]];
  return first && last && paper[place].slice(first.start, last.end);
}

/** A name for comparing: no accents, small letters, single spaces, a space at both ends. */
export function plainName(name: string): string {
  const words = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu);
  return ` ${(words ?? []).join(" ")} `;
}
