// What does one record of arXiv say? Announcements, Query API entries and OAI-PMH records become drafts.

import { arxivAnnouncedAt, arxivListDay, utcDay } from "../core/calendar.ts";
import { readableAuthor, splitAuthors } from "../core/ingest/author-names.ts";
import { type ArxivId, readArxivId, readDoi } from "../core/ingest/canonical-id.ts";
import { plainHtml } from "../core/ingest/plain-html.ts";
import { readAbstract, readableTitle } from "../core/ingest/readable.ts";
import type { PaperDraft } from "../core/paper.ts";
import { child, childText, childTexts, type XmlNode } from "./xml.ts";

/** A draft, or what is wrong with the record. */
export type Reading = PaperDraft | string;

type Known = {
  id: ArxivId;
  title: string;
  abstract: string;
  authors: string[];
  categories: string[];
  doi?: string | undefined;
  comment?: string;
  publishedAt?: Date | undefined;
  listedOn: string;
  listedAt: Date;
  announce: "new" | "replace";
};

/** An item of an announcement feed, RSS or Atom: `day` is the feed's own, where the item has none. */
export function readAnnouncement(item: XmlNode, day: Date | undefined, now: Date): Reading {
  const given = childText(item, "guid", "id", "link") || (child(item, "link")?.attributes["href"] ?? "");
  const id = readArxivId(given);
  if (!id) return `<id>: ${JSON.stringify(given.slice(0, 80))} is no arXiv id`;
  const text = childText(item, "description", "summary");
  const stated = /^arXiv:(\S+)\s+Announce Type:\s*(\S+)/i.exec(text);
  // Until 2024 the title said what the item is: `Title. (arXiv:2301.00001v2 [cs.CL] UPDATED)`, and texts were HTML.
  const titled = /\.?\s*\(arXiv:(\S+) \[([^\]]+)\]\s*(UPDATED|CROSS LISTED)?\)\s*$/.exec(childText(item, "title"));
  const plain = titled ? plainHtml : (text: string) => text;
  const type = titled?.[3] === "UPDATED" ? "replace" : childText(item, "arxiv:announce_type") || (stated?.[2] ?? "new");
  const version = id.version ?? readArxivId(titled?.[1] ?? stated?.[1] ?? "")?.version;
  const listedAt = readInstant(childText(item, "pubDate", "published", "dc:date")) ?? day ?? now;
  const creators = childTexts(item, "dc:creator");
  const names = childTexts(item, "author").concat(item.children.flatMap((one) => childTexts(one, "name")));
  return draftOf(
    {
      id: { id: id.id, ...(version && { version }) },
      title: titled ? childText(item, "title").slice(0, titled.index) : childText(item, "title"),
      abstract: plain(text)
        .replace(/^arXiv:\S+\s+Announce Type:\s*\S+\s*/i, "")
        .replace(/^Abstract:\s*/i, ""),
      authors:
        creators.length > 1
          ? creators.map(readableAuthor)
          : creators[0]
            ? splitAuthors(plain(creators[0]))
            : names.map(readableAuthor),
      categories: item.children
        .filter(({ name }) => name === "category")
        .map((one) => one.attributes["term"] ?? one.text)
        .concat(titled?.[2] ?? []),
      doi: childText(item, "arxiv:DOI", "arxiv:doi"),
      listedOn: arxivListDay(listedAt),
      listedAt,
      announce: /^replace/i.test(type) ? "replace" : "new",
    },
    now,
  );
}

/** An entry of the Query API; its list day is when arXiv's calendar announced what was submitted then. */
export function readApiEntry(entry: XmlNode, now: Date): Reading {
  const given = childText(entry, "id");
  if (/\/api\/errors/.test(given)) return `arXiv says: ${childText(entry, "summary") || "an error"}`;
  const id = readArxivId(given);
  if (!id) return `<id>: ${JSON.stringify(given.slice(0, 80))} is no arXiv id`;
  const publishedAt = readInstant(childText(entry, "published"));
  if (!publishedAt) return "<published>: expected a date";
  const primary = child(entry, "arxiv:primary_category")?.attributes["term"];
  const all = entry.children.filter(({ name }) => name === "category").map((one) => one.attributes["term"] ?? "");
  return draftOf(
    {
      id,
      title: childText(entry, "title"),
      abstract: childText(entry, "summary"),
      authors: entry.children
        .filter(({ name }) => name === "author")
        .map((one) => readableAuthor(childText(one, "name"))),
      categories: primary ? [primary, ...all.filter((one) => one !== primary)] : all,
      doi: childText(entry, "arxiv:doi"),
      comment: childText(entry, "arxiv:comment"),
      publishedAt,
      ...announced(publishedAt, now),
      announce: "new",
    },
    now,
  );
}

