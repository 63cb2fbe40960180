// How does a template become ready bytes? MJML compiled once, cut at its slots, filled by position and never searched again.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { encodeQuotedPrintable } from "../core/quoted-printable.ts";

/** Literal pieces and slot names in turn: pieces[0], slots[0], pieces[1], … */
export type Cut = { pieces: string[]; slots: string[] };
/** Quoted-printable bytes with gaps for what differs from reader to reader; `size` counts the bytes when decoded, gaps empty. */
export type Encoded = { pieces: Buffer[]; slots: string[]; size: number };
/** Ready bytes, or ASCII text that stands for itself in quoted-printable. */
export type Piece = Buffer | string;
/** What fills a slot: text; `whole` text that no line break may split; or nothing yet, a gap. */
export type Value = string | { whole: string } | undefined;

const folder = path.join(import.meta.dirname, "../../templates/mail");

/** Compiles `templates/mail/NAME.mjml` and cuts out the card between its marks, where there is one. Throws on any MJML error. */
export async function compileTemplate(name: string): Promise<{ before: Cut; card: Cut; after: Cut }> {
  const { default: mjml2html } = await import("mjml");
  const source = await readFile(path.join(folder, `${name}.mjml`), "utf8");
  // MJML would add links to web fonts for names that it knows: no reader's mail program shall ask a third party.
  const { html, errors } = await mjml2html(source, { keepComments: true, validationLevel: "strict", fonts: {} });
  if (errors.length > 0) throw new Error(`templates/mail/${name}.mjml: ${errors[0]?.formattedMessage}`);
  const lean = html
    .replace(/^\s+/gm, "")
    .replace(/\n{2,}/g, "\n")
    .replace(/\r?\n/g, "\r\n");
  const [before = "", rest] = lean.split("<!--card-->");
  const [card = "", after = ""] = rest?.split("<!--/card-->") ?? [];
  return { before: cut(before), card: cut(card), after: cut(after) };
}

function cut(text: string): Cut {
  const parts = text.split(/\[\[(\w+)\]\]/);
  return { pieces: parts.filter((_, at) => at % 2 === 0), slots: parts.filter((_, at) => at % 2 === 1) };
}

/** Fills what is known now and encodes it once; slots without a value stay gaps. HTML values must be escaped already. */
export function encode({ pieces, slots }: Cut, value: (slot: string) => Value): Encoded {
  const encoded: Encoded = { pieces: [], slots: [], size: 0 };
  let ready: Buffer[] = [];
  let text = "";
  const flush = () => {
    encoded.size += Buffer.byteLength(text);
    if (text !== "") ready.push(encodeQuotedPrintable(text, { joins: true }));
    text = "";
  };
  const gap = () => {
    flush();
    encoded.pieces.push(Buffer.concat(ready));
    ready = [];
  };
  for (const [at, piece] of pieces.entries()) {
    text += piece;
    const slot = slots[at];
    if (slot === undefined) continue;
    const given = value(slot);
    if (typeof given === "string") text += given;
    else if (given) {
      flush();
      ready.push(Buffer.from(encodeValue(given.whole)));
      encoded.size += Buffer.byteLength(given.whole);
    } else {
      gap();
      encoded.slots.push(slot);
    }
  }
  gap();
  return encoded;
}

/** One reader's value as it stands in quoted-printable, so that more can follow. */
export function encodeValue(value: string): Piece {
  // Addresses with tokens are the common case and need no encoding; what is left of the line takes the soft break.
  return /^[\w:/][\w:/?&;,@+~%.-]{0,73}$/.test(value) ? `${value}=\r\n` : encodeQuotedPrintable(value, { joins: true });
}

/** Puts the pieces and the values of the gaps into `into`, in order. */
export function fillGaps({ pieces, slots }: Encoded, into: Piece[], value: (slot: string) => Piece): void {
  into.push(pieces[0] as Buffer);
  for (let at = 0; at < slots.length; at++) into.push(value(slots[at] as string), pieces[at + 1] as Buffer);
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as HTML text or attribute value. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
