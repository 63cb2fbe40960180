// The source arxiv: what did arXiv announce? Feeds for today's list, the Query API for days gone by, OAI-PMH for months.

import { canonicalCategory, categoryAliases } from "../core/arxiv-categories.ts";
import { addDays, arxivListDay, listDays, quietDay } from "../core/calendar.ts";
import { groupBy } from "../core/group.ts";
import type { PaperDraft } from "../core/paper.ts";
import { readXmlBody } from "./feed.ts";
import type { Http } from "./http.ts";
import { type Ask, askEach, type Batch, type Source, SourceError } from "./source.ts";
import { readXmlPapers, type XmlPapers } from "./xml-papers.ts";

type Addresses = { feedUrl: string; apiUrl: string; oaiUrl: string; categories: string[] };

/** arXiv's terms: one request in three seconds and one connection, over all of its hosts. */
const polite = { lane: "arxiv", minIntervalMs: 3_000, accept: "application/xml, text/xml, application/atom+xml" };
const API_PAGE = 500;
const KNOWN_PAGE = 100;
const MAX_PAGES = 1_000;

/** A regular look reads the announcement feeds, the lists missed since the last look and what it is asked to complete; named days are searched by category and submission; months come by OAI-PMH. */
export function arxiv(addresses: Addresses): Source {
  return {
    name: "arxiv",
    title: "arXiv",
    calendar: "arxiv",
    rereadDays: 0,
    completes: "arxiv",
    async *fetch(ask, http) {
      if (ask.regular) {
        const newest = { day: undefined };
        yield* readFeeds(addresses, ask, http, newest);
        yield* searchMissed(addresses, { ...ask, newest: newest.day }, http);
        yield* readKnown(addresses, ask, http);
      } else if (ask.unit === "day") yield* searchDays(addresses, ask, http);
      else yield* harvest(addresses, ask, http);
    },
  };
}

/** Reads today's lists; `newest` takes the day that they bear, also where they are empty. */
function readFeeds(
  { feedUrl, categories }: Addresses,
  { now, signal }: Ask,
  http: Http,
  newest: { day: string | undefined },
): AsyncIterable<Batch> {
  return askEach(categories, async function* (category, index) {
    const url = `${feedUrl.replace(/\/+$/, "")}/rss/${encodeURIComponent(category)}`;
    const where = `arXiv ${category}`;
    const answer = await http.get(url, { ...polite, signal });
    for await (const papers of readXmlPapers(readXmlBody(answer, where), where, now)) {
      const day = papers.feedDay && arxivListDay(papers.feedDay);
      if (day && day > (newest.day ?? "")) newest.day = day;
      yield {
        ...asBatch(papers),
        at: category,
        done: index + 1,
        total: categories.length,
        ...(day && papers.drafts.some(({ announce }) => announce === "new") && { listDay: day }),
      };
    }
  });
}

/** The lists between the newest known and today's, which no feed holds any more: they were announced while nobody asked. */
async function* searchMissed(
  addresses: Addresses,
  { newest, ...ask }: Ask & { newest: string | undefined },
  http: Http,
): AsyncIterable<Batch> {
  if (ask.known === undefined || newest === undefined) return;
  const from = [addDays(ask.known, 1), ask.from].sort().at(-1) ?? newest;
  const missed = listDays(from, addDays(newest, -1)).filter((day) => !quietDay("arxiv", day));
  const [first, last] = [missed[0], missed.at(-1)];
  if (first === undefined || last === undefined) return;
  for await (const { drafts, ...batch } of searchDays(addresses, { ...ask, from: first, to: last }, http)) {
    const byDay = groupBy(drafts, ({ listedOn }) => listedOn);
    for (const [listDay, some] of [...byDay].sort()) yield { ...batch, drafts: some, listDay };
  }
}

/** arXiv's own words about papers that another source brought; they are no news. One that cannot be had is no failure of the list. */
async function* readKnown({ apiUrl }: Addresses, ask: Ask, http: Http): AsyncIterable<Batch> {
  const ids = ask.incomplete ?? [];
  for (let from = 0; from < ids.length; from += KNOWN_PAGE) {
    const some = ids.slice(from, from + KNOWN_PAGE);
    const where = `arXiv metadata from ${some[0]}`;
    const progress = { at: where, done: Math.min(from + KNOWN_PAGE, ids.length), total: ids.length, aside: true };
    try {
      const parameters = new URLSearchParams({ id_list: some.join(","), max_results: String(some.length) });
      const answer = await http.get(`${apiUrl}?${parameters}`, { ...polite, signal: ask.signal });
      for await (const { drafts, refused } of readXmlPapers(readXmlBody(answer, where), where, ask.now))
        yield { drafts: drafts.map((draft) => ({ ...draft, announce: "replace" as const })), refused, ...progress };
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      yield { drafts: [], refused: [error.message], ...progress };
      return;
    }
  }
}

