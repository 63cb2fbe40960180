// Which papers does an XML document hold? arXiv's announcements, Query API answers and OAI-PMH lists, or any feed.
import type { PaperDraft } from "../core/paper.ts";
import { readAnnouncement, readApiEntry, readInstant, readOaiRecord } from "./arxiv-records.ts";
import { readFeedItem } from "./feed-items.ts";
import { collectRefusals } from "./refusals.ts";
import { SourceError } from "./source.ts";
import { allText, readXml, type XmlNode } from "./xml.ts";

const BATCH = 500;

/** `resumptionToken` is OAI-PMH's, empty at the end; `listDay` the date an announcement feed bears; `total` what the API counts. */
export type XmlPapers = {
  drafts: PaperDraft[];
  refused: string[];
  feedDay?: Date | undefined;
  resumptionToken?: string;
  total?: number;
};

type Head = {
  root: string;
  arxiv: boolean;
  title: string;
  description: string;
  day: Date | undefined;
  host: string;
  api: boolean;
};

/** Reads a document in pieces of at most 500 papers; throws a SourceError where it is damaged or says that it is an error. */
export async function* readXmlPapers(
  text: string | AsyncIterable<string>,
  where: string,
  now: Date,
  feedHost?: string,
): AsyncIterable<XmlPapers> {
  const head: Head = {
    root: "",
    arxiv: false,
    title: "",
    description: "",
    day: undefined,
    host: feedHost ?? "file",
    api: false,
  };
  const refusals = collectRefusals(where);
  let drafts: PaperDraft[] = [];
  let number = 0;
  let more: Pick<XmlPapers, "resumptionToken" | "total"> = {};
  try {
    for await (const part of readXml(text, where)) {
      if ("root" in part) {
        head.root = part.root;
        if (!["rss", "rdf:RDF", "feed", "OAI-PMH"].includes(part.root))
          throw new SourceError(`${where}: the XML holds <${part.root.slice(0, 40)}>, which is no feed.`);
        continue;
      }
      const { node } = part;
      if (!["item", "entry", "record"].includes(node.name)) {
        more = { ...more, ...readHead(node, head, where, feedHost) };
        continue;
      }
      number++;
      const draft = readRecord(node, head, now);
      if (typeof draft === "object") drafts.push(draft);
      else if (/^arXiv says/.test(draft)) throw new SourceError(`${where}: ${draft}.`);
      else refusals.add(`${node.name} ${number}`, draft);
      if (drafts.length < BATCH) continue;
      yield { drafts, refused: [], feedDay: head.day };
      drafts = [];
    }
  } catch (error) {
    // The good records before the damage still go in.
    yield { drafts, refused: refusals.sentences(), feedDay: head.day };
    throw error;
  }
  if (/^Feed error/i.test(head.title))
    throw new SourceError(`${where}: arXiv says: ${head.description.replace(/\.$/, "")}.`);
  yield { drafts, refused: refusals.sentences(), feedDay: head.day, ...more };
}

function readRecord(node: XmlNode, head: Head, now: Date): PaperDraft | string {
  if (node.name === "record") return readOaiRecord(node, now);
  if (head.api) return readApiEntry(node, now);
  return head.arxiv ? readAnnouncement(node, head.day, now) : readFeedItem(node, head.host, now);
}

/** Takes what stands beside the records: whose feed it is, its day, OAI-PMH's errors and the token for the next part. */
function readHead(
  node: XmlNode,
  head: Head,
  where: string,
  feedHost: string | undefined,
): Pick<XmlPapers, "resumptionToken" | "total"> {
  const text = allText(node).trim();
  const address = node.name === "link" ? (node.attributes["href"] ?? text) : node.name === "id" ? text : "";
  if (/^https?:\/\/(?:[\w-]+\.)*arxiv\.org\//i.test(address)) head.arxiv = true;
  else if (!feedHost && URL.canParse(address) && head.host === "file") head.host = new URL(address).host || "file";
  if (node.name === "title") head.title = text;
  if (node.name === "description") head.description = text;
  if (node.name === "pubDate" || node.name === "dc:date" || (node.name === "updated" && head.root === "feed"))
    head.day ??= readInstant(text);
  if (node.name.startsWith("opensearch:") && /arxiv/i.test(head.title)) head.api = true;
  if (node.name === "opensearch:totalResults" && /^\d+$/.test(text)) return { total: Number(text) };
  if (node.name === "resumptionToken") {
    const size = Number(node.attributes["completeListSize"]);
    return { resumptionToken: text, ...(size > 0 && { total: size }) };
  }
  if (head.root === "OAI-PMH" && /^(?:Identify|ListSets|ListMetadataFormats|ListIdentifiers)$/.test(node.name))
    throw new SourceError(`${where}: an answer to ${node.name}, which holds no papers.`);
  if (node.name === "error") {
    if (node.attributes["code"] === "noRecordsMatch") return {};
    throw new SourceError(
      `${where}: the archive says: ${((text || node.attributes["code"]) ?? "an error").replace(/\.$/, "")}.`,
    );
  }
  return {};
}
