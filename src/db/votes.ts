// What did readers want more and less of, and what does that change for them?
import { sql } from "drizzle-orm";
import { groupBy } from "../core/group.ts";
import { readPaperWords } from "../core/paper-words.ts";
import { makeVectors, similarity, voteFactor } from "../core/similar.ts";
import type { Queryable } from "./connect.ts";

export type Direction = "more" | "less";
export type Vote = { paperId: number; title: string; direction: Direction; at: Date };

/** Votes older than this no longer count, and of each reader the newest 50 count. */
export const VOTE_DAYS = 90;
const MAX_VOTES = 50;
const MAX_WINDOW = 5_000;
const sign = { more: 1, less: -1 } as const;

/** Notes a vote; the later one on a paper stands. False where reader or paper are gone. */
export async function castVote(
  db: Queryable,
  { subscriberId, paperId, direction }: { subscriberId: number; paperId: number; direction: Direction },
  now: Date,
): Promise<boolean> {
  const answer = await db.execute(
    sql`insert into votes (subscriber_id, paper_id, direction, created_at)
      select subscribers.id, papers.id, ${sign[direction]}::smallint, ${now.toISOString()}::timestamptz
      from subscribers, papers where subscribers.id = ${subscriberId} and papers.id = ${paperId}
      on conflict (subscriber_id, paper_id) do update set direction = excluded.direction, created_at = excluded.created_at`,
  );
  return answer.rowCount === 1;
}

/** Takes a vote back; false where there was none. */
export async function undoVote(db: Queryable, vote: { subscriberId: number; paperId: number }): Promise<boolean> {
  const answer = await db.execute(
    sql`delete from votes where subscriber_id = ${vote.subscriberId} and paper_id = ${vote.paperId}`,
  );
  return answer.rowCount === 1;
}

/** The votes of a reader that still count, newest first. */
export async function listVotes(db: Queryable, subscriberId: number, now: Date): Promise<Vote[]> {
  const answer = await db.execute<{ paperId: number; title: string; direction: number; at: string }>(
    sql`select paper_id as "paperId", title, direction, votes.created_at as at
      from votes join papers on papers.id = paper_id
      where subscriber_id = ${subscriberId} and votes.created_at > ${since(now)}
      order by votes.created_at desc, paper_id desc limit ${MAX_VOTES}`,
  );
  return answer.rows.map(({ paperId, title, direction, at }) => ({
    paperId,
    title,
    direction: direction > 0 ? "more" : "less",
    at: new Date(at),
  }));
}

/**
 * For each of these readers who voted: the factor of every paper listed in (from, to] whose place a vote changes. A voted
 * paper is compared once, however many voted on it.
 */
export async function listVoteFactors(
  db: Queryable,
  { subscriberIds, from, to }: { subscriberIds: number[]; from: Date; to: Date },
): Promise<Map<number, Map<number, number>>> {
  const factors = new Map<number, Map<number, number>>();
  const votes = await db.execute<{ subscriberId: string; paperId: number; direction: number }>(
    sql`select subscriber_id as "subscriberId", paper_id as "paperId", direction from (
        select *, row_number() over (partition by subscriber_id order by created_at desc, paper_id desc) as nth from votes
        where subscriber_id = any(${sql.param(subscriberIds)}::bigint[]) and created_at > ${since(to)} and created_at <= ${to.toISOString()}
      ) newest where nth <= ${MAX_VOTES}`,
  );
  if (votes.rows.length === 0) return factors;
  const likeness = await compare(db, [...new Set(votes.rows.map(({ paperId }) => paperId))], { from, to });
  const bySubscriber = groupBy(votes.rows, ({ subscriberId }) => Number(subscriberId));
  for (const [subscriberId, own] of bySubscriber) {
    const touched = new Map<number, { direction: 1 | -1; likeness: number }[]>();
    for (const { paperId, direction } of own)
      for (const [other, alike] of likeness.get(paperId) ?? []) {
        const vote = { direction: direction > 0 ? (1 as const) : (-1 as const), likeness: alike };
        const list = touched.get(other);
        if (list) list.push(vote);
        else touched.set(other, [vote]);
      }
    factors.set(subscriberId, new Map([...touched].map(([paperId, list]) => [paperId, voteFactor(list)])));
  }
  return factors;
}

/** How alike each voted paper is to each paper of the window, where they share anything worth telling. */
async function compare(
  db: Queryable,
  votedIds: number[],
  { from, to }: { from: Date; to: Date },
): Promise<Map<number, [number, number][]>> {
  const answer = await db.execute<{ id: number; title: string; search: string; recent: boolean }>(
    sql`(select id, title, search::text as search, true as recent from papers
        where listed_at > ${from.toISOString()} and listed_at <= ${to.toISOString()} order by listed_at desc limit ${MAX_WINDOW})
      union all
      select id, title, search::text, false from papers where id = any(${sql.param(votedIds)}::int[])
        and not (listed_at > ${from.toISOString()} and listed_at <= ${to.toISOString()})`,
  );
  const none = { abstract: "", categories: [], organization: null, authors: [] };
  const vectors = makeVectors(
    answer.rows.map(({ id, title, search }) => readPaperWords({ id, title, search, ...none })),
  );
  const recent = answer.rows.filter((row) => row.recent).map(({ id }) => id);
  const likeness = new Map<number, [number, number][]>();
  for (const voted of votedIds) {
    const own = vectors.get(voted);
    if (!own) continue;
    const alike = recent.map((id): [number, number] => [id, similarity(own, vectors.get(id) ?? new Map())]);
    likeness.set(
      voted,
      alike.filter(([, value]) => value >= 0.03),
    );
  }
  return likeness;
}

function since(now: Date): string {
  return new Date(now.getTime() - VOTE_DAYS * 86_400_000).toISOString();
}
