// What does the daily page say as text, copied out of a browser? Titles, abstracts, author counts, dates, comments.
import { createHash } from "node:crypto";
import { cleanLine } from "../core/ingest/clean-text.ts";
import { ABSTRACT_LIMIT, readAbstract, readableTitle, TITLE_LIMIT } from "../core/ingest/readable.ts";
import type { PaperDraft } from "../core/paper.ts";

/** One paper as it stands there; `year` only where it is printed, which it is for years before the page's own. */
type PageEntry = {
  line: number;
  title: string;
  abstract: string;
  authors: number;
  dateRaw: string;
  month: string;
  day: number;
  year: number | undefined;
  comments: number | undefined;
};
export type PageReading = {
  header: { month: string; day: number; year: number | undefined } | undefined;
  entries: PageEntry[];
  problems: string[];
};

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const monthDay = `(${months.join("|")})[a-z]*\\.? (\\d{1,2})(?:, (\\d{4}))?`;
const headerLine = new RegExp(`^${monthDay}$`);
const dateLine = new RegExp(`^${monthDay}(?:\\s+(\\d{1,6}))?$`);
const authorsLine = /^[•·*-]\s*([\d,]{1,7})\s+authors?\b/;

/** Whether a text looks like the page. */
export function isPageText(head: string): boolean {
  return /^[^\S\n]*[•·*-]\s*[\d,]+\s+authors?\s*$/m.test(head);
}

/** Reads the page's lines; an entry without title, abstract or date becomes a problem with its line. */
export function readPageText(text: string): PageReading {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim());
  const problems: string[] = [];
  const entries: PageEntry[] = [];
  let from = 0;
  let header: PageReading["header"];
  const heading = lines.findIndex((line) => /^Daily Papers$/i.test(line));
  for (let at = Math.max(heading, 0); at < lines.length && !authorsLine.test(lines[at] ?? ""); at++) {
    const found = headerLine.exec(lines[at] ?? "");
    if (!found) continue;
    header = { month: found[1] ?? "", day: Number(found[2]), year: found[3] ? Number(found[3]) : undefined };
    from = at + 1;
    break;
  }
  if (from === 0 && heading >= 0) from = heading + 1;
  for (let at = from; at < lines.length; at++) {
    const authors = authorsLine.exec(lines[at] ?? "");
    if (!authors) continue;
    let next = at + 1;
    while (next < lines.length && /^[·•]?$/.test(lines[next] ?? "")) next++;
    const date = dateLine.exec((lines[next] ?? "").replace(/^[·•]\s*/, ""));
    const start = lines.findIndex((line, index) => index >= from && line !== "");
    const body = lines.slice(start, at);
    const gap = body.indexOf("");
    const title = body.slice(0, gap < 0 ? undefined : gap).join(" ");
    const abstract = gap < 0 ? "" : body.slice(gap).join(" ");
    if (!date) problems.push(`line ${at + 1}: expected a date such as May 21 or May 21, 2024 after the authors`);
    else if (start >= at) problems.push(`line ${at + 1}: there is no title before the authors`);
    else
      entries.push({
        line: start + 1,
        title: cleanLine(title, TITLE_LIMIT),
        abstract: cleanLine(abstract, ABSTRACT_LIMIT),
        authors: Number(authors[1]?.replaceAll(",", "")),
        dateRaw: date[0],
        month: date[1] ?? "",
        day: Number(date[2]),
        year: date[3] ? Number(date[3]) : undefined,
        comments: date[4] ? Number(date[4]) : undefined,
      });
    // What stands after the point in place of a date belongs to no title.
    from = date || (lines[at + 1] ?? "").startsWith("·") ? next + 1 : at + 1;
    at = from - 1;
  }
  return { header, entries, problems };
}

/**
 * The page's own year: printed in its header, else the first year that is later than every printed one and in which no
 * yearless date lies after the header; never after `now`.
 */
export function pageYear({ header, entries }: PageReading, now: Date): number {
  if (header?.year) return header.year;
  const printed = entries.flatMap(({ year }) => year ?? []);
  const latest = now.getUTCFullYear();
  const isPast = (year: number) => !header || Date.UTC(year, months.indexOf(header.month), header.day) <= now.getTime();
  const newest = isPast(latest) ? latest : latest - 1;
  return printed.length > 0 ? Math.min(newest, Math.max(...printed) + 1) : newest;
}

/** The entries as drafts; a paper of the page is known by its title, for the page prints no id. */
export function draftsOfPage(page: PageReading, now: Date): PaperDraft[] {
  const year = pageYear(page, now);
  const dayOf = (entry: { month: string; day: number; year: number | undefined }) =>
    new Date(Date.UTC(entry.year ?? year, months.indexOf(entry.month), entry.day));
  const listedAt = page.header ? dayOf(page.header) : now;
  return page.entries.map((entry) => {
    const title = readableTitle(entry.title);
    const publishedAt = dayOf(entry);
    return {
      source: "page",
      canonicalId: `page:${createHash("sha256").update(title.toLowerCase()).digest("hex").slice(0, 32)}`,
      title,
      ...readAbstract(entry.abstract),
      authors: [],
      authorCount: entry.authors,
      categories: [],
      keywords: [],
      links: {},
      ...(entry.comments !== undefined && { comments: entry.comments }),
      listedOn: listedAt.toISOString().slice(0, 10),
      listedAt,
      ...(publishedAt <= now && { publishedAt }),
      announce: "new",
    };
  });
}
