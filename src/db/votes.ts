// What did readers want more and less of, and what does that change for them?
import { type SQL, sql } from "drizzle-orm";
import { groupBy } from "../core/group.ts";
import { type PaperWords, readPaperWords } from "../core/match/paper-words.ts";
import { countHolders, makeVectors, type Rarity, similarity, type Vectors, voteFactor } from "../core/match/similar.ts";
import type { Queryable } from "./connect.ts";

export type Direction = "more" | "less";
export type Vote = { paperId: number; title: string; direction: Direction; at: Date };

/** Votes older than this no longer count, and of each reader the newest 50 count. */
const VOTE_DAYS = 90;
const MAX_VOTES = 50;
const MAX_WINDOW = 5_000;
const LEAST_ALIKE = 0.03;
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
 * For each reader with an id from … to … who voted: the factor of every paper whose place a vote changes. `likeness` compares a
 * voted paper once, however many voted on it.
 */
export async function listVoteFactors(
  db: Queryable,
  { from, to, now }: { from: number; to: number; now: Date },
  likeness: Likeness,
): Promise<Map<number, Map<number, number>>> {
  const factors = new Map<number, Map<number, number>>();
  const votes = await db.execute<{ subscriberId: string; paperId: number; direction: number }>(
    sql`select subscriber_id as "subscriberId", paper_id as "paperId", direction from (
        select *, row_number() over (partition by subscriber_id order by created_at desc, paper_id desc) as nth from votes
        where subscriber_id between ${from} and ${to} and created_at > ${since(now)} and created_at <= ${now.toISOString()}
      ) newest where nth <= ${MAX_VOTES}`,
  );
  if (votes.rows.length === 0) return factors;
  const alikeTo = await likeness(
    db,
    votes.rows.map(({ paperId }) => paperId),
  );
  const bySubscriber = groupBy(votes.rows, ({ subscriberId }) => Number(subscriberId));
  for (const [subscriberId, own] of bySubscriber) {
    const touched = new Map<number, { direction: 1 | -1; likeness: number }[]>();
    for (const { paperId, direction } of own)
      for (const [other, alike] of alikeTo.get(paperId) ?? []) {
        const vote = { direction: direction > 0 ? (1 as const) : (-1 as const), likeness: alike };
        const list = touched.get(other);
        if (list) list.push(vote);
        else touched.set(other, [vote]);
      }
    factors.set(subscriberId, new Map([...touched].map(([paperId, list]) => [paperId, voteFactor(list)])));
  }
  return factors;
}

/** For each voted paper, the papers that it is alike to where they share anything worth telling, and how much. */
export type Likeness = (db: Queryable, votedIds: number[]) => Promise<ReadonlyMap<number, [number, number][]>>;

/** Compares voted papers with those listed in (from, to]; the window is read once, a voted paper compared once. */
export function openLikeness({ from, to }: { from: Date; to: Date }): Likeness {
  const known = new Map<number, [number, number][]>();
  let window: { rarity: Rarity; vectors: Vectors } | undefined;
  return async (db, votedIds) => {
    const wanted = [...new Set(votedIds)].filter((id) => !known.has(id));
    if (wanted.length === 0) return known;
    if (!window) {
      const papers = await listWords(
        db,
        sql`listed_at > ${from.toISOString()} and listed_at <= ${to.toISOString()} order by listed_at desc, id desc limit ${MAX_WINDOW}`,
      );
      const rarity = countHolders(papers);
      window = { rarity, vectors: makeVectors(papers, rarity) };
    }
    const { rarity, vectors } = window;
    const absent = wanted.filter((id) => !vectors.has(id));
    const others = absent.length > 0 ? await listWords(db, sql`id = any(${sql.param(absent)}::int[])`) : [];
    const otherVectors = makeVectors(others, rarity);
    for (const id of wanted) {
      const own = vectors.get(id) ?? otherVectors.get(id);
      const alike: [number, number][] = [];
      if (own)
        for (const [other, vector] of vectors) {
          const value = similarity(own, vector);
          if (value >= LEAST_ALIKE) alike.push([other, value]);
        }
      known.set(id, alike);
    }
    return known;
  };
}

async function listWords(db: Queryable, where: SQL): Promise<PaperWords[]> {
  const answer = await db.execute<{ id: number; title: string; search: string }>(
    sql`select id, title, search::text as search from papers where ${where}`,
  );
  const none = { abstract: "", categories: [], organization: null, authors: [] };
  return answer.rows.map((row) => readPaperWords({ ...row, ...none }));
}

function since(now: Date): string {
  return new Date(now.getTime() - VOTE_DAYS * 86_400_000).toISOString();
}
