// How does an abstract with TeX become HTML? Text is made readable and escaped, math becomes MathML.
import temml from "temml";
import { escapeHtml } from "../core/escape-html.ts";
import { readableAbstract } from "../core/ingest/readable.ts";

const MAX_FORMULAS = 200;
const MAX_FORMULA_LENGTH = 1_000;
const formula = /\$\$([^$]+)\$\$|\$((?:[^$\\]|\\.)+)\$|\\\(([\s\S]+?)\\\)|\\\[([\s\S]+?)\\\]/g;

/** HTML of an abstract as its source wrote it, or undefined where there is no math in it or it cannot be read. */
export function abstractWithMath(tex: string): string | undefined {
  const pieces: string[] = [];
  let at = 0;
  let formulas = 0;
  for (const match of tex.matchAll(formula)) {
    const source = match[1] ?? match[2] ?? match[3] ?? match[4] ?? "";
    if (++formulas > MAX_FORMULAS || source.length > MAX_FORMULA_LENGTH) return undefined;
    const rendered = renderFormula(source);
    if (rendered === undefined) return undefined;
    pieces.push(readText(tex.slice(at, match.index)), rendered);
    at = match.index + match[0].length;
  }
  if (formulas === 0) return undefined;
  pieces.push(readText(tex.slice(at)));
  return pieces.join("");
}

function renderFormula(source: string): string | undefined {
  try {
    const mathml = temml.renderToString(source, { throwOnError: true, trust: false, maxSize: [5, 10], maxExpand: 200 });
    // Styles inside an element are not allowed on our pages; MathML reads well without them.
    return mathml.replace(/ style="[^"]*"/g, "");
  } catch {
    return undefined;
  }
}

/** Keeps the white space at the edges, where a formula meets words. */
function readText(text: string): string {
  const [, before = "", inner = "", after = ""] = /^(\s*)([\s\S]*?)(\s*)$/.exec(text) ?? [];
  return `${before && " "}${escapeHtml(inner === "" ? "" : readableAbstract(inner))}${after && " "}`;
}
