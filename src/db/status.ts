// How is the service doing, in numbers? For metrics, readiness and the operator's page.
import { type SQL, sql } from "drizzle-orm";
import type { Queryable } from "./connect.ts";

const RECENT_MS = 2 * 86_400_000;

/** Digests are found by their edition; wherever a reader lives, it is at most a day before the moment they were planned. */
export const inEditionsSince = (moment: string) =>
  sql`edition_date >= (${moment}::timestamptz at time zone 'UTC')::date - 1`;

/** Rejects when the database does not answer. */
export async function pingDatabase(db: Queryable): Promise<void> {
  await db.execute(sql`select 1`);
}

export type Counts = {
  subscribers: Record<string, number>;
  digests: Record<string, number>;
  letters: Record<string, number>;
  /** By verdict. */
  returns: Record<string, number>;
  papers: number;
  /** Seconds since each source last ended well. */
  sources: Record<string, number>;
};

/** Rows by state: all subscribers, digests, letters and what came back in the last two days, papers, and how long sources are silent. */
export async function countEverything(db: Queryable, now: Date): Promise<Counts> {
  const since = new Date(now.getTime() - RECENT_MS).toISOString();
  const countBy = async (from: SQL, column = sql`state`): Promise<Record<string, number>> => {
    const answer = await db.execute<{ name: string; value: number }>(
      sql`select ${column} as name, count(*)::int as value from ${from} group by 1 order by 1`,
    );
    return Object.fromEntries(answer.rows.map(({ name, value }) => [name, value]));
  };
  const [subscribers, digests, letters, returns, papers, sources] = await Promise.all([
    countBy(sql`subscribers`),
    countBy(sql`digests where planned_at > ${since} and ${inEditionsSince(since)}`),
    countBy(sql`letters where created_at > ${since}`),
    countBy(sql`returns where came_at > ${since}`, sql`verdict`),
    db.execute<{ value: number }>(sql`select count(*)::int as value from papers`),
    db.execute<{ name: string; at: string | Date }>(
      sql`select source as name, max(ended_at) as at from source_runs where outcome in ('ok', 'empty') group by source`,
    ),
  ]);
  return {
    subscribers,
    digests,
    letters,
    returns,
    papers: papers.rows[0]?.value ?? 0,
    sources: Object.fromEntries(
      sources.rows.map(({ name, at }) => [name, Math.round((now.getTime() - new Date(at).getTime()) / 1000)]),
    ),
  };
}
