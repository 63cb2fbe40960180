// Which records does an XML document hold? Read as a stream, without DTDs, entities or memory beyond one record.
import { SaxesParser } from "saxes";
import { SourceError } from "./source.ts";

export type XmlNode = { name: string; attributes: Record<string, string>; text: string; children: XmlNode[] };
/** The root first, then every child of a container as soon as it is complete. */
export type XmlPart = { root: string } | { parent: string; node: XmlNode };

/** Elements that are walked through; whatever stands in them is a record of its own. */
const containers = new Set(["rss", "channel", "feed", "rdf:RDF", "OAI-PMH", "ListRecords", "GetRecord"]);
const MAX_DEPTH = 64;
const MAX_RECORD = 4_000_000;
const SLICE = 65_536;
/** Mistakes that harm one character: control characters, and entities of HTML, which stay as they are written. */
const harmless = /disallowed character|undefined entity|unescaped|malformed character entity/;

/** Reads a document; throws a SourceError with line and column where it is damaged, after the records before that place. */
export async function* readXml(text: string | AsyncIterable<string>, where: string): AsyncIterable<XmlPart> {
  const parts: XmlPart[] = [];
  const open: XmlNode[] = [];
  const path: string[] = [];
  let size = 0;
  let closed = false;
  const parser = new SaxesParser({ position: true, xmlns: false as const });
  Object.assign(parser.ENTITIES, htmlEntities);
  const refuse = (problem: string) => {
    throw new SourceError(`${where} line ${parser.line}, column ${parser.column}: ${problem}.`);
  };
  parser.on("error", (error) => {
    const problem = error.message.replace(/^[\d:\s]+/, "").replace(/\.$/, "");
    if (!harmless.test(problem)) refuse(`the XML is damaged (${problem})`);
  });
  parser.on("doctype", (doctype) => {
    if (/^\s*html/i.test(doctype)) refuse("a web page came where a feed was expected");
    if (/[[]|ENTITY/.test(doctype)) refuse("the XML declares entities of its own, which are not read");
  });
  parser.on("opentag", (tag) => {
    const name = tag.name.replace(/^(?:atom|oai|rss):/, "");
    if (path.length === 0) {
      if (/^html$/i.test(name)) refuse("a web page came where a feed was expected");
      parts.push({ root: name });
    }
    path.push(name);
    if (path.length > MAX_DEPTH) refuse("elements are nested more than 64 deep");
    if (open.length === 0 && containers.has(name)) return;
    const node: XmlNode = { name, attributes: tag.attributes, text: "", children: [] };
    open.at(-1)?.children.push(node);
    if (open.length === 0) size = 0;
    open.push(node);
  });
  const addText = (text: string) => {
    const node = open.at(-1);
    if (!node) return;
    size += text.length;
    if (size > MAX_RECORD) refuse("one record is larger than 4 MB");
    node.text += text;
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", () => {
    path.pop();
    closed = path.length === 0;
    const node = open.pop();
    if (node && open.length === 0) parts.push({ parent: path.at(-1) ?? "", node });
  });

  for await (const chunk of typeof text === "string" ? slices(text) : text) {
    try {
      parser.write(chunk);
    } finally {
      yield* parts.splice(0);
    }
  }
  if (!closed) refuse(path.length === 0 ? "there is no XML in it" : `the XML breaks off inside <${path.at(-1)}>`);
  parser.close();
}

/** The first child of this name. */
export function child(node: XmlNode, name: string): XmlNode | undefined {
  return node.children.find((one) => one.name === name);
}

/** The trimmed text of the first child of this name that has any, with what stands in elements inside it; else empty. */
export function childText(node: XmlNode, ...names: string[]): string {
  for (const name of names)
    for (const one of node.children) if (one.name === name && allText(one).trim()) return allText(one).trim();
  return "";
}

/** The trimmed texts of all children of this name. */
export function childTexts(node: XmlNode, name: string): string[] {
  return node.children.filter((one) => one.name === name).map((one) => allText(one).trim());
}

/** The text of a node and of all that stands in it. */
export function allText(node: XmlNode): string {
  return node.text + node.children.map((one) => ` ${allText(one)}`).join("");
}

function* slices(text: string): Iterable<string> {
  for (let from = 0; from < text.length; from += SLICE) yield text.slice(from, from + SLICE);
}

const htmlEntities = {
  nbsp: " ",
  ndash: "–",
  mdash: "—",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  hellip: "…",
  copy: "©",
  deg: "°",
  times: "×",
  micro: "µ",
};
