// What was meant where a site took the backslashes of TeX away? Names of signs and commands get them back.
import { greekNames, mathOperators, mathSigns } from "./tex-symbols.ts";

/**
 * Sites that strip the backslashes leave the names of signs and commands: `nabla^2DFT`, `tau^2-Bench`, `beta_s`, `360^{circ}`,
 * `leq6.9B`, `256{times}256` and `textit{O}bstacles` mean what was behind them; of a link they leave `https://…{here}`.
 */
export function restoreSigns(text: string): string {
  const signOf = (name: string) => mathOperators.get(name) ?? mathSigns.get(name) ?? name;
  return text
    .replace(/(https?:\/\/[^\s{}]+)\{((?:[^{}]|\{[^{}]*\}){1,300})\}/g, (_, url: string, named: string) =>
      /^\{?https?:/.test(named) ? url : `${url} (${named.replace(/[{}]/g, "")})`,
    )
    .replace(
      /(?<![\p{L}\p{N}\\_^])(\p{Ll}{2,7})(?=\^[\p{L}\p{N}{\\+*-]|_(?:\{|[\p{L}\p{N}](?![\p{L}\p{N}_])))/gu,
      (name) => (greekNames.has(name) ? (mathSigns.get(name) ?? name) : name),
    )
    .replace(
      /\^(?:\{(circ|star|ast|top|prime|dagger|perp)\}|(circ|star|ast|top|prime|dagger|perp)(?![A-Za-z]))/g,
      "^{\\$1$2}",
    )
    .replace(
      /\{(times|sim|approx|pm|cdot|leq?|geq?|ll|gg|neq)\}|(?<=(?:(?<![\p{L}\p{N}.])|sim)[\d.]{1,12})(times|approx|cdot|(?:sim|pm)(?=\d))(?!\p{L})/gu,
      (_, grouped: string, bare: string) => signOf(grouped ?? bare),
    )
    .replace(/(?<![\p{L}\\])(?:text(?:it|bf|tt|sc)|math(?:rm|bf|it|sf|cal|bb)|boldsymbol|emph)(?=\{)/gu, "\\$&")
    .replace(strippedNames, signOf);
}

/** Names of signs that are no words: a text that holds one lost its backslashes. */
const strippedNames =
  /(?<![\p{L}\\])(?:leq|geq|leqslant|geqslant|propto|(?:right|left|up|down)arrow|[lr]angle|varepsilon|infty|subseteq)(?!\p{L})/gu;

/** Whether there is anything to read: signs of TeX, or names that lost theirs. */
export function mayHoldTex(text: string): boolean {
  return /[\\${}^_~`]|--|\d(?:times|sim|approx|pm|cdot)(?!\p{L})/u.test(text) || text.search(strippedNames) >= 0;
}
