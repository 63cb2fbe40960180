// What can programs ask? Every operation of the API: path, schemas, and what it does.
import type { Request } from "express";
import type { z } from "zod";
import { bibtex, cslJson, ris } from "../../core/citation.ts";
import { mistakeIn } from "../../core/match/rules.ts";
import {
  countPapersADay,
  findLatestDay,
  type ListedPaper,
  listListedPapers,
  listPapersOfSpan,
} from "../../db/pages.ts";
import { findPaper } from "../../db/papers.ts";
import { listPaperReasons } from "../../db/reasons.ts";
import { searchPapers } from "../../db/search.ts";
import type { CountedTopic } from "../../db/topics.ts";
import { citedOf } from "../cited.ts";
import { readId } from "../forms.ts";
import { COUNTED_DAYS, listTopicAreas } from "../front.ts";
import { networkOf } from "../limits.ts";
import { askForSubscription } from "../sign-up.ts";
import type { Web } from "../web.ts";
import * as schemas from "./schemas.ts";

export type Answer = { status: number; body: object; retryAfter?: number };
type Given = { query: unknown; body: unknown; parameters: Record<string, string>; request: Request };
export type Operation = {
  method: "get" | "post";
  /** In OpenAPI's writing, `{id}`. */
  path: string;
  id: string;
  says: string;
  query?: z.ZodObject;
  body?: z.ZodObject;
  parameters?: Record<string, string>;
  /** The schema of the good answer and its status. */
  answer: { status: number; schema: z.ZodType };
  problems: Record<number, string>;
  run: (web: Web, given: Given) => Promise<Answer>;
};

const notFound: Answer = { status: 404, body: { error: "There is no such thing here." } };

export const operations: Operation[] = [
  {
    method: "get",
    path: "/papers",
    id: "listPapers",
    says: "Papers of a list day, of a topic on it, or that hold words.",
    query: schemas.papersQuery,
    answer: { status: 200, schema: schemas.paperList },
    problems: { 422: "A parameter cannot be read.", 429: "Too many questions." },
    run: async (web, { query, request }) => {
      const asked = query as z.output<typeof schemas.papersQuery>;
      const seconds = asked.q === undefined ? undefined : await web.limits.search(networkOf(request));
      if (seconds === undefined) return listPapers(web, asked);
      return { status: 429, body: { error: "Too many searches; please wait." }, retryAfter: seconds };
    },
  },
  {
    method: "get",
    path: "/papers/{id}",
    id: "findPaper",
    says: "One paper in full, with why it answers its topics, and how to cite it.",
    parameters: { id: "The paper's number here." },
    answer: { status: 200, schema: schemas.fullPaper },
    problems: { 404: "There is no such paper.", 429: "Too many questions." },
    run: async (web, { parameters }) => showPaper(web, parameters),
  },
  {
    method: "get",
    path: "/topics",
    id: "listTopics",
    says: "The topics on offer with papers a day and samples.",
    answer: { status: 200, schema: schemas.topicList },
    problems: { 429: "Too many questions." },
    run: async (web) => ({ status: 200, body: { topics: (await listTopics(web)).map(writeTopic) } }),
  },
  {
    method: "get",
    path: "/topics/count",
    id: "countPapers",
    says: "About how many papers a day these topics bring together.",
    query: schemas.countQuery,
    answer: { status: 200, schema: schemas.countAnswer },
    problems: { 422: "A parameter cannot be read.", 429: "Too many questions." },
    run: async (web, { query }) => {
      const { topics } = query as z.output<typeof schemas.countQuery>;
      const since = new Date(web.now().getTime() - COUNTED_DAYS * 86_400_000).toISOString().slice(0, 10);
      return { status: 200, body: { perDay: await countPapersADay(web.db, topics, since) } };
    },
  },
  {
    method: "get",
    path: "/topics/{slug}",
    id: "findTopic",
    says: "One topic on offer.",
    parameters: { slug: "The topic's slug." },
    answer: { status: 200, schema: schemas.topic },
    problems: { 404: "There is no such topic.", 429: "Too many questions." },
    run: async (web, { parameters: { slug } }) => {
      const found = (await listTopics(web)).find((one) => one.slug === slug);
      return found ? { status: 200, body: writeTopic(found) } : notFound;
    },
  },
  {
    method: "post",
    path: "/subscribe",
    id: "subscribe",
    says: "Asks for a subscription: a mail with a link goes out, and nothing else happens before it is followed.",
    body: schemas.subscribeBody,
    answer: { status: 202, schema: schemas.subscribeAnswer },
    problems: { 422: "A field cannot be read.", 429: "Too many tries." },
    run: async (web, { body, request }) => {
      const ask = body as z.output<typeof schemas.subscribeBody>;
      const answer = await askForSubscription(web, { ...ask, website: "", network: networkOf(request) });
      if (answer.kind === "sent") return { status: 202, body: { status: "check your mail" } };
      if (answer.kind === "too-often")
        return { status: 429, body: { error: "Too many tries; please wait." }, retryAfter: answer.seconds };
      return { status: 422, body: { error: "Something needs another look.", fields: answer.errors } };
    },
  },
];

