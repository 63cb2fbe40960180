// What does the front page hold? The sign-up form and the papers of a day or a week.
import { utcDay } from "../core/calendar.ts";
import { groupBy } from "../core/group.ts";
import { type SourceStatus, sourceStatus } from "../core/ingest/freshness.ts";
import { weekOf } from "../core/weeks.ts";
import { countTopicsOfSpan, findLatestDay, findNeighbourDays, listPapersOfSpan } from "../db/pages.ts";
import { readHistories } from "../db/source-runs.ts";
import { type CountedTopic, listTopicsWithCounts } from "../db/topics.ts";
import * as format from "./format.ts";
import type { Page } from "./pages.ts";
import type { Web } from "./web.ts";

export const PER_PAGE = 50;
/** Papers a day are counted over so many days. */
export const COUNTED_DAYS = 10;

export type SignUpForm = {
  email: string;
  topics: string[];
  timezone: string;
  errors: Record<string, string>;
};
const emptySignUp: SignUpForm = { email: "", topics: [], timezone: "", errors: {} };

export type TopicArea = { area: string; topics: CountedTopic[] };

/** The topics on offer with papers a day and samples, by area in the order of the topics file. */
export async function listTopicAreas(web: Web): Promise<TopicArea[]> {
  const topics = await listTopicsWithCounts(web.db, new Date(web.now().getTime() - COUNTED_DAYS * 86_400_000));
  return [...groupBy(topics, ({ area }) => area)].map(([area, list]) => ({ area, topics: list }));
}

/** How each source stands, in a sentence; nothing for a source that was never asked. */
async function saySources(web: Web): Promise<SourceStatus[]> {
  const sources = web.extras.sources ?? [];
  if (sources.length === 0) return [];
  const now = web.now();
  const runs = await readHistories(web.db, now);
  return sources
    .map((source) => sourceStatus(source, runs.get(source.name), now))
    .filter(({ state }) => state !== "unknown");
}

async function listPage(web: Web, span: { from: string; to: string }, topic: string | undefined, page: number) {
  return listPapersOfSpan(web.db, { ...span, topic, limit: PER_PAGE, offset: (page - 1) * PER_PAGE, now: web.now() });
}

type Shown = { day?: string; topic?: string | undefined; page?: number; path: string; signUp?: SignUpForm };

/** The page of one list day; without a day the latest, as the front page shows it. */
export async function renderDay(web: Web, { day, topic, page = 1, path, signUp }: Shown): Promise<string> {
  const now = web.now();
  const shown = day ?? (await findLatestDay(web.db, now));
  const span = { from: shown ?? "1970-01-01", to: shown ?? "1970-01-01" };
  const front = day === undefined;
  const [sources, areas, list, topics, neighbours] = await Promise.all([
    front ? saySources(web) : [],
    listTopicAreas(web),
    listPage(web, span, topic, page),
    countTopicsOfSpan(web.db, span),
    findNeighbourDays(web.db, span.from, now),
  ]);
  const about: Page = {
    title: front ? "Daily Papers" : `Papers of ${format.date(shown ?? "")}`,
    description: front
      ? "The new research papers on the topics you choose, in your inbox every morning."
      : `The research papers listed on ${format.date(shown ?? "")}, hottest first.`,
    canonical: front ? "/" : `/papers/date/${day}`,
    section: "papers",
    feeds: [{ title: "Daily Papers", path: "/papers.atom" }],
  };
  return web.pages.render("papers", about, {
    heading: front ? "Daily Papers" : format.day(shown ?? ""),
    when: shown ? { date: shown, says: format.day(shown) } : undefined,
    span: "day",
    previous: neighbours.previous ? `/papers/date/${neighbours.previous}` : undefined,
    next: neighbours.next ? `/papers/date/${neighbours.next}` : undefined,
    week: shown ? `/papers/week/${weekOf(shown)}` : undefined,
    toCome: shown !== undefined && shown > utcDay(now),
    sources,
    areas,
    signUp: signUp ?? emptySignUp,
    showSignUp: front,
    ...list,
    topics,
    topic,
    pager: pager(list.total, page, path, topic),
    path,
  });
}

/** The page of one ISO week, with everything listed in it. */
export async function renderWeek(
  web: Web,
  {
    week,
    from,
    to,
    previous,
    next,
    topic,
    page,
    path,
  }: {
    week: string;
    from: string;
    to: string;
    previous: string;
    next: string;
    topic: string | undefined;
    page: number;
    path: string;
  },
): Promise<string> {
  const today = utcDay(web.now());
  const span = { from, to: to > today ? today : to };
  const [list, topics] = await Promise.all([listPage(web, span, topic, page), countTopicsOfSpan(web.db, span)]);
  const says = format.dates(from, to);
  return web.pages.render(
    "papers",
    {
      title: `Papers of week ${Number(week.slice(6))}, ${week.slice(0, 4)}`,
      description: `The research papers listed from ${says}, hottest first.`,
      canonical: `/papers/week/${week}`,
      section: "papers",
      feeds: [{ title: "Daily Papers", path: "/papers.atom" }],
    },
    {
      heading: `Week ${Number(week.slice(6))}, ${week.slice(0, 4)}`,
      when: { date: from, says },
      span: "week",
      previous: `/papers/week/${previous}`,
      next: span.to < to || to >= today ? undefined : `/papers/week/${next}`,
      week: undefined,
      sources: [],
      areas: [],
      signUp: emptySignUp,
      showSignUp: false,
      ...list,
      topics,
      topic,
      pager: pager(list.total, page, path, topic),
      path,
    },
  );
}

export type Pager = { page: number; pages: number; previous: string | undefined; next: string | undefined };

/** Links to the pages beside this one, which keep the topic or the words. */
export function pager(
  total: number,
  page: number,
  path: string,
  topic?: string,
  perPage = PER_PAGE,
  query = "",
): Pager {
  const pages = Math.max(1, Math.ceil(total / perPage));
  const link = (to: number) => {
    const search = new URLSearchParams();
    if (query) search.set("q", query);
    if (topic) search.set("topic", topic);
    if (to > 1) search.set("page", String(to));
    return search.size > 0 ? `${path}?${search}` : path;
  };
  return {
    page,
    pages,
    previous: page > 1 ? link(Math.min(page - 1, pages)) : undefined,
    next: page < pages ? link(page + 1) : undefined,
  };
}