/** The papers submitted for the lists of these days: between the freezes before their announcements. */
async function* searchDays(
  { apiUrl, categories }: Addresses,
  { from, to, now, signal }: Ask,
  http: Http,
): AsyncIterable<Batch> {
  // A list holds what was frozen up to a long weekend before; papers of other lists in that span are left out below.
  const stamp = (day: string) => `${day.replaceAll("-", "")}0000`;
  const span = `submittedDate:[${stamp(addDays(from, -6))} TO ${stamp(addDays(to, 1))}]`;
  const names = categories.flatMap((category) => (isArchive(category) ? `${category}.*` : categoryAliases(category)));
  const query = `(${[...new Set(names)].map((name) => `cat:${name}`).join(" OR ")}) AND ${span}`;
  for (let page = 0, start = 0, total = 1; start < total && page < MAX_PAGES; page++) {
    const where = `arXiv search from ${start}`;
    const parameters = new URLSearchParams({
      search_query: query,
      start: String(start),
      max_results: String(API_PAGE),
      sortBy: "submittedDate",
      sortOrder: "ascending",
    });
    const answer = await http.get(`${apiUrl}?${parameters}`, { ...polite, signal });
    let entries = 0;
    let wanted: PaperDraft[] = [];
    const refused: string[] = [];
    for await (const papers of readXmlPapers(readXmlBody(answer, where), where, now)) {
      entries += papers.drafts.length + papers.refused.length;
      wanted = wanted.concat(papers.drafts.filter(({ listedOn }) => listedOn >= from && listedOn <= to));
      refused.push(...papers.refused);
      total = papers.total ?? total;
    }
    // The API answers an empty page now and then where there are papers: that is a failure, not an end.
    if (entries === 0 && start < total && total > 1)
      throw new SourceError(`${where}: an empty page came before the end of the list.`);
    start += Math.max(entries, API_PAGE);
    yield { drafts: wanted, refused, at: `${from} to ${to}`, done: Math.min(start, total), total };
  }
}

/** All papers of whole months or weeks, by the sets of the categories; only those first listed then count as news. */
async function* harvest(
  { oaiUrl, categories }: Addresses,
  { from, to, now, signal }: Ask,
  http: Http,
): AsyncIterable<Batch> {
  const sets = [...new Set(categories.map((category) => oaiSet(canonicalCategory(category))))];
  for (const [index, set] of sets.entries()) {
    let token = "";
    let read = 0;
    let size = 0;
    for (let page = 0; page < MAX_PAGES && (page === 0 || token); page++) {
      const parameters = token
        ? new URLSearchParams({ verb: "ListRecords", resumptionToken: token })
        : new URLSearchParams({ verb: "ListRecords", metadataPrefix: "arXiv", set, from, until: to });
      const where = `arXiv OAI-PMH ${set}${page > 0 ? ` page ${page + 1}` : ""}`;
      const answer = await http.get(`${oaiUrl}?${parameters}`, { ...polite, signal });
      token = "";
      for await (const papers of readXmlPapers(readXmlBody(answer, where), where, now)) {
        token = papers.resumptionToken ?? "";
        read += papers.drafts.length + papers.refused.length;
        size = papers.total ?? Math.max(size, read);
        const at = sets.length > 1 ? `${set}, set ${index + 1} of ${sets.length}` : set;
        yield { ...asBatch(papers), at, done: read, total: size };
      }
    }
  }
}

const asBatch = ({ drafts, refused }: XmlPapers) => ({ drafts, refused });
const isArchive = (category: string) =>
  /^(?:astro-ph|cond-mat|cs|econ|eess|math|nlin|physics|q-bio|q-fin|stat)$/.test(category);
const physics =
  /^(?:astro-ph|cond-mat|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|nlin|nucl-ex|nucl-th|physics|quant-ph)/;

/** arXiv's set of a category: `cs:cs:LG`, `physics:hep-ex`, `physics:astro-ph:GA`. */
function oaiSet(category: string): string {
  const [archive = "", subject] = category.split(".");
  const group = physics.test(archive) ? "physics" : archive;
  if (subject) return `${group}:${archive}:${subject}`;
  return group === archive ? archive : `${group}:${archive}`;
}
