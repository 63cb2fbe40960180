// Of which pieces is TeX made? Commands, groups and arguments, and what a raised or lowered piece looks like in Unicode.
import { subscripts, superscripts } from "./tex-symbols.ts";

/** What was read, and where reading goes on. */
export type Piece = { out: string; end: number };

/** The command at a backslash: letters (with a star), or one sign; `end` is after it. */
export function commandAt(text: string, at: number): { name: string; end: number } {
  const letters = /[A-Za-z]+/y;
  letters.lastIndex = at + 1;
  const name = letters.exec(text)?.[0];
  if (!name) return { name: text.charAt(at + 1), end: Math.min(at + 2, text.length) };
  const end = at + 1 + name.length;
  return { name, end: text.charAt(end) === "*" && /^(?:operatorname|text\w+|big\w*)$/.test(name) ? end + 1 : end };
}

/** The place of the brace that closes the one at `at`, or -1. */
export function closing(text: string, at: number): number {
  let depth = 0;
  const bound = Math.min(text.length, at + 8_000);
  for (let place = at; place < bound; place++) {
    const letter = text.charAt(place);
    if (letter === "\\") place++;
    else if (letter === "{") depth++;
    else if (letter === "}" && --depth === 0) return place;
  }
  return -1;
}

/** The next argument: a group, a command or one character, after any spaces. */
export function argument(
  text: string,
  at: number,
): { inner: string; braced: boolean; start: number; end: number } | undefined {
  let start = at;
  while (text.charAt(start) === " ") start++;
  const letter = text.charAt(start);
  if (letter === "" || letter === "}" || letter === "$") return undefined;
  if (letter === "{") {
    const close = closing(text, start);
    return close < 0 ? undefined : { inner: text.slice(start + 1, close), braced: true, start, end: close + 1 };
  }
  if (letter === "\\") {
    const { end } = commandAt(text, start);
    return { inner: text.slice(start, end), braced: false, start, end };
  }
  const [first = ""] = text.slice(start, start + 2);
  return { inner: first, braced: false, start, end: start + first.length };
}

/** `x` raised (`^`) or lowered (`_`): Unicode's small signs where all of it has them and it is short, else `^x`, `_(x, y)`. */
export function readScript(sign: string, content: string): string {
  if (content === "") return "";
  if (sign === "^") {
    if (/^[∘°]$/.test(content)) return "°";
    if (/^(?:th|st|nd|rd|′+|'+)$/.test(content)) return content;
  }
  const table = sign === "^" ? superscripts : subscripts;
  const letters = [...content.replaceAll(" ", "")];
  const isWord = /\p{L}{3}/u.test(content);
  if (!isWord && letters.every((letter) => table.has(letter)))
    return letters.map((letter) => table.get(letter)).join("");
  return /^[\p{L}\p{N}.*′⊙☉†∞±⋆⊤⊥]+$/u.test(content) ? `${sign}${content}` : `${sign}(${content})`;
}
