// How does a template become ready bytes? MJML compiled once, cut at its slots, filled by position and never searched again.
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { encodeQuotedPrintable } from "../core/deliver/quoted-printable.ts";

/** Literal pieces and slot names in turn: pieces[0], slots[0], pieces[1], … */
export type Cut = { pieces: string[]; slots: string[] };
/** Quoted-printable, a character a byte, with gaps for what differs from reader to reader; `size` counts the bytes when decoded, gaps empty. */
export type Encoded = { pieces: string[]; slots: string[]; size: number };
/** What fills a slot: text; `whole` text that no line break may split; or nothing yet, a gap. */
export type Value = string | { whole: string } | undefined;

const folder = path.join(import.meta.dirname, "../../templates/mail");

/** What stands before, in and after a card; a template without cards is all `before`. */
export type Sections = { before: Cut; card: Cut; after: Cut };

export type Template = { html: Sections; text: Sections };

let templates: Promise<Map<string, Template>> | undefined;

/** Compiles `templates/mail/NAME.mjml` and reads the text edition beside it, `NAME.txt`; once a process. Throws on any MJML error. */
export async function compileTemplate(name: string): Promise<Template> {
  templates ??= compileAll();
  const template = (await templates).get(name);
  if (!template) throw new Error(`there is no templates/mail/${name}.mjml`);
  return template;
}

async function compileAll(): Promise<Map<string, Template>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".mjml"));
  const names = files.map((file) => file.slice(0, -".mjml".length));
  const read = (file: string) => readFile(path.join(folder, file), "utf8");
  const compiled = await runMjml(await Promise.all(files.map(read)));
  const texts = await Promise.all(names.map((name) => read(`${name}.txt`)));
  return new Map(
    compiled.map(({ html, error }, at) => {
      if (error !== undefined) throw new Error(`templates/mail/${files[at]}: ${error}`);
      const lean = html.replace(/^\s+/gm, "").replace(/\n{2,}/g, "\n");
      return [names[at] ?? "", { html: cutSections(lean), text: cutSections(texts[at] ?? "") }];
    }),
  );
}

type Compiled = { html: string; error: string | undefined };

/** MJML brings 25 MB that nobody needs afterwards: it runs in a thread of its own, which ends. */
function runMjml(sources: string[]): Promise<Compiled[]> {
  const mjml = createRequire(import.meta.url).resolve("mjml");
  const thread = new Worker(mjmlThread, { eval: true, execArgv: [], workerData: { mjml, sources } });
  return new Promise((resolve, reject) => {
    thread.once("message", resolve);
    thread.once("error", reject);
    thread.once("exit", (code) => reject(new Error(`MJML ended with ${code} and no answer`)));
  });
}

// MJML would add links to web fonts for names that it knows: no reader's mail program shall ask a third party.
const mjmlThread = `
  const { parentPort, workerData } = require("node:worker_threads");
  const mjml2html = require(workerData.mjml);
  const compile = async (source) => {
    const { html, errors } = await mjml2html(source, { keepComments: true, validationLevel: "strict", fonts: {} });
    return { html, error: errors[0]?.formattedMessage };
  };
  Promise.all(workerData.sources.map(compile)).then((compiled) => parentPort.postMessage(compiled));
`;

function cutSections(template: string): Sections {
  const [before = "", rest] = withBreaks(template).split(/<!--card-->/);
  const [card = "", after = ""] = rest?.split("<!--/card-->") ?? [];
  return { before: cut(before), card: cut(card), after: cut(after) };
}

/** Line breaks as mail has them, CRLF. */
export const withBreaks = (text: string) => text.replace(/\r?\n/g, "\r\n");

function cut(text: string): Cut {
  const parts = text.split(/\[\[(\w+)\]\]/);
  return { pieces: parts.filter((_, at) => at % 2 === 0), slots: parts.filter((_, at) => at % 2 === 1) };
}

/** Fills what is known now and encodes it once; slots without a value stay gaps. HTML values must be escaped already. */
export function encode({ pieces, slots }: Cut, value: (slot: string) => Value): Encoded {
  const encoded: Encoded = { pieces: [], slots: [], size: 0 };
  let ready = "";
  let text = "";
  const add = (more: string) => {
    ready += encodePiece(more);
    encoded.size += Buffer.byteLength(more);
  };
  const gap = () => {
    add(text);
    // One flat string: what V8 joins is a tree, which every message would walk again.
    encoded.pieces.push(Buffer.from(ready, "latin1").toString("latin1"));
    text = "";
    ready = "";
  };
  for (const [at, piece] of pieces.entries()) {
    text += piece;
    const slot = slots[at];
    if (slot === undefined) continue;
    const given = value(slot);
    if (typeof given === "string") text += given;
    else if (given) {
      add(text);
      add(given.whole);
      text = "";
    } else {
      gap();
      encoded.slots.push(slot);
    }
  }
  gap();
  return encoded;
}

/** Text as it stands in quoted-printable, so that more can follow; up to 75 plain characters stay on one line. */
export function encodePiece(text: string): string {
  return text.length < 76 && onOneLine.test(text) ? `${text}=\r\n` : encodeQuotedPrintable(text);
}

/** What the encoder would leave as it is: most values are short, and this is the quicker look. */
const onOneLine = /^(?![.F])(?:[!-<>-~]| (?=[!-<>-~]))+$/;

/** Adds the pieces, with values in their gaps, to `into`. */
export function fillGaps({ pieces, slots }: Encoded, values: Record<string, string>, into: string[]): void {
  into.push(pieces[0] as string);
  for (let at = 0; at < slots.length; at++)
    into.push(encodePiece(values[slots[at] as string] ?? ""), pieces[at + 1] as string);
}
