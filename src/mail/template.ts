// How does a template become a message? MJML compiled once, cut at its slots, filled by position and never searched again.
import { readFile } from "node:fs/promises";
import path from "node:path";

export type Filler = (slot: string) => string;
/** Literal pieces and slot names in turn: pieces[0], slots[0], pieces[1], … */
export type Filled = { pieces: string[]; slots: string[] };

const folder = path.join(import.meta.dirname, "../../templates/mail");

/** Compiles `templates/mail/NAME.mjml` and cuts out the card between its marks, where there is one. Throws on any MJML error. */
export async function compileTemplate(name: string): Promise<{ before: Filled; card: Filled; after: Filled }> {
  const { default: mjml2html } = await import("mjml");
  const source = await readFile(path.join(folder, `${name}.mjml`), "utf8");
  const { html, errors } = await mjml2html(source, { keepComments: true, validationLevel: "strict" });
  if (errors.length > 0) throw new Error(`templates/mail/${name}.mjml: ${errors[0]?.formattedMessage}`);
  const lean = html.replace(/^\s+/gm, "").replace(/\n{2,}/g, "\n");
  const [before = "", rest] = lean.split("<!--card-->");
  const [card = "", after = ""] = rest?.split("<!--/card-->") ?? [];
  return { before: cut(before), card: cut(card), after: cut(after) };
}

function cut(html: string): Filled {
  const parts = html.split(/\[\[(\w+)\]\]/);
  return { pieces: parts.filter((_, at) => at % 2 === 0), slots: parts.filter((_, at) => at % 2 === 1) };
}

/** Joins pieces and slots; every value must be HTML already. */
export function fill({ pieces, slots }: Filled, value: Filler): string {
  let html = pieces[0] ?? "";
  for (const [at, slot] of slots.entries()) html += value(slot) + (pieces[at + 1] ?? "");
  return html;
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as HTML text or attribute value. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
