// What does one item of any RSS or Atom feed say? Journals, blogs and repositories become drafts.

import { utcDay } from "../core/calendar.ts";
import { forwardName, readableAuthor, splitAuthors } from "../core/ingest/author-names.ts";
import { canonicalId, findArxivId, readDoi } from "../core/ingest/canonical-id.ts";
import { readWebUrl } from "../core/ingest/clean-text.ts";
import { plainHtml } from "../core/ingest/plain-html.ts";
import { readAbstract, readableName, readableTitle } from "../core/ingest/readable.ts";
import { type Reading, readInstant } from "./arxiv-records.ts";
import { child, childText, childTexts, type XmlNode } from "./xml.ts";

/** An `<item>` or `<entry>` of the feed of `host`; an item without date is listed when it is first seen. */
export function readFeedItem(item: XmlNode, host: string, now: Date): Reading {
  const title = readableTitle(plainHtml(childText(item, "title", "dc:title")));
  if (!title) return "<title>: the title is empty";
  const address = readWebUrl(linkOf(item));
  const identifiers = [
    ...["prism:doi", "dc:identifier", "guid", "id"].map((name) => childText(item, name)),
    item.attributes["rdf:about"] ?? "",
    address ?? "",
  ];
  const doi = identifiers.map(readDoi).find((one) => one !== undefined) ?? findDoi(address ?? "");
  const arxiv = identifiers.map(findArxivId).find((one) => one !== undefined)?.id;
  const id = identifiers.find(Boolean);
  if (!id) return "<guid>: neither id, DOI nor link to know it by";
  const date = childText(item, "pubDate", "published", "dc:date", "prism:publicationDate", "updated");
  const publishedAt = readInstant(date);
  if (publishedAt && publishedAt.getTime() > now.getTime() + 2 * 86_400_000)
    return `<date>: ${utcDay(publishedAt)} lies in the future`;
  const [listedAt = now] = [publishedAt ?? now, now].sort((one, other) => one.getTime() - other.getTime());
  const source = `feed:${host}`;
  return {
    source,
    canonicalId: canonicalId({ arxiv, doi, source, id }),
    title,
    ...readAbstract(
      plainHtml(childText(item, "content:encoded", "dc:description", "description", "summary", "content")),
    ),
    authors: authorsOf(item),
    categories: [],
    keywords: item.children
      .filter(({ name }) => name === "category" || name === "dc:subject")
      .map((one) => readableName(one.attributes["term"] ?? one.text))
      .filter(Boolean)
      .slice(0, 50),
    links: {
      ...(address && { abstract: address }),
      ...(arxiv && { abstract: `https://arxiv.org/abs/${arxiv}`, pdf: `https://arxiv.org/pdf/${arxiv}` }),
      ...(doi && { doi }),
    },
    listedOn: utcDay(listedAt),
    listedAt,
    ...(publishedAt && publishedAt <= now && { publishedAt }),
    announce: "new",
  };
}

function linkOf(item: XmlNode): string {
  const links = item.children.filter(({ name }) => name === "link");
  const alternate = links.find(
    ({ attributes }) => attributes["href"] && (attributes["rel"] ?? "alternate") === "alternate",
  );
  return alternate?.attributes["href"] ?? childText(item, "link") ?? "";
}

function authorsOf(item: XmlNode): string[] {
  const creators = childTexts(item, "dc:creator").map(plainHtml).filter(Boolean);
  if (creators.length > 1) return creators.map(forwardName).filter(Boolean).slice(0, 20_000);
  if (creators[0]) return splitAuthors(creators[0]);
  const named = item.children
    .filter(({ name }) => name === "author")
    .map((one) => (child(one, "name") ? childText(one, "name") : mailAuthor(one.text)));
  return named.length > 1 ? named.map(readableAuthor).filter(Boolean) : splitAuthors(named[0] ?? "");
}

/** RSS writes `address (Name)` or an address alone, which is nobody's name. */
function mailAuthor(text: string): string {
  const named = /\(([^)]+)\)\s*$/.exec(text);
  return text.includes("@") ? (named?.[1] ?? "") : text;
}

const findDoi = (address: string) => readDoi(/(10\.\d{4,9}\/[^\s?#"<>]+)/.exec(decode(address))?.[1] ?? "");
function decode(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}
