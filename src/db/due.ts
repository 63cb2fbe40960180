// Who is due, what do they follow, and what were they already sent? Plan reads here and writes its digests back.
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import type pg from "pg";
import type { Chooser } from "../core/rank.ts";
import type { Schedule, Slot } from "../core/schedule.ts";
import type { Database, Queryable } from "./connect.ts";
import { copyOut, type Row, readInteger, readIntegers, readText } from "./copy.ts";
import * as schema from "./schema.ts";

/** Readers are planned by cells of this many ids, a transaction each. */
const CELL = 10_000;
const PLAN_LOCK = 7_229_002;

/** Readers of one cell who share a schedule and are due. */
export type DueGroup = Schedule & { cell: number; readers: number };

/** A schedule with what it has now, as the readers of a cell refer to it by its place in a list. */
export type DueSlot = Schedule & Slot;
/** `topicIds` holds topics chosen and written by the reader, each once; votes and excluded papers are filled in later. */
export type DueReader = Chooser & {
  id: number;
  slot: number;
  provider: string;
  /** What the reader wrote to be spared of. */
  exclusions: string;
  /** Topics the reader wrote. */
  ownTopicIds: readonly number[];
  /** Whether there is a row of sent papers. */
  known: boolean;
  /** Whether the reader has a digest of this edition. */
  has: boolean;
};

/** First and last id of a cell. */
export function cellIds(cell: number): { from: number; to: number } {
  return { from: cell * CELL, to: (cell + 1) * CELL - 1 };
}

/** A transaction with the connection it runs on, for COPY. */
export type Planning = { transaction: Queryable; client: pg.ClientBase };

