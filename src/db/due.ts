// Who is due, what do they follow, and what were they already sent? Plan reads here and writes its digests back.
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import type pg from "pg";
import type { Chooser } from "../core/plan/rank.ts";
import type { Schedule, Slot } from "../core/plan/schedule.ts";
import type { Database, Queryable } from "./connect.ts";
import { copyOut, type Row, readInteger, readIntegers, readText } from "./copy.ts";
import { CELL_LOCKS } from "./locks.ts";
import * as schema from "./schema.ts";

/** Readers are planned by cells of this many ids, a transaction each. */
const CELL = 5_000;

/** A schedule by which readers of a cell are due. */
export type DueGroup = Schedule & { cell: number };

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

/** By which schedules readers of which cells are due at `now`; `everyone` looks at all readers, for replays of another moment. */
export async function listDueGroups(
  db: Queryable,
  { now, everyone }: { now: Date; everyone: boolean },
): Promise<DueGroup[]> {
  const answer = await db.execute<DueGroup>(
    sql`select (id / ${sql.raw(String(CELL))})::int as cell, timezone, hour, cadence from subscribers
      where ${everyone ? sql`state = 'confirmed'` : sql`state in ('confirmed', 'paused') and due_at <= ${now.toISOString()}`}
      group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
  );
  return answer.rows;
}

/**
 * Runs `work` in one transaction; it rolls back when `work` throws. Nobody waits for the disk when it commits: a server that
 * crashes in that moment forgets the cell as a whole, and its readers are due again. No mail can have gone out by then, because
 * a claim is a later commit that does wait (unless the whole server is told not to), and the log is written in order: whatever
 * a claim saw is on disk before it. Cells that freeze cards do wait: those that follow do not freeze the same again.
 */
export async function planTogether<Result>(
  db: Database,
  work: (planning: Planning) => Promise<Result>,
): Promise<Result> {
  const client = await db.$client.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin; set local synchronous_commit = off");
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
    sql`select ${lock}(${CELL_LOCKS}, ${cell}) as locked`,
  );
  return answer.rows[0]?.locked !== false;
}

type Take = { cell: number; slots: DueSlot[]; now: Date; everyone: boolean; dryRun: boolean };

/**
 * Takes the readers of a cell who are due by these slots: moves each to their next moment, never backwards, and ends pauses
 * that are over; a row that another transaction holds is waited for and looked at again. `dryRun` reads and changes nothing.
 * `everyone` looks at every reader and asks the ledger what was sent, for replays of another moment.
 */
export async function takeDueReaders(planning: Planning, take: Take): Promise<DueReader[]> {
  const { from, to } = cellIds(take.cell);
  const readers: DueReader[] = [];
  /** By id, from the cell's first on. */
  const byId = new Array<DueReader | undefined>(CELL).fill(undefined);
  await copyOut(planning.client, takeStatement(planning, take), (row) => {
    const reader = readReader(row);
    readers.push(reader);
    byId[reader.id - from] = reader;
  });
  if (readers.length === 0) return readers;
  // What belongs to a few readers is looked up one by one, what belongs to many is read through; joining it in one statement
  // would look all of it up one by one, because PostgreSQL cannot know how many of a cell are due.
  const few = readers.length < CELL / 40;
  const theirs = few ? `= any('{${readers.map(({ id }) => id).join(",")}}')` : `between ${from} and ${to}`;
  const lists = async (query: string, put: (reader: DueReader, ids: number[]) => void) =>
    copyOut(planning.client, query, (row) => {
      const reader = byId[readInteger(row) - from];
      const ids = readIntegers(row);
      if (reader && ids) put(reader, ids);
    });
  await lists(
    `select subscriber_id, array_agg(topic_id order by topic_id) from subscriptions where subscriber_id ${theirs} group by 1`,
    (reader, ids) => {
      reader.topicIds = ids;
    },
  );
  await lists(
    `select owner_id, array_agg(id order by id) from topics where owner_id ${theirs} and retired_at is null group by 1`,
    (reader, ids) => {
      reader.ownTopicIds = ids;
      reader.topicIds = [...new Set([...reader.topicIds, ...ids])].sort((a, b) => a - b);
    },
  );
  await lists(`select subscriber_id, paper_ids from sent_papers where subscriber_id ${theirs}`, (reader, ids) => {
    reader.known = true;
    reader.sent = ids;
  });
  if (take.everyone)
    await lists(
      `select subscriber_id, array_agg(paper) from digests, unnest(paper_ids) as paper where subscriber_id ${theirs}
        and state not in ('failed', 'expired', 'cancelled', 'skipped') group by 1`,
      (reader, ids) => {
        reader.sent = [...reader.sent, ...ids];
      },
    );
  return readers;
}

function takeStatement({ client }: Planning, { cell, slots, now, everyone, dryRun }: Take): string {
  const { from, to } = cellIds(cell);
  const text = (value: string) => client.escapeLiteral(value);
  const values = slots.map(
    ({ timezone, hour, cadence, nextDueAt, today, edition }, nth) =>
      `(${nth}, ${text(timezone)}, ${hour}::smallint, ${text(cadence)}, timestamptz ${text(nextDueAt.toISOString())}, ` +
      `date ${text(today)}, date ${text(edition?.editionDate ?? today)})`,
  );
  const due = `(values ${values.join(", ")}) as slots(nth, timezone, hour, cadence, next, today, edition_date)`;
  const where = `subscribers.id between ${from} and ${to} and subscribers.timezone = slots.timezone
    and subscribers.hour = slots.hour and subscribers.cadence = slots.cadence and (state = 'confirmed'
    ${everyone ? ")" : `or state = 'paused' and paused_until <= slots.today) and due_at <= timestamptz ${text(now.toISOString())}`}`;
  const columns = `subscribers.id, nth, max_papers, min_upvotes, provider, excluded, exists (select from digests
    where digests.subscriber_id = subscribers.id and digests.edition_date = slots.edition_date)::int`;
  return dryRun
    ? `select ${columns} from subscribers join ${due} on ${where}`
    : `update subscribers set due_at = greatest(subscribers.due_at, slots.next), state = 'confirmed', paused_until = null
        from ${due} where ${where} returning ${columns}`;
}

function readReader(row: Row): DueReader {
  return {
    id: readInteger(row),
    slot: readInteger(row),
    maxPapers: readInteger(row),
    minUpvotes: readInteger(row),
    provider: readText(row),
    exclusions: readText(row),
    has: readInteger(row) === 1,
    topicIds: nobody,
    ownTopicIds: nobody,
    sent: nobody,
    known: false,
    excluded: undefined,
    votes: undefined,
  };
}

/** Shared by all who have none. */
const nobody: readonly number[] = [];

/** The ids of papers listed since a moment; of what was sent, only these can come into question again. */
export async function listIdsSince(db: Queryable, since: Date): Promise<number[]> {
  const answer = await db.execute<{ ids: number[] | null }>(
    sql`select json_agg(id) as ids from papers where listed_at > ${since.toISOString()}`,
  );
  return answer.rows[0]?.ids ?? [];
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
