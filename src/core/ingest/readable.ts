// What does a title, a name or an abstract say to a person? TeX becomes Unicode; what is not understood stays as it is.
import { decodeHTMLStrict } from "entities";
import { cleanLine } from "./clean-text.ts";
import { readTex } from "./tex.ts";
import { mayHoldTex } from "./tex-stripped.ts";

export const TITLE_LIMIT = 1_000;
const NAME_LIMIT = 300;
export const ABSTRACT_LIMIT = 20_000;

/** No abstract has as many signs; a text made of them would take seconds, and stays as it is. */
const MOST_SIGNS = 1_500;

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

/** Whether signs of TeX are left in a title: a backslash, a dollar or a brace. */
export function hasTexLeft(title: string): boolean {
  return /[\\${]/.test(title);
}

function readable(text: string, limit: number): string {
  const line = cleanLine(withoutMarkup(text.slice(0, limit * 8)), limit * 2);
  const isTex = mayHoldTex(line) && (line.match(/[\\${}^_`']/g)?.length ?? 0) <= MOST_SIGNS;
  return cleanLine(isTex ? readTex(line) : line, limit);
}

/** Entities that came escaped once or twice too often become their signs, and pairs of tags that only format go; other tags are words. */
export function withoutMarkup(text: string): string {
  let plain = text;
  for (let times = 0; times < 2 && /&(?:#\d|#x[\da-f]|[a-z]{2,8};)/i.test(plain); times++)
    plain = decodeHTMLStrict(plain);
  for (let times = 0; times < 2 && plain.includes("</"); times++)
    plain = plain.replace(/<(i|b|em|strong|sub|sup)>([^<>]*)<\/\1>/gi, "$2");
  return plain;
}
