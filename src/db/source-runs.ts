// What did each source answer, and when? One row a run; one run of a source at a time, over all machines.
import { sql } from "drizzle-orm";
import type { SourceHistory } from "../core/ingest/freshness.ts";
import type { Database, Queryable } from "./connect.ts";
import { SOURCE_LOCKS } from "./locks.ts";
import { sourceRuns } from "./schema.ts";

export type RunOutcome = "ok" | "empty" | "stale" | "failed";
export type RunEnd = {
  found: number;
  new: number;
  updated: number;
  refused: number;
  outcome: RunOutcome;
  error: string | null;
  /** The newest list day it gave, and how many papers that list had. */
  listDay: string | null;
  listed: number;
  nextTryAt: Date | null;
};

/** Notes that a run began; returns its id. */
export async function startRun(db: Queryable, source: string, now: Date): Promise<number> {
  const [row] = await db.insert(sourceRuns).values({ source, startedAt: now }).returning({ id: sourceRuns.id });
  if (!row) throw new Error("the run was not recorded");
  return row.id;
}

/** Notes how a run ended. */
export async function endRun(db: Queryable, id: number, end: RunEnd, now: Date): Promise<void> {
  const { listDay, ...rest } = end;
  await db
    .update(sourceRuns)
    .set({ ...rest, cursor: listDay, endedAt: now })
    .where(sql`id = ${id}`);
}

/** Does `work` while no other process runs this source; undefined when one does. A lock of a process that died is free. */
export async function withSourceLock<T>(db: Database, source: string, work: () => Promise<T>): Promise<T | undefined> {
  const client = await db.$client.connect();
  try {
    const answer = await client.query("select pg_try_advisory_lock($1, hashtext($2)) as free", [SOURCE_LOCKS, source]);
    if (!answer.rows[0].free) return undefined;
    try {
      await client.query(
        "update source_runs set outcome = 'failed', error = 'The process ended during this run.', ended_at = started_at where source = $1 and outcome = 'running'",
        [source],
      );
      return await work();
    } finally {
      await client.query("select pg_advisory_unlock($1, hashtext($2))", [SOURCE_LOCKS, source]);
    }
  } finally {
    client.release();
  }
}

/** Deletes runs that began before a moment. */
export async function deleteOldRuns(db: Queryable, before: Date): Promise<void> {
  await db.execute(sql`delete from source_runs where started_at < ${before.toISOString()}`);
}

/** The history of every source asked in the last 90 days, by name, as `sourceStatus` reads it. */
export async function readHistories(db: Queryable, now: Date): Promise<Map<string, SourceHistory>> {
  const since = new Date(now.getTime() - 90 * 86_400_000).toISOString();
  const answer = await db.execute<Row>(sql`
    with runs as materialized (select * from source_runs where started_at > ${since} and started_at <= ${now.toISOString()}),
    known as (
      select source, min(started_at) as since, max(started_at) filter (where outcome in ('ok', 'empty', 'stale')) as answered_at,
        max(started_at) filter (where outcome in ('ok', 'empty')) as well_at,
        max(cursor) filter (where outcome = 'ok') as list_day
      from runs group by source),
    latest as (
      select distinct on (source) source, started_at, outcome, error, next_try_at
      from runs order by source, (outcome = 'running'), started_at desc),
    troubles as (
      select runs.source,
        min(started_at) filter (where outcome = 'failed' and started_at > coalesce(known.answered_at, '-infinity')) as failing_since,
        min(started_at) filter (where outcome = 'stale' and started_at > coalesce(known.well_at, '-infinity')) as stale_since
      from runs join known using (source) group by runs.source),
    lists as (
      select distinct on (runs.source) runs.source, listed
      from runs join known on known.source = runs.source and known.list_day = runs.cursor
      where outcome = 'ok' order by runs.source, started_at desc)
    select source, known.since as "askedSince", latest.started_at as "lastStartedAt", latest.outcome as "lastOutcome",
      latest.error as "lastError", latest.next_try_at as "nextTryAt", known.answered_at as "answeredAt",
      troubles.failing_since as "failingSince", troubles.stale_since as "staleSince", known.list_day as "listDay",
      coalesce(lists.listed, 0) as listed
    from latest join known using (source) join troubles using (source) left join lists using (source)`);
  const date = (value: string | Date | null) => (value === null ? null : new Date(value));
  return new Map(
    answer.rows.map((row) => [
      row.source,
      {
        ...row,
        askedSince: new Date(row.askedSince),
        lastStartedAt: new Date(row.lastStartedAt),
        nextTryAt: date(row.nextTryAt),
        answeredAt: date(row.answeredAt),
        failingSince: date(row.failingSince),
        staleSince: date(row.staleSince),
      },
    ]),
  );
}

type Instants = "askedSince" | "lastStartedAt" | "nextTryAt" | "answeredAt" | "failingSince" | "staleSince";
type Row = Omit<SourceHistory, Instants> & { askedSince: string; lastStartedAt: string } & Record<
    Exclude<Instants, "askedSince" | "lastStartedAt">,
    string | null
  >;
