// What does a title, a name or an abstract say to a person? TeX becomes Unicode; what is not understood stays as it is.
import { cleanLine } from "./clean-text.ts";

export const TITLE_LIMIT = 1_000;
export const NAME_LIMIT = 300;
export const ABSTRACT_LIMIT = 20_000;

/** A title as one readable line. */
export function readableTitle(text: string): string {
  return cleanLine(text, TITLE_LIMIT);
}

/** A person's or a group's name as one readable line, without footnote marks. */
export function readableName(text: string): string {
  return cleanLine(text, NAME_LIMIT).replace(/[\s*†‡§¶]+$/u, "");
}

/** An abstract as one readable line. */
export function readableAbstract(text: string): string {
  return cleanLine(text, ABSTRACT_LIMIT);
}

/** The two abstracts of a draft: readable, and as it was written where that differs. */
export function readAbstract(text: string): { abstract: string; abstractTex?: string } {
  const abstract = readableAbstract(text);
  const plain = cleanLine(text, ABSTRACT_LIMIT);
  return plain === abstract ? { abstract } : { abstract, abstractTex: plain };
}