/** An OAI-PMH record with metadata `oai_dc`, `arXiv` or `arXivRaw`; a deleted one marks the paper withdrawn. */
export function readOaiRecord(record: XmlNode, now: Date): Reading {
  const header = child(record, "header");
  const given = header ? childText(header, "identifier") : "";
  const id = readArxivId(given);
  if (!header || !id) return `<identifier>: ${JSON.stringify(given.slice(0, 80))} is no arXiv id`;
  const body = child(record, "metadata")?.children[0];
  const stamp = readInstant(childText(header, "datestamp")) ?? now;
  if (header.attributes["status"] === "deleted" || !body) {
    const day = { listedOn: utcDay(stamp), listedAt: stamp };
    return {
      ...common(id),
      title: "",
      abstract: "",
      authors: [],
      categories: [],
      ...day,
      withdrawn: true,
      announce: "replace",
    };
  }
  const dublin = body.name.endsWith("dc");
  const versions = body.children.filter(({ name }) => name === "version");
  const dates = [
    ...childTexts(body, "dc:date"),
    childText(body, "created"),
    ...versions.map((version) => childText(version, "date")),
  ].flatMap((date) => readInstant(date) ?? []);
  const publishedAt = dates.sort((one, other) => one.getTime() - other.getTime())[0];
  if (!publishedAt) return "<metadata>: expected the date of the first version";
  const last = readArxivId(`${id.id}${versions.at(-1)?.attributes["version"] ?? ""}`);
  const inner = child(body, "authors");
  return draftOf(
    {
      id: last ?? id,
      title: childText(body, "dc:title", "title"),
      abstract: dublin ? (childTexts(body, "dc:description")[0] ?? "") : childText(body, "abstract"),
      authors: dublin
        ? childTexts(body, "dc:creator").map(forward)
        : inner && inner.children.length > 0
          ? inner.children.map((one) =>
              readableAuthor(["forenames", "keyname", "suffix"].map((part) => childText(one, part)).join(" ")),
            )
          : splitAuthors(inner?.text ?? ""),
      categories: dublin
        ? childTexts(header, "setSpec").flatMap(setCategory)
        : childText(body, "categories").split(/\s+/),
      doi: dublin
        ? childTexts(body, "dc:identifier").find((one) => /^(doi:|https?:\/\/(dx\.)?doi\.org)/.test(one))
        : childText(body, "doi"),
      comment: dublin ? childTexts(body, "dc:description").slice(1).join(" ") : childText(body, "comments"),
      publishedAt,
      ...announced(publishedAt, now),
      announce: "new",
    },
    now,
  );
}

function draftOf(known: Known, now: Date): Reading {
  const title = readableTitle(known.title);
  if (!title) return "<title>: the title is empty";
  if (known.listedAt.getTime() > now.getTime() + 2 * 86_400_000)
    return `<published>: ${known.listedOn} lies in the future`;
  const doi = readDoi(known.doi ?? "");
  const { publishedAt } = known;
  const base = common(known.id);
  return {
    ...base,
    title,
    ...readAbstract(known.abstract),
    authors: known.authors.filter(Boolean).slice(0, 20_000),
    categories: [
      ...new Set(known.categories.map((one) => one.trim()).filter((one) => /^[\w.-]{2,40}$/.test(one))),
    ].slice(0, 50),
    links: { ...base.links, ...(doi && { doi }) },
    listedOn: known.listedOn,
    listedAt: known.listedAt,
    ...(publishedAt && publishedAt <= now && { publishedAt }),
    ...(known.comment === undefined && !saysWithdrawn(known) ? {} : { withdrawn: saysWithdrawn(known) }),
    announce: known.announce,
  };
}

const common = ({ id, version }: ArxivId) => ({
  source: "arxiv",
  canonicalId: `arxiv:${id}`,
  ...(version !== undefined && { version }),
  keywords: [],
  links: { abstract: `https://arxiv.org/abs/${id}`, pdf: `https://arxiv.org/pdf/${id}` },
});

/** True where the abstract opens with a withdrawal, or the comment states one. */
export function saysWithdrawn({ abstract, comment = "" }: { abstract: string; comment?: string }): boolean {
  const opening =
    /^\W*(?:this|the) (?:\w+ ){0,3}(?:has been|have been|was|is|is being) (?:\w+ )?(?:withdrawn|retracted)\b/i;
  const stated =
    /(?:^|[.;:,(]\s*)(?:this \w+ (?:has been|was|is) )?(?:temporarily |formally |now )?withdrawn\b(?! from (?!arxiv))/i;
  return opening.test(abstract.trim()) || /^\W*withdrawn\b/i.test(abstract) || stated.test(comment.trim());
}

/** The list that arXiv's calendar gives a submission; one that is to be announced later counts as listed now. */
function announced(submittedAt: Date, now: Date): { listedOn: string; listedAt: Date } {
  const at = arxivAnnouncedAt(submittedAt);
  return at <= now || submittedAt > now
    ? { listedOn: arxivListDay(at), listedAt: at }
    : { listedOn: utcDay(now), listedAt: now };
}

/** `2026-09-18T00:00:00-04:00`, `Fri, 18 Sep 2026 00:00:00 -0400` or `2026-09-18`; undefined for anything else. */
export function readInstant(text: string): Date | undefined {
  if (!/\d/.test(text) || text.length > 60) return undefined;
  const at = new Date(text.trim().replace(/\b(?:UT|Z)$/, "Z"));
  return Number.isNaN(at.getTime()) || at.getUTCFullYear() < 1900 || at.getUTCFullYear() > 9999 ? undefined : at;
}

/** `Doe, Jane` as `Jane Doe`. */
function forward(name: string): string {
  const [last = "", ...first] = name.split(/,\s*/);
  return readableAuthor([...first, last].join(" "));
}

/** `cs:cs:LG` as `cs.LG`, `physics:hep-ex` as `hep-ex`. */
function setCategory(set: string): string[] {
  const parts = set.split(":");
  if (parts.length === 3 && parts[1] && parts[2]) return [`${parts[1]}.${parts[2]}`];
  return parts.length === 2 && parts[1] && parts[1] !== parts[0] ? [parts[1]] : [];
}