async function listPapers(
  web: Web,
  { date, topic, q, limit, page }: z.output<typeof schemas.papersQuery>,
): Promise<Answer> {
  if (q !== undefined && q.trim() !== "") {
    const found = await searchPapers(web.db, q, { page, perPage: limit });
    if (found.kind === "error")
      return {
        status: 422,
        body: { error: mistakeIn(q, found), fields: { q: found.message } },
      };
    const cards = await listListedPapers(
      web.db,
      found.results.map(({ paperId }) => paperId),
    );
    return {
      status: 200,
      body: { total: found.total, page: found.page, date: null, papers: cards.map((paper) => writeListed(web, paper)) },
    };
  }
  const day = date ?? (await findLatestDay(web.db, web.now()));
  const dates = { from: day ?? "1970-01-01", to: day ?? "1970-01-01" };
  const span = { ...dates, limit, offset: (page - 1) * limit, now: web.now() };
  const { total, papers } = await listPapersOfSpan(web.db, { ...span, topic });
  return {
    status: 200,
    body: { total, page, date: day ?? null, papers: papers.map((paper) => writeListed(web, paper)) },
  };
}

async function showPaper(web: Web, parameters: Record<string, string>): Promise<Answer> {
  const id = readId(parameters["id"] ?? "");
  const paper = id === undefined ? undefined : await findPaper(web.db, id);
  if (!paper) return notFound;
  const {
    abstractTex: _tex,
    thumbnail: _thumbnail,
    listedAt: _at,
    authorCount: _count,
    version: _version,
    ...rest
  } = paper;
  const cited = citedOf(paper);
  const body = {
    ...rest,
    publishedAt: paper.publishedAt?.toISOString() ?? null,
    withdrawnAt: paper.withdrawnAt?.toISOString() ?? null,
    topics: await listPaperReasons(web.db, paper.id),
    citation: { bibtex: bibtex(cited), ris: ris(cited), csl: cslJson(cited) },
    url: web.links.paper(paper.id),
  };
  return { status: 200, body };
}

async function listTopics(web: Web): Promise<CountedTopic[]> {
  return (await listTopicAreas(web)).flatMap(({ topics }) => topics);
}

function writeTopic({
  slug,
  name,
  area,
  description,
  rules,
  perDay,
  samples,
}: CountedTopic): z.output<typeof schemas.topic> {
  return { slug, name, area, description, rules, papersADay: Math.round(perDay * 100) / 100, samples };
}

function writeListed(web: Web, paper: ListedPaper): z.output<typeof schemas.listedPaper> {
  const { id, canonicalId, title, abstract, firstAuthors, authorCount, organization } = paper;
  const { upvotes, comments, stars, listedOn, topics } = paper;
  return {
    id,
    canonicalId,
    title,
    abstract,
    authors: firstAuthors,
    authorCount,
    organization,
    upvotes,
    comments,
    stars,
    listedOn,
    topics,
    url: web.links.paper(id),
  };
}
