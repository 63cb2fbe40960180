// Which papers does match look at, what did it find, and what can planning choose from?
import { sql } from "drizzle-orm";
import type { ExplainedMatch } from "../core/match/explain.ts";
import { type PaperWords, type PaperWordsRow, readPaperWords } from "../core/match/paper-words.ts";
import type { RankedPaper, TopicMatch } from "../core/plan/rank.ts";
import type { Queryable } from "./connect.ts";
import { newsSince, votable } from "./trending.ts";

const columns = sql.raw("id, title, abstract, search::text as search, categories, organization, authors");

/** Takes up to `limit` papers that match has not seen; they stay locked until the transaction ends, others skip them. */
export async function takeUnmatchedPapers(transaction: Queryable, limit: number): Promise<PaperWords[]> {
  const answer = await transaction.execute<PaperWordsRow>(
    sql`select ${columns} from papers where matched_at is null order by id limit ${limit} for no key update skip locked`,
  );
  return answer.rows.map(readPaperWords);
}

/** Papers listed since a moment (and until another), newest first, at most `limit`; withdrawn ones are left out. */
export async function listRecentPapers(
  db: Queryable,
  { from, to, limit }: { from: Date; to?: Date; limit: number },
): Promise<PaperWords[]> {
  const answer = await db.execute<PaperWordsRow>(
    sql`select ${columns} from papers
      where listed_at > ${from.toISOString()} and withdrawn_at is null
        ${to ? sql`and listed_at <= ${to.toISOString()}` : sql``}
      order by listed_at desc, id desc limit ${limit}`,
  );
  return answer.rows.map(readPaperWords);
}

/** The newest papers that hold these words (a tsquery as text; without one, any), at most `limit`. */
export async function listPapersToMatch(
  db: Queryable,
  { words, limit }: { words: string | undefined; limit: number },
): Promise<PaperWords[]> {
  const answer = await db.execute<PaperWordsRow>(
    sql`select ${columns} from papers
      where withdrawn_at is null ${words === undefined ? sql`` : sql`and search @@ ${words}::tsquery`}
      order by listed_at desc, id desc limit ${limit}`,
  );
  return answer.rows.map(readPaperWords);
}

/** One paper as match needs it. */
export async function findMatchPaper(db: Queryable, paperId: number): Promise<PaperWords | undefined> {
  const answer = await db.execute<PaperWordsRow>(sql`select ${columns} from papers where id = ${paperId}`);
  return answer.rows.map(readPaperWords)[0];
}

/** Replaces what these papers matched, for all topics or for the topics given; matches may come in parts. */
export async function replaceMatches(
  transaction: Queryable,
  { paperIds, topicIds, parts }: { paperIds: number[]; topicIds?: number[]; parts: Iterable<ExplainedMatch[]> },
): Promise<number> {
  if (paperIds.length === 0) return 0;
  await transaction.execute(
    sql`delete from matches where paper_id = any(${sql.param(paperIds)}::int[])
      ${topicIds ? sql`and topic_id = any(${sql.param(topicIds)}::int[])` : sql``}`,
  );
  let count = 0;
  for (const some of parts) {
    count += some.length;
    // A topic may have been deleted while its matches were found: the join leaves those out.
    await transaction.execute(
      sql`insert into matches (paper_id, topic_id, score, terms)
        select paper_id, topic_id, score, terms::text[]
        from unnest(${sql.param(some.map(({ paperId }) => paperId))}::int[], ${sql.param(some.map(({ topicId }) => topicId))}::int[],
          ${sql.param(some.map(({ score }) => score))}::real[], ${sql.param(some.map(({ terms }) => arrayText(terms)))}::text[])
          as found(paper_id, topic_id, score, terms)
        join topics on topics.id = topic_id
        on conflict (paper_id, topic_id) do update set score = excluded.score, terms = excluded.terms`,
    );
  }
  return count;
}

/** Notes that match has looked at these papers. */
export async function markMatched(transaction: Queryable, paperIds: number[], now: Date): Promise<void> {
  await transaction.execute(
    sql`update papers set matched_at = ${now.toISOString()} where id = any(${sql.param(paperIds)}::int[])`,
  );
}

/** Puts every topic to the papers listed since `from` again, at match's next run; says how many. */
export async function forgetMatched(db: Queryable, from: Date): Promise<number> {
  const answer = await db.execute(
    sql`update papers set matched_at = null where listed_at > ${from.toISOString()} and matched_at is not null`,
  );
  return answer.rowCount ?? 0;
}

// The two below answer one row of JSON: reading thousands of rows takes pg several times as long.

/** The papers first listed in (from, to] and not withdrawn: what planning can choose from; `listedAt` is since when they are news. */
export async function listWindowPapers(db: Queryable, { from, to }: { from: Date; to: Date }): Promise<RankedPaper[]> {
  const answer = await db.execute<{ papers: (Omit<RankedPaper, "listedAt"> & { listedAtMs: number })[] }>(
    sql`select coalesce(json_agg(found), '[]') as papers from (
        select id as "paperId", title, upvotes, comments, stars, ${votable} as votable, canonical_id like 'arxiv:%' as arxiv,
          floor(extract(epoch from ${newsSince}) * 1000)::bigint as "listedAtMs" from papers
        where listed_at > ${from.toISOString()} and listed_at <= ${to.toISOString()} and withdrawn_at is null) found`,
  );
  const papers = answer.rows[0]?.papers ?? [];
  return papers.map(({ listedAtMs, ...paper }) => ({ ...paper, listedAt: new Date(listedAtMs) }));
}

/** What these topics matched among papers with ids from … to …; topics that are retired match nothing. */
export async function listTopicMatches(
  db: Queryable,
  { topicIds, from, to }: { topicIds: number[]; from: number; to: number },
): Promise<TopicMatch[]> {
  if (topicIds.length === 0) return [];
  const answer = await db.execute<{ papers: number[] | null; topics: number[]; scores: number[] }>(
    sql`select json_agg(paper_id) as papers, json_agg(topic_id) as topics, json_agg(score) as scores from matches
      where topic_id = any(${sql.param(topicIds)}::int[]) and paper_id between ${from} and ${to}
        and topic_id in (select id from topics where retired_at is null)`,
  );
  const [found] = answer.rows;
  return (found?.papers ?? []).map((paperId, at) => ({
    paperId,
    topicId: found?.topics[at] ?? 0,
    score: found?.scores[at] ?? 0,
  }));
}

function arrayText(items: string[]): string {
  return `{${items.map((item) => `"${item.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}
