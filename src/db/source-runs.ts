// What did each source answer, and when? One row a run; one run of a source at a time, over all machines.
import { sql } from "drizzle-orm";
import type { SourceHistory } from "../core/freshness.ts";
import type { Database, Queryable } from "./connect.ts";
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
    const answer = await client.query("select pg_try_advisory_lock(7229, hashtext($1)) as free", [source]);
    if (!answer.rows[0].free) return undefined;
    try {
      await client.query(
        "update source_runs set outcome = 'failed', error = 'The process ended during this run.', ended_at = started_at where source = $1 and outcome = 'running'",
        [source],
      );
      return await work();
    } finally {
      await client.query("select pg_advisory_unlock(7229, hashtext($1))", [source]);
    }
  } finally {
    client.release();
  }
}

/** The history of every source asked in the last 90 days, by name, as `sourceStatus` reads it. */
export async function lastRuns(db: Queryable, now: Date): Promise<Map<string, SourceHistory>> {
  const since = new Date(now.getTime() - 90 * 86_400_000).toISOString();
  const answer = await db.execute<Row>(sql`
    with runs as (select * from source_runs where started_at > ${since} and started_at <= ${now.toISOString()}),
    answered as (
      select source, max(started_at) filter (where outcome in ('ok', 'empty', 'stale')) as at,
        max(started_at) filter (where outcome in ('ok', 'empty')) as well_at,
        max(cursor) filter (where outcome = 'ok') as list_day
      from runs group by source)
    select distinct on (runs.source) runs.source, runs.started_at as "lastStartedAt", runs.outcome as "lastOutcome",
      runs.error as "lastError", runs.next_try_at as "nextTryAt", answered.at as "answeredAt",
      (select min(started_at) from runs failed where failed.source = runs.source and failed.outcome = 'failed'
        and failed.started_at > coalesce(answered.at, '-infinity')) as "failingSince",
      (select min(started_at) from runs stale where stale.source = runs.source and stale.outcome = 'stale'
        and stale.started_at > coalesce(answered.well_at, '-infinity')) as "staleSince",
      answered.list_day as "listDay",
      coalesce((select listed from runs list where list.source = runs.source and list.cursor = answered.list_day
        and list.outcome = 'ok' order by list.started_at desc limit 1), 0) as listed
    from runs join answered on answered.source = runs.source
    order by runs.source, (runs.outcome = 'running'), runs.started_at desc`);
  const date = (value: string | Date | null) => (value === null ? null : new Date(value));
  return new Map(
    answer.rows.map((row) => [
      row.source,
      {
        ...row,
        lastStartedAt: new Date(row.lastStartedAt),
        nextTryAt: date(row.nextTryAt),
        answeredAt: date(row.answeredAt),
        failingSince: date(row.failingSince),
        staleSince: date(row.staleSince),
      },
    ]),
  );
}

type Instants = "lastStartedAt" | "nextTryAt" | "answeredAt" | "failingSince" | "staleSince";
type Row = Omit<SourceHistory, Instants> & { lastStartedAt: string } & Record<
    Exclude<Instants, "lastStartedAt">,
    string | null
  >;
