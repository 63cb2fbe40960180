// What does TeX in a line of metadata say? Text with accents, commands and pieces of math becomes Unicode.
// A reader of its own and no library: unified-latex took 7.8 ms an abstract here, and reads `50% of` as a comment.
import { readMath } from "./tex-math.ts";
import { argument, closing, commandAt, type Piece, readScript } from "./tex-pieces.ts";
import { restoreSigns } from "./tex-stripped.ts";
import { accents, mathOperators, mathSigns, silentCommands, textSigns, wrappers } from "./tex-symbols.ts";

const MAX_MATH = 4_000;

/** Reads text with TeX in it. No word is lost: what is not understood comes back as it was written. */
export function readTex(given: string, depth = 0): string {
  if (depth > 20) return given;
  const text = depth > 0 ? given : restoreSigns(singleBackslashes(unescapeJson(given)));
  let out = "";
  for (let at = 0; at < text.length; ) {
    const piece = readPiece(text, at, out, depth);
    out += piece.out;
    at = piece.end;
  }
  return out;
}

function readPiece(text: string, at: number, before: string, depth: number): Piece {
  const letter = text.charAt(at);
  if (letter === "\\") return readCommand(text, at, depth);
  if (letter === "$") return readDollar(text, at, depth) ?? { out: "$", end: at + 1 };
  if (letter === "{") return readGroup(text, at, before, depth);
  if (letter === "^" || letter === "_") return readTextScript(text, at, before) ?? { out: letter, end: at + 1 };
  if (letter === "~") return { out: isTie(text, at) ? " " : "~", end: at + 1 };
  if (letter === "-") return readDash(text, at);
  if (letter === "`" || letter === "'") return readQuote(text, at, before);
  const plain = /[^\\${}^_~\-`']+/y;
  plain.lastIndex = at;
  const run = plain.exec(text)?.[0] ?? letter;
  return { out: run, end: at + run.length };
}

function readCommand(text: string, at: number, depth: number): Piece {
  const { name, end } = commandAt(text, at);
  const raw: Piece = { out: text.slice(at, end), end };
  if (name === "(" || name === "[") {
    const close = text.indexOf(name === "(" ? "\\)" : "\\]", end);
    const math = close < 0 || close - end > MAX_MATH ? undefined : readMath(text.slice(end, close), depth + 1);
    return math === undefined ? raw : { out: math.trim(), end: close + 2 };
  }
  if (name === "\\") return { out: " ", end: skip(text, end, /\*?(?:\[[\d.]+\w\w\])?/y) };
  if (/^[ ,;:/!-]$/.test(name)) return { out: /[/!-]/.test(name) ? "" : " ", end };
  if (/^[%&#_${}]$/.test(name)) return { out: name, end };
  const mark = name.length === 1 || name === "mathring" ? accents.get(name) : undefined;
  if (mark) return readAccent(text, end, mark, depth) ?? raw;
  if (silentCommands.has(name))
    return { out: /space|quad|line|par|break/.test(name) ? " " : "", end: skip(text, end, /\s*(?:\{[\d.]+\w\w\})?/y) };
  const sign = textSigns.get(name) ?? mathSigns.get(name);
  if (sign) return { out: sign, end: skip(text, end, sign.endsWith(".") ? /\{\}/y : /\{\}|\s+(?=[\p{L}])/uy) };
  const operator = mathOperators.get(name);
  if (operator)
    return {
      out: /\s/.test(text.charAt(at - 1)) || at === 0 ? `${operator} ` : ` ${operator} `,
      end: skip(text, end, /\s*/y),
    };
  const read = readWithArguments(text, end, name, depth);
  if (read) return read;
  const whole = keepRaw(text, at, end);
  // `\sqrt{s}` without its dollars.
  const math = whole.end > end ? readMath(whole.out, depth + 1) : undefined;
  return math === undefined ? whole : { out: math, end: whole.end };
}

/** Commands with arguments that read well without them. */
function readWithArguments(text: string, end: number, name: string, depth: number): Piece | undefined {
  const first = argument(text, end);
  if (!first?.braced) return name === "item" ? { out: " • ", end } : undefined;
  const inner = () => readTex(first.inner, depth + 1);
  if (wrappers.has(name)) return { out: inner(), end: first.end };
  if (name === "textsuperscript" || name === "textsubscript")
    return { out: readScript(name === "textsuperscript" ? "^" : "_", inner()), end: first.end };
  if (name === "footnote" || name === "thanks") return { out: ` (${inner()})`, end: first.end };
  if (name === "begin" || name === "end")
    return /^(?:itemize|enumerate|quote|center|abstract)$/.test(first.inner) ? { out: " ", end: first.end } : undefined;
  const second = argument(text, first.end);
  if (!second?.braced) return undefined;
  if (name === "textcolor" || name === "color") return { out: readTex(second.inner, depth + 1), end: second.end };
  if (name === "href") return { out: `${readTex(second.inner, depth + 1)} (${first.inner})`, end: second.end };
  if (name === "frac" || name === "nicefrac")
    return { out: `${inner()}/${readTex(second.inner, depth + 1)}`, end: second.end };
  return undefined;
}

/** An unknown command with all of its arguments, untouched. */
function keepRaw(text: string, at: number, end: number): Piece {
  let last = end;
  for (let next = argument(text, last); next?.braced && next.start === last; next = argument(text, last))
    last = next.end;
  return { out: text.slice(at, last), end: last };
}

function readAccent(text: string, end: number, mark: string, depth: number): Piece | undefined {
  const base = argument(text, end);
  if (!base) return undefined;
  // `O\'Brien`: an apostrophe that somebody escaped, for no B has an accent.
  if (mark === "\u0301" && !base.braced && /^[A-Z]/.test(base.inner) && (base.inner + mark).normalize("NFC").length > 1)
    return { out: `'${base.inner}`, end: base.end };
  const letters = readTex(base.inner, depth + 1).trim();
  if (letters === "")
    return base.braced && /[\u0302\u0303]/.test(mark)
      ? { out: mark === "\u0303" ? "~" : "^", end: base.end }
      : undefined;
  if (!/^\p{L}/u.test(letters) || (!base.braced && letters.length > 1 && base.inner.startsWith("\\") === false))
    return undefined;
  const [first = "", ...rest] = letters;
  const plain = /[\u0327\u0328\u0323\u0331]/.test(mark) ? first : ({ ı: "i", ȷ: "j" }[first] ?? first);
  return { out: (plain + mark + rest.join("")).normalize("NFC"), end: base.end };
}

/** Math between dollars, unless they mean money: a dollar before a space, or one closed before a digit, is no math. */
function readDollar(text: string, at: number, depth: number): Piece | undefined {
  const double = text.charAt(at + 1) === "$";
  const start = at + (double ? 2 : 1);
  let close = start;
  while (close < text.length && close - start < MAX_MATH && text.charAt(close) !== "$")
    close += text.charAt(close) === "\\" ? 2 : 1;
  if (text.charAt(close) !== "$" || close === start) return undefined;
  const inner = text.slice(start, close);
  const end = close + (double ? 2 : 1);
  if (!double && !looksLikeMath(inner, text.charAt(end))) return undefined;
  const math = readMath(inner, depth + 1);
  return math === undefined ? { out: text.slice(at, end), end } : { out: math.trim(), end };
}

function looksLikeMath(inner: string, next: string): boolean {
  if (/[\\^_{}=<>]/.test(inner)) return true;
  if (/^\s|\s$/.test(inner)) return inner.trim().length <= 3 && !/^\d/.test(inner.trim());
  const words = inner.match(/\p{L}{3,}/gu) ?? [];
  return !/\d/.test(next) && words.length < 3;
}

/** Braces that only hold letters together go; braces that list something stay. */
function readGroup(text: string, at: number, before: string, depth: number): Piece {
  const close = closing(text, at);
  if (close < 0) return { out: "{", end: at + 1 };
  const inner = text.slice(at + 1, close);
  const math =
    /^\s*\\(?:rm|bf|it|cal|em|sc|tt|sl|sf)\b/.test(inner) || /\w$/.test(before) || /^\w/.test(text.charAt(close + 1));
  const lists = /[,;:]|(?<!\\)"/.test(inner) || inner.trim() === "";
  const read = readTex(inner, depth + 1);
  return { out: lists && !math ? `{${read}}` : read, end: close + 1 };
}

/** Scripts without dollars, as sites leave them that strip the signs of math: `T^2PO`, `O(N^2)`, `V_{0.5}`, `360^circ`. */
function readTextScript(text: string, at: number, before: string): Piece | undefined {
  const rest = text.slice(at + 1, at + 400);
  const sign = text.charAt(at);
  const attached = /[\p{L}\p{N})\]}∇⁺⁻]$/u.test(before);
  if (rest.startsWith("{")) {
    const close = closing(text, at + 1);
    const math = close < 0 || (sign === "_" && !attached) ? undefined : readMath(text.slice(at + 2, close));
    return math === undefined ? undefined : { out: readScript(sign, math.trim()), end: close + 1 };
  }
  if (!attached) return undefined;
  if (sign === "_") {
    const found = /(?:^|[^\p{L}\p{N}_])\p{L}$/u.test(before) ? /^[\p{L}\p{N}](?![\p{L}\p{N}_])/u.exec(rest) : null;
    return found ? { out: readScript("_", found[0]), end: at + 2 } : undefined;
  }
  const degree = /^\\?circ(?![a-z])/.exec(rest);
  if (degree) return { out: "°", end: at + 1 + degree[0].length };
  const found = /^-?\d+|^[+\-*](?![\p{L}\p{N}])|^\p{L}(?![\p{L}\p{N}])/u.exec(rest);
  const script = found ? readScript("^", found[0]) : "";
  return found && !script.startsWith("^") ? { out: script, end: at + 1 + found[0].length } : undefined;
}

