// What are the pieces of a rule text? Words, phrases, brackets and operators, each with its place in the text.

export type Piece =
  | { kind: "open"; at: number; field?: string }
  | { kind: "close"; at: number; weight: number }
  | { kind: "or" | "and" | "not"; at: number }
  | { kind: "near"; within: number; at: number }
  | {
      kind: "words";
      text: string;
      exact: boolean;
      prefix: boolean;
      suffix: boolean;
      field?: string;
      weight: number;
      at: number;
    };

export type Pieces = { kind: "ok"; pieces: Piece[] } | { kind: "error"; message: string; at: number };

const NEAR_WORDS = 10;
const letterOrDigit = /[\p{L}\p{N}]/u;
const weightAfter = /^\^(\d{1,3}(?:\.\d{1,3})?)(?=[\s()]|$)/;
const whole = { prefix: false, suffix: false };
const operators: Record<string, "or" | "and" | "not"> = { OR: "or", or: "or", AND: "and", NOT: "not" };

/** Cuts a rule text into pieces, or says what is wrong and at which character (from 0). */
export function readPieces(given: string): Pieces {
  const text = given.replace(/[“”„«»]/g, '"');
  const pieces: Piece[] = [];
  let at = 0;

  const weight = (): number | undefined => {
    const rest = text.slice(at);
    if (!rest.startsWith("^")) return 1;
    const found = weightAfter.exec(rest);
    if (!found) return undefined;
    at += found[0].length;
    return Number(found[1]);
  };
  const badWeight = (): Pieces => ({
    kind: "error",
    message: "A weight is written like ^2 or ^0.5, from 0 to 999",
    at,
  });

  while (at < text.length) {
    const start = at;
    const here = text.charAt(at);
    if (/[\s,;]/.test(here)) {
      at++;
    } else if (here === ")") {
      at++;
      const times = weight();
      if (times === undefined) return badWeight();
      pieces.push({ kind: "close", at: start, weight: times });
    } else if (here === "(") {
      at++;
      pieces.push({ kind: "open", at: start });
    } else if (here === "-" && /[^\s-]/.test(text.charAt(at + 1)) && !/[\p{L}\p{N}]/u.test(text.charAt(at - 1))) {
      at++;
      pieces.push({ kind: "not", at: start });
    } else {
      const field = /^([A-Za-z]+):(?=[^\s)])/.exec(text.slice(at))?.[1];
      if (field !== undefined) at += field.length + 1;
      const inside = fieldOf(field);
      if (text.charAt(at) === "(" && field !== undefined) {
        pieces.push({ kind: "open", at: start, ...inside });
        at++;
        continue;
      }
      const exact = /^=["\p{L}\p{N}]/u.test(text.slice(at, at + 3));
      if (exact) at++;
      if (text.charAt(at) === '"') {
        const end = text.indexOf('"', at + 1);
        if (end < 0) return { kind: "error", message: "This quotation mark is never closed", at };
        const phrase = text.slice(at + 1, end);
        at = end + 1;
        const times = weight();
        if (times === undefined) return badWeight();
        if (letterOrDigit.test(phrase))
          pieces.push({ kind: "words", text: phrase, exact, ...whole, at: start, weight: times, ...inside });
        else if (field !== undefined)
          return { kind: "error", message: `${field}: needs something after it`, at: start };
        continue;
      }
      const word = /^[^\s()"^,;]+/.exec(text.slice(at))?.[0] ?? "";
      if (word === "") return badWeight();
      at += word.length;
      const near = /^NEAR(?:\/(\d{1,3}))?$/.exec(word);
      const operator = field === undefined && !exact ? operators[word] : undefined;
      if (near && field === undefined) {
        pieces.push({ kind: "near", within: Number(near[1] ?? NEAR_WORDS), at: start });
      } else if (operator) {
        pieces.push({ kind: operator, at: start });
      } else {
        const times = weight();
        if (times === undefined) return badWeight();
        const prefix = word.length > 2 && word.endsWith("*");
        const suffix = word.length > 2 && !prefix && word.startsWith("*");
        const bare = prefix ? word.slice(0, -1) : suffix ? word.slice(1) : word;
        if (exact && (prefix || suffix))
          return {
            kind: "error",
            message: "= asks for the very word and * for a part of it: use one of them",
            at: start,
          };
        if (letterOrDigit.test(bare))
          pieces.push({ kind: "words", text: bare, exact, prefix, suffix, at: start, weight: times, ...inside });
        else if (field !== undefined)
          return { kind: "error", message: `${field}: needs something after it`, at: start };
      }
    }
  }
  return { kind: "ok", pieces };
}

function fieldOf(field: string | undefined): { field?: string } {
  return field === undefined ? {} : { field: field.toLowerCase() };
}