/** Who is due at `now`, counted by cell and schedule; `everyone` counts all readers, for replays of another moment. */
export async function listDueGroups(
  db: Queryable,
  { now, everyone }: { now: Date; everyone: boolean },
): Promise<DueGroup[]> {
  const answer = await db.execute<DueGroup>(
    sql`select (id / ${sql.raw(String(CELL))})::int as cell, timezone, hour, cadence, count(*)::int as readers from subscribers
      where ${everyone ? sql`state = 'confirmed'` : sql`state in ('confirmed', 'paused') and due_at <= ${now.toISOString()}`}
      group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
  );
  return answer.rows;
}

/** Runs `work` in one transaction; it rolls back when `work` throws. */
export async function planTogether<Result>(
  db: Database,
  work: (planning: Planning) => Promise<Result>,
): Promise<Result> {
  const client = await db.$client.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const result = await work({ client, transaction: drizzle(client, { schema }) });
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Keeps other planners out of a cell until the transaction ends; false where one is in and `wait` is not asked for. */
export async function lockCell(transaction: Queryable, cell: number, { wait }: { wait: boolean }): Promise<boolean> {
  const lock = wait ? sql`pg_advisory_xact_lock` : sql`pg_try_advisory_xact_lock`;
  const answer = await transaction.execute<{ locked: boolean | "" }>(
    sql`select ${lock}(${PLAN_LOCK}, ${cell}) as locked`,
  );
  return answer.rows[0]?.locked !== false;
}

type Take = { cell: number; slots: DueSlot[]; readers: number; now: Date; everyone: boolean; dryRun: boolean };

/**
 * Takes the readers of a cell who are due by these slots: moves each to their next moment, never backwards, and ends pauses
 * that are over; a row that another transaction holds is waited for and looked at again. `dryRun` reads and changes nothing.
 * `everyone` looks at every reader and asks the ledger what was sent, for replays of another moment.
 */
export async function takeDueReaders({ client }: Planning, take: Take): Promise<DueReader[]> {
  const { cell, slots, now, everyone, dryRun } = take;
  const { from, to } = cellIds(cell);
  const text = (value: string) => client.escapeLiteral(value);
  const values = slots.map(
    ({ timezone, hour, cadence, nextDueAt, today, edition }, nth) =>
      `(${nth}, ${text(timezone)}, ${hour}::smallint, ${text(cadence)}, timestamptz ${text(nextDueAt.toISOString())}, ` +
      `date ${text(today)}, date ${text(edition?.editionDate ?? today)})`,
  );
  const where = `subscribers.id between ${from} and ${to} and subscribers.timezone = slots.timezone
    and subscribers.hour = slots.hour and subscribers.cadence = slots.cadence and (state = 'confirmed'
    ${everyone ? ")" : `or state = 'paused' and paused_until <= slots.today) and due_at <= timestamptz ${text(now.toISOString())}`}`;
  const columns = "subscribers.id, nth, edition_date, max_papers, min_upvotes, provider, excluded";
  const taken = dryRun
    ? `select ${columns} from subscribers join slots on ${where}`
    : `update subscribers set due_at = greatest(subscribers.due_at, slots.next), state = 'confirmed', paused_until = null
        from slots where ${where} returning ${columns}`;
  // Topics of a few readers are looked up one by one, those of many are read through.
  const few = take.readers < CELL / 40;
  const topics = few
    ? "array(select topic_id from subscriptions where subscriber_id = taken.id order by topic_id)"
    : "chosen.topic_ids";
  const chosen = `left join (select subscriber_id, array_agg(topic_id order by topic_id) as topic_ids from subscriptions
      where subscriber_id between ${from} and ${to} group by subscriber_id) chosen on chosen.subscriber_id = taken.id`;
  const ledger = `(select array_agg(paper) from digests, unnest(paper_ids) as paper where subscriber_id = taken.id
      and digests.state not in ('failed', 'expired', 'cancelled', 'skipped'))`;
  const readers: DueReader[] = [];
  await copyOut(
    client,
    `with slots(nth, timezone, hour, cadence, next, today, edition_date) as (values ${values.join(", ")}), taken as (${taken})
      select taken.id, nth, max_papers, min_upvotes, provider, excluded, ${topics}, written.topic_ids, sent_papers.paper_ids,
        ${everyone ? ledger : "null"}, exists (select from digests where digests.subscriber_id = taken.id
          and digests.edition_date = taken.edition_date)::int
      from taken ${few ? "" : chosen}
      left join (select owner_id, array_agg(id order by id) as topic_ids from topics
        where owner_id between ${from} and ${to} and retired_at is null group by owner_id) written on owner_id = taken.id
      left join sent_papers on sent_papers.subscriber_id = taken.id and sent_papers.subscriber_id between ${from} and ${to}`,
    (row) => readers.push(readReader(row)),
  );
  return readers;
}

function readReader(row: Row): DueReader {
  const id = readInteger(row);
  const slot = readInteger(row);
  const maxPapers = readInteger(row);
  const minUpvotes = readInteger(row);
  const provider = readText(row);
  const exclusions = readText(row);
  const followed = readIntegers(row) ?? nobody;
  const own = readIntegers(row);
  const listed = readIntegers(row);
  const ledger = readIntegers(row);
  const has = readInteger(row) === 1;
  const topicIds = own ? [...new Set([...followed, ...own])].sort((a, b) => a - b) : followed;
  const sent = ledger ? [...(listed ?? nobody), ...ledger] : (listed ?? nobody);
  const [known, ownTopicIds] = [listed !== undefined, own ?? nobody];
  const [excluded, votes] = [undefined, undefined];
  return {
    id,
    slot,
    maxPapers,
    minUpvotes,
    provider,
    exclusions,
    topicIds,
    ownTopicIds,
    sent,
    known,
    has,
    excluded,
    votes,
  };
}

/** Shared by all who have none. */
const nobody: readonly number[] = [];

/** The ids of papers listed since a moment; of what was sent, only these can come into question again. */
export async function listIdsSince(db: Queryable, since: Date): Promise<number[]> {
  const answer = await db.execute<{ id: number }>(sql`select id from papers where listed_at > ${since.toISOString()}`);
  return answer.rows.map(({ id }) => id);
}

/** Gives papers of digests that will never be sent back to their readers; the others keep their order. */
export async function releasePapers(transaction: Queryable, digestIds: number[]): Promise<void> {
  if (digestIds.length === 0) return;
  await transaction.execute(
    sql`update sent_papers set paper_ids = array(
        select paper from unnest(sent_papers.paper_ids) with ordinality as sent(paper, nth)
        where paper <> all (digests.paper_ids) order by nth)
      from digests where digests.id = any(${sql.param(digestIds)}::bigint[])
        and sent_papers.subscriber_id = digests.subscriber_id`,
  );
}