/** A tie stands between two words; a tilde before a number says "about". */
function isTie(text: string, at: number): boolean {
  return /[\p{L}\p{N}.,)}$]/u.test(text.charAt(at - 1)) && /[\p{L}\p{N}\\$({]/u.test(text.charAt(at + 1));
}

function readDash(text: string, at: number): Piece {
  const run = /-+/y;
  run.lastIndex = at;
  const dashes = run.exec(text)?.[0] ?? "-";
  const end = at + dashes.length;
  const isFlag = !/\S/.test(text.charAt(at - 1)) && /[\p{L}\p{N}]/u.test(text.charAt(end));
  if (dashes.length === 1 || dashes.length > 3 || isFlag) return { out: dashes, end };
  return { out: dashes.length === 2 ? "–" : "—", end };
}

function readQuote(text: string, at: number, before: string): Piece {
  const sign = text.charAt(at);
  if (text.charAt(at + 1) === sign) {
    const opened = before.lastIndexOf("“") > before.lastIndexOf("”");
    if (sign === "`" && text.charAt(at + 2) !== "`") return { out: "“", end: at + 2 };
    if (sign === "'" && opened) return { out: "”", end: at + 2 };
  }
  const quoted = /`([^`'$\\{}]{1,80})'(?!\p{L})/uy;
  quoted.lastIndex = at;
  const found = sign === "`" && !/\p{L}$/u.test(before) ? quoted.exec(text) : null;
  return found ? { out: `‘${found[1]}’`, end: at + found[0].length } : { out: sign, end: at + 1 };
}

/** Texts that were written as JSON on their way keep `\"` around a quotation and `\n` between lines: no accent, no command. */
function unescapeJson(text: string): string {
  if (!/\\[n"]/.test(text)) return text;
  return text
    .replace(/(?<![\p{L}\p{N}\\])\\"([^"\\]{2,120})\\"(?![\p{L}{\\])/gu, '"$1"')
    .replace(/(?<!\\)\\"(?![\p{L}{\\])/gu, '"')
    .replace(/(?<!\\)\\n(?=\s)/g, " ");
}

/**
 * Some feeds double every backslash, `M\\'on`, and escape the quote as well, `G\\\"an`. Where no single one stands, those before
 * something known are made single.
 */
function singleBackslashes(text: string): string {
  if (!text.includes("\\\\")) return text;
  const doubled = text.replace(/(?<!\\)\\{3}"/g, '\\\\"');
  if (/(?<!\\)(?:\\\\)*\\(?!\\)/.test(doubled)) return text.replace(/(?<!\\)\\{3}"/g, '\\"');
  return doubled.replace(/\\\\(?=(["'`^~=.](?=[A-Za-z{\\])|[A-Za-z]+|[%&#_${},;]))/g, (pair, next: string) =>
    /^[A-Za-z]/.test(next) && !isKnown(next) ? pair : "\\",
  );
}

const isKnown = (name: string) =>
  [accents, textSigns, mathSigns, mathOperators, wrappers].some((table) => table.has(name)) ||
  /^(?:rm|bf|it|frac|sqrt|mathbb|left|right)$/.test(name);

function skip(text: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}
