// The sources biorxiv and medrxiv: which preprints were posted on these days?
import { z } from "zod";
import { forwardName } from "../core/ingest/author-names.ts";
import { canonicalId } from "../core/ingest/canonical-id.ts";
import { plainHtml } from "../core/ingest/plain-html.ts";
import { readAbstract, readableName, readableTitle } from "../core/ingest/readable.ts";
import type { PaperDraft } from "../core/paper.ts";
import { saysWithdrawn } from "./arxiv-records.ts";
import { readJson } from "./huggingface.ts";
import { collectRefusals, sayIssue, whatIs } from "./refusals.ts";
import { type Source, SourceError } from "./source.ts";

type Server = "biorxiv" | "medrxiv";
const titles: Record<Server, string> = { biorxiv: "bioRxiv", medrxiv: "medRxiv" };
const MAX_PAGES = 500;

const posted = z.object({
  doi: z.string().min(4).max(300),
  title: z.string(),
  authors: z.string().catch(""),
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "is not a day such as 2026-03-02"),
  version: z.coerce.number().int().min(1).max(999).catch(1),
  category: z.string().catch(""),
  abstract: z.string().catch(""),
  author_corresponding_institution: z.string().catch(""),
  server: z.string().catch(""),
  type: z.string().catch(""),
});
const answer = z.object({
  messages: z.array(z.object({ status: z.string().optional(), total: z.coerce.number().optional().catch(undefined) })),
  collection: z.array(z.unknown()).catch([]),
});

/** Asks `baseUrl`/details/SERVER/FROM/TO/CURSOR; pages follow by the number of papers received. */
export function biorxiv(baseUrl: string, server: Server): Source {
  return {
    name: server,
    title: titles[server],
    calendar: "any",
    rereadDays: 2,
    async *fetch({ from, to, now, signal }, http) {
      let cursor = 0;
      for (let page = 0; page < MAX_PAGES; page++) {
        const url = `${baseUrl.replace(/\/+$/, "")}/details/${server}/${from}/${to}/${cursor}/json`;
        const where = `${titles[server]} ${from} to ${to}${cursor > 0 ? ` from ${cursor}` : ""}`;
        const json = readJson(await http.get(url, { accept: "application/json", minIntervalMs: 1_000, signal }), where);
        const { drafts, refused, entries, total } = readPosted(json, { where, now, server });
        cursor += entries;
        if (entries === 0 && refused[0] && page === 0) throw new SourceError(refused[0]);
        yield {
          drafts,
          refused,
          at: `${from} to ${to}`,
          done: Math.min(cursor, total),
          total: Math.max(total, cursor),
        };
        if (entries === 0 || cursor >= total) return;
      }
    },
  };
}

/** Reads one answer of the details API; `total` is how many papers the interval has. */
export function readPosted(
  json: unknown,
  { where, now, server }: { where: string; now: Date; server?: Server },
): { drafts: PaperDraft[]; refused: string[]; entries: number; total: number } {
  const parsed = answer.safeParse(json);
  if (!parsed.success)
    return {
      drafts: [],
      refused: [`${where}: expected an object with messages and collection, found ${whatIs(json)}.`],
      entries: 0,
      total: 0,
    };
  const { messages, collection } = parsed.data;
  const status = messages[0]?.status ?? "ok";
  if (collection.length === 0) {
    const quiet = /^ok$|no posts? found|no papers/i.test(status);
    return {
      drafts: [],
      refused: quiet ? [] : [`${where}: the server says ${JSON.stringify(status.slice(0, 100))}.`],
      entries: 0,
      total: 0,
    };
  }
  const drafts: PaperDraft[] = [];
  const refusals = collectRefusals(where);
  for (const [index, given] of collection.entries()) {
    const one = posted.safeParse(given);
    const place = `.collection[${index}]`;
    if (!one.success) refusals.add(place, sayIssue(one.error, given));
    else if (!readableTitle(one.data.title)) refusals.add(place, ".title: the title is empty");
    else if (Date.parse(one.data.date) > now.getTime() + 2 * 86_400_000)
      refusals.add(place, `.date: ${one.data.date} lies in the future`);
    else drafts.push(readPreprint(one.data, server ?? (/^med/i.test(one.data.server) ? "medrxiv" : "biorxiv")));
  }
  return {
    drafts,
    refused: refusals.sentences(),
    entries: collection.length,
    total: messages[0]?.total ?? collection.length,
  };
}

function readPreprint(given: z.output<typeof posted>, server: Server): PaperDraft {
  const title = readableTitle(plainHtml(given.title)).replace(/^WITHDRAWN[:.]?\s+/i, "");
  const abstract = plainHtml(given.abstract).replace(/^\s*abstract:?\s+/i, "");
  const organization = readableName(given.author_corresponding_institution);
  const id = canonicalId({ doi: given.doi, source: server, id: given.doi });
  const doi = id.startsWith("doi:") ? id.slice(4) : undefined;
  const listedAt = new Date(`${given.date}T00:00:00Z`);
  const page = `https://www.${server}.org/content/${encodeURI(given.doi.trim())}v${given.version}`;
  return {
    source: server,
    canonicalId: id,
    version: given.version,
    title,
    ...readAbstract(abstract),
    authors: given.authors
      .split(/\s*;\s*/)
      .map(forwardName)
      .filter(Boolean)
      .slice(0, 20_000),
    categories: [],
    keywords: given.category ? [readableName(given.category)] : [],
    ...(organization && { organization }),
    links: { abstract: page, pdf: `${page}.full.pdf`, ...(doi && { doi }) },
    listedOn: given.date,
    listedAt,
    publishedAt: listedAt,
    withdrawn: /withdrawn/i.test(given.type) || /^WITHDRAWN\b/.test(given.title.trim()) || saysWithdrawn({ abstract }),
    announce: given.version > 1 ? "replace" : "new",
  };
}
