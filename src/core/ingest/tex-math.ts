// What does a piece of TeX math say in Unicode? All of it, or nothing where one command is not understood.
import { argument, commandAt, type Piece, readScript } from "./tex-pieces.ts";
import {
  accents,
  doubleStruck,
  mathOperators,
  mathSigns,
  mathWords,
  silentCommands,
  textSigns,
  wrappers,
} from "./tex-symbols.ts";

/** Reads what stood between the signs of math; undefined where it holds a command that is not known. */
export function readMath(text: string, depth = 0): string | undefined {
  if (depth > 20) return undefined;
  let out = "";
  for (let at = 0; at < text.length; ) {
    const piece = readPiece(text, at, depth);
    if (!piece) return undefined;
    // A function's name stands apart from the letters around it: `n \log n`, `2\pi`.
    const apart = /^\p{L}{2}/u.test(piece.out) && piece.word && /[\p{L}\p{N})]$/u.test(out);
    out += (apart ? " " : "") + piece.out;
    at = piece.end;
  }
  return out
    .replace(/\s+/g, " ")
    .replace(/([([{|]) (?=[≤≥∈∼→])/g, "$1")
    .replace(/ (?=[,;:)\]])/g, "");
}

type MathPiece = Piece & { word?: boolean };

function readPiece(text: string, at: number, depth: number): MathPiece | undefined {
  const letter = text.charAt(at);
  if (letter === "\\") return readCommand(text, at, depth);
  if (letter === "^" || letter === "_") {
    const base = argument(text, at + 1);
    const script = base && readArgument(base.inner, text, base, depth);
    return base && script ? { out: readScript(letter, script.out.trim()), end: script.end } : undefined;
  }
  if (letter === "{") {
    const group = argument(text, at);
    const inner = group && readMath(group.inner, depth + 1);
    return group && inner !== undefined ? { out: inner, end: group.end } : undefined;
  }
  if (letter === "}") return undefined;
  if (letter === "~" || letter === "&") return { out: " ", end: at + 1 };
  return { out: letter === "'" ? "′" : letter, end: at + 1 };
}

/** An argument with what its command takes: `^\frac12` and `^\mathbf{x}` are one argument. */
function readArgument(
  inner: string,
  text: string,
  base: { braced: boolean; start: number; end: number },
  depth: number,
): Piece | undefined {
  if (!base.braced && inner.startsWith("\\")) return readCommand(text, base.start, depth + 1);
  const out = readMath(inner, depth + 1);
  return out === undefined ? undefined : { out, end: base.end };
}

function readCommand(text: string, at: number, depth: number): MathPiece | undefined {
  const { name, end: after } = commandAt(text, at);
  const end = /[A-Za-z]$/.test(name) ? skipSpaces(text, after) : after;
  if (name === "\\" || /^[ ,;:]$/.test(name)) return { out: " ", end };
  if (/^[!/-]$/.test(name)) return { out: "", end };
  if (/^[%&#_${}]$/.test(name)) return { out: name, end };
  if (name === "|") return { out: "‖", end };
  if (name === "left" || name === "right") return { out: "", end: text.charAt(end) === "." ? end + 1 : end };
  if (silentCommands.has(name)) return { out: /space|quad/.test(name) ? " " : "", end };
  const sign = mathSigns.get(name) ?? textSigns.get(name);
  if (sign) return { out: sign, end };
  const operator = mathOperators.get(name);
  if (operator) return { out: ` ${operator} `, end };
  if (mathWords.has(name))
    return { out: /^[\p{L}\p{N}\\]/u.test(text.slice(end, end + 1)) ? `${name} ` : name, end, word: true };
  if (name === "not") {
    const next = argument(text, end);
    const read = next && readMath(next.inner, depth + 1)?.trim();
    return next && read ? { out: ` ${`${read}\u0338`.normalize("NFC")} `, end: next.end } : undefined;
  }
  return readWithArguments(text, end, name, depth);
}

function readWithArguments(text: string, end: number, name: string, depth: number): MathPiece | undefined {
  const first = argument(text, end);
  if (!first) return undefined;
  const one = readArgument(first.inner, text, first, depth);
  const content = one?.out.trim();
  if (!one || content === undefined) return undefined;
  const mark = accents.get(name);
  if (mark && name.length > 1) {
    const [letter = "", ...rest] = content;
    return { out: (letter + mark + rest.join("")).normalize("NFC"), end: one.end };
  }
  if (name === "mathbb" || name === "mathds") return { out: doubleStruck(content), end: one.end };
  if (/^text|^mbox$|^hbox$/.test(name) && wrappers.has(name)) return { out: readWords(first.inner), end: first.end };
  if (wrappers.has(name))
    return { out: content, end: one.end, word: /^(?:operatorname|mathrm|mathsf|mathtt|mathop)$/.test(name) };
  if (name === "sqrt") return { out: `√${simple(content)}`, end: one.end };
  if (name === "textsuperscript") return { out: readScript("^", content), end: one.end };
  if (name === "hspace" || name === "vspace" || name === "label") return { out: " ", end: one.end };
  const second = argument(text, one.end);
  const two = second && readArgument(second.inner, text, second, depth);
  if (!two) return undefined;
  if (/^[dtc]?frac$|^nicefrac$|^sfrac$/.test(name))
    return { out: `${simple(content)}/${simple(two.out.trim())}`, end: two.end };
  if (/^[dt]?binom$/.test(name)) return { out: `(${content} choose ${two.out.trim()})`, end: two.end };
  if (name === "textcolor" || name === "color") return { out: two.out, end: two.end };
  return undefined;
}

/** Words inside math: their spaces count; signs in them are left as they are. */
const readWords = (text: string) => text.replace(/\\([%&#_${} ])/g, "$1").replace(/[~\s]+/g, " ");

const simple = (text: string) => (/^[\p{L}\p{N}\p{M}.²³₀-₉ᵢⱼₙ]*$/u.test(text) ? text : `(${text})`);
const skipSpaces = (text: string, at: number) => at + (/^\s*/.exec(text.slice(at, at + 20))?.[0].length ?? 0);
