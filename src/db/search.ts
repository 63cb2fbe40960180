// Which papers answer these words? The same grammar as topics, over everything stored.
import { sql } from "drizzle-orm";
import { readArxivId, readDoi } from "../core/ingest/canonical-id.ts";
import { explainMatches } from "../core/match/explain.ts";
import { highlight, type Segment } from "../core/match/highlight.ts";
import { parseRules } from "../core/match/rules.ts";
import { writeTextQuery } from "../core/match/tsquery.ts";
import type { Paper } from "../core/paper.ts";
import { compileOne } from "./compiled.ts";
import type { Queryable } from "./connect.ts";
import { listPapersToMatch } from "./matches.ts";

type SearchResult = {
  paperId: number;
  canonicalId: string;
  title: Segment[];
  /** The part of the abstract round the first hit, cut at words; `…` where it was cut. */
  excerpt: Segment[];
  authors: string[];
  upvotes: number;
  comments: number;
  /** When it was published, else listed. */
  date: string;
  score: number;
  terms: string[];
};
export type SearchAnswer =
  | { kind: "error"; message: string; at: number }
  | { kind: "ok"; total: number; page: number; pages: number; results: SearchResult[]; partial: boolean };

const MAX_QUERY_LENGTH = 500;
/** So many of the newest papers that hold the words are ranked; more are not looked at (`partial`). */
const MAX_RANKED = 500;
const EXCERPT_LENGTH = 320;

/** Papers by words, best first, newer first among equals; pages count from 1. */
export async function searchPapers(
  db: Queryable,
  query: string,
  { page, perPage }: { page: number; perPage: number },
): Promise<SearchAnswer> {
  if (query.length > MAX_QUERY_LENGTH)
    return { kind: "error", message: `At most ${MAX_QUERY_LENGTH} characters`, at: MAX_QUERY_LENGTH };
  const parsed = parseRules(query);
  if (parsed.kind === "error") return parsed;
  const { compiled, topic } = await compileOne(db, parsed.rules);
  if (!topic.root) return { kind: "error", message: "These words are too common to look for", at: 0 };
  const words = writeTextQuery(topic.root).query;
  const papers = await listPapersToMatch(db, { words, limit: MAX_RANKED });
  const newest = new Map(papers.map(({ id }, place) => [id, place]));
  const place = (id: number) => newest.get(id) ?? 0;
  const found = explainMatches(papers, compiled).sort(
    (a, b) => b.score - a.score || place(a.paperId) - place(b.paperId),
  );
  const pages = Math.max(1, Math.ceil(found.length / perPage));
  const shownPage = Math.min(Math.max(1, page), pages);
  const shown = found.slice((shownPage - 1) * perPage, shownPage * perPage);
  const rows = await listShown(
    db,
    shown.map(({ paperId }) => paperId),
  );
  const results = shown.flatMap(({ paperId, score, terms }) => {
    const row = rows.get(paperId);
    if (!row) return [];
    const { abstract, title, ...others } = row;
    const excerpt = excerptOf(highlight(abstract, terms));
    return [{ ...others, paperId, title: highlight(title, terms), excerpt, score, terms }];
  });
  return { kind: "ok", total: found.length, page: shownPage, pages, results, partial: papers.length === MAX_RANKED };
}

/**
 * The paper that a text names as a whole, by an arXiv id, a DOI or an address; `paperId` is undefined where it is not stored, and
 * all is where the text is none of these.
 */
export async function findNamedPaper(
  db: Queryable,
  text: string,
): Promise<{ paperId: number | undefined } | undefined> {
  const named = text
    .trim()
    .replace(/^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co\/papers\/|(?=arxiv\.org\/))/i, "https://");
  const arxiv = readArxivId(named.replace(/^https:\/\/(?!arxiv\.org\/)/i, ""));
  const doi = arxiv ? undefined : readDoi(text);
  if (!arxiv && !doi) return undefined;
  const answer = await db.execute<{ id: number }>(
    arxiv
      ? sql`select id from papers where canonical_id = ${`arxiv:${arxiv.id}`}`
      : sql`select id from papers where canonical_id = ${`doi:${doi}`} or links ->> 'doi' = ${doi} limit 1`,
  );
  return { paperId: answer.rows[0]?.id };
}

type Shown = Pick<Paper, "id" | "canonicalId" | "title" | "abstract" | "authors" | "upvotes" | "comments"> & {
  date: string;
};

async function listShown(db: Queryable, ids: number[]): Promise<Map<number, Omit<Shown, "id">>> {
  const answer = await db.execute<Shown>(
    sql`select id, canonical_id as "canonicalId", title, abstract, authors, upvotes, comments,
        coalesce((published_at at time zone 'UTC')::date, listed_on)::text as date from papers where id = any(${sql.param(ids)}::int[])`,
  );
  return new Map(answer.rows.map(({ id, ...row }) => [id, row]));
}

/** At most 320 characters round the first hit, the hits kept. */
function excerptOf(segments: Segment[]): Segment[] {
  const text = segments.map((segment) => segment.text).join("");
  let first = 0;
  for (const segment of segments) {
    if (segment.hit) break;
    first += segment.text.length;
  }
  if (first >= text.length) first = 0;
  const from = first < EXCERPT_LENGTH / 2 ? 0 : text.indexOf(" ", first - EXCERPT_LENGTH / 3) + 1;
  const wanted = from + EXCERPT_LENGTH;
  const to = wanted >= text.length ? text.length : Math.max(text.lastIndexOf(" ", wanted), first + 1);
  const kept: Segment[] = from > 0 ? [{ text: "… ", hit: false }] : [];
  let at = 0;
  for (const { text: piece, hit } of segments) {
    const part = piece.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (part !== "") kept.push({ text: part, hit });
    at += piece.length;
  }
  if (to < text.length) kept.push({ text: " …", hit: false });
  return kept;
}
