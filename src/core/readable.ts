// What does a title, a name or an abstract say to a person? TeX becomes Unicode; what is not understood stays as it is.
import { cleanLine } from "./clean-text.ts";
import { readTex } from "./tex.ts";

export const TITLE_LIMIT = 1_000;
export const NAME_LIMIT = 300;
export const ABSTRACT_LIMIT = 20_000;

const mayHoldTex = /[\\${}^_~`]|--/;

/** A title as one readable line. */
export function readableTitle(text: string): string {
  return readable(text, TITLE_LIMIT);
}

/** A person's or a group's name as one readable line, without footnote marks. */
export function readableName(text: string): string {
  return readable(text, NAME_LIMIT).replace(/[\s*†‡§¶,;]+$/u, "");
}

/** An abstract as one readable line. */
export function readableAbstract(text: string): string {
  return readable(text, ABSTRACT_LIMIT);
}

/** The two abstracts of a draft: readable, and as it was written where that held TeX. */
export function readAbstract(text: string): { abstract: string; abstractTex?: string } {
  const abstract = readableAbstract(text);
  const written = cleanLine(text, ABSTRACT_LIMIT);
  return /[\\$]/.test(written) && written !== abstract ? { abstract, abstractTex: written } : { abstract };
}

/** The share of titles in which signs of TeX are left: a backslash, a dollar or a brace. */
export function shareOfTexLeft(titles: string[]): number {
  const left = titles.filter((title) => /[\\${]/.test(title)).length;
  return titles.length === 0 ? 0 : left / titles.length;
}

function readable(text: string, limit: number): string {
  const line = cleanLine(text, limit * 2);
  return mayHoldTex.test(line) ? cleanLine(readTex(line), limit) : cleanLine(line, limit);
}
