// What is to be sent, who has claimed it, and what became of it? The ledger of deliver.
import { sql } from "drizzle-orm";
import type { Cadence, Digest, DigestCard } from "../core/digest.ts";
import type { Queryable } from "./connect.ts";
import { releasePapers } from "./due.ts";
import { shownCard } from "./editions.ts";

export type ClaimedDigest = Digest & { provider: string; attempts: number; expiresAt: Date; uncertainBefore: boolean };

type Row = {
  id: string;
  subscriberId: string;
  email: string;
  editionDate: string;
  cadence: Cadence;
  format: "html" | "text";
  plannedAt: string;
  expiresAt: string;
  provider: string;
  attempts: number;
  more: number;
  paperIds: number[];
  topicIds: number[];
  cards: DigestCard[];
  uncertainBefore: boolean;
};

const cards = sql`(select coalesce(jsonb_agg(${shownCard} order by nth), '[]')
  from unnest(digests.paper_ids, digests.topic_ids) with ordinality as chosen(paper_id, topic_id, nth)
  join edition_cards on edition_cards.edition_date = digests.edition_date
    and edition_cards.paper_id = chosen.paper_id and edition_cards.topic_id = chosen.topic_id)`;
const columns = sql`digests.id, digests.subscriber_id as "subscriberId", subscribers.email,
  digests.edition_date::text as "editionDate", subscribers.cadence, subscribers.format, digests.planned_at as "plannedAt",
  digests.expires_at as "expiresAt", digests.provider, digests.attempts, digests.more, ${cards} as cards`;

/**
 * Claims up to `limit` digests with ids from … to … that may be sent now. Opt-out wins here: a digest of anyone who is not
 * confirmed any more is cancelled instead, and one whose window is over expires and gives its papers back.
 */
export async function claimDigests(
  transaction: Queryable,
  { from, to, limit, now, worker }: { from: number; to: number; limit: number; now: Date; worker: string },
): Promise<ClaimedDigest[]> {
  const at = now.toISOString();
  await transaction.execute(
    sql`update digests set state = 'cancelled', reason = 'left or paused before it went out'
      from subscribers where subscribers.id = digests.subscriber_id and subscribers.state <> 'confirmed'
        and digests.id between ${from} and ${to} and digests.state in ('planned', 'retry', 'uncertain')`,
  );
  const expired = await transaction.execute<{ id: string }>(
    sql`update digests set state = 'expired', reason = 'not accepted before the next edition'
      where id between ${from} and ${to} and state in ('planned', 'retry') and expires_at <= ${at} returning id`,
  );
  await releasePapers(
    transaction,
    expired.rows.map(({ id }) => Number(id)),
  );
  const answer = await transaction.execute<Row>(
    sql`with open as (
        select digests.id, digests.state = 'uncertain' as uncertain from digests
        join subscribers on subscribers.id = digests.subscriber_id and subscribers.state = 'confirmed'
        left join providers on providers.provider = digests.provider
        where digests.id between ${from} and ${to}
          and digests.state in ('planned', 'retry', 'uncertain')
          and (next_attempt_at is null or next_attempt_at <= ${at})
          and not coalesce(providers.stopped, false) and coalesce(providers.paused_until, '-infinity') <= ${at}
        order by digests.id limit ${limit} for no key update of digests skip locked
      )
      update digests set state = 'sending', claimed_at = ${at}, claimed_by = ${worker}, attempts = digests.attempts + 1
      from open, subscribers where digests.id = open.id and subscribers.id = digests.subscriber_id
      returning ${columns}, open.uncertain as "uncertainBefore"`,
  );
  return answer.rows.map(readRow).sort((a, b) => a.id - b.id);
}

/** One digest as it was or will be composed, for the browser and the command line. */
export async function findDigest(
  db: Queryable,
  which: { id: number } | { email: string; editionDate: string },
): Promise<(ClaimedDigest & { state: string; reason: string | null }) | undefined> {
  const where =
    "id" in which
      ? sql`digests.id = ${which.id}`
      : sql`subscribers.email = ${which.email} and digests.edition_date = ${which.editionDate}::date`;
  const answer = await db.execute<Row & { state: string; reason: string | null }>(
    sql`select ${columns}, false as "uncertainBefore", digests.state, digests.reason
      from digests join subscribers on subscribers.id = digests.subscriber_id where ${where}`,
  );
  const row = answer.rows[0];
  return row && { ...readRow(row), state: row.state, reason: row.reason };
}

function readRow(row: Row): ClaimedDigest {
  return {
    id: Number(row.id),
    subscriberId: Number(row.subscriberId),
    email: row.email,
    editionDate: row.editionDate,
    cadence: row.cadence,
    format: row.format,
    plannedAt: new Date(row.plannedAt),
    expiresAt: new Date(row.expiresAt),
    provider: row.provider,
    attempts: row.attempts,
    more: row.more,
    cards: row.cards,
    uncertainBefore: row.uncertainBefore,
  };
}

export type DigestOutcome = {
  id: number;
  state: "sent" | "uncertain" | "retry" | "failed";
  answer: string;
  nextAttemptAt?: Date;
};

/** Writes down what the server answered to a claimed digest; a digest that failed for good gives its papers back. */
export async function recordOutcome(db: Queryable, outcome: DigestOutcome, now: Date): Promise<void> {
  const { id, state, answer, nextAttemptAt } = outcome;
  await db.execute(
    sql`update digests set state = ${state}, answer = ${answer.slice(0, 500)}, claimed_at = null,
        next_attempt_at = ${nextAttemptAt?.toISOString() ?? null},
        sent_at = ${state === "sent" ? now.toISOString() : null}
      where id = ${id} and state = 'sending'`,
  );
  if (state === "failed") await releasePapers(db, [id]);
}

/** Digests left in `sending` since before `before`: nobody knows whether they went out, so they go once more. */
export async function markUncertain(db: Queryable, before: Date): Promise<number> {
  const answer = await db.execute(
    sql`update digests set state = 'uncertain', claimed_at = null where state = 'sending' and claimed_at < ${before.toISOString()}`,
  );
  return answer.rowCount ?? 0;
}

/** Ranges of ids, `size` rows each, of digests that are open and may go now. */
export async function listOpenRanges(
  db: Queryable,
  { now, size }: { now: Date; size: number },
): Promise<{ from: number; to: number }[]> {
  const answer = await db.execute<{ from: string; to: string }>(
    sql`select min(id) as "from", max(id) as "to" from (
        select id, (row_number() over (order by id) - 1) / ${size} as bucket from digests
        where state in ('planned', 'retry', 'uncertain') and (next_attempt_at is null or next_attempt_at <= ${now.toISOString()})
      ) open group by bucket order by 1 limit 1000`,
  );
  return answer.rows.map(({ from, to }) => ({ from: Number(from), to: Number(to) }));
}

/** Ids of digests that are open and may go now. */
export async function listOpenDigests(db: Queryable, now: Date): Promise<number[]> {
  const answer = await db.execute<{ id: string }>(
    sql`select id from digests where state in ('planned', 'retry', 'uncertain')
      and (next_attempt_at is null or next_attempt_at <= ${now.toISOString()}) order by id`,
  );
  return answer.rows.map(({ id }) => Number(id));
}

/** How many of these digests stand in each state. */
export async function countDigestStates(db: Queryable, ids: number[]): Promise<Record<string, number>> {
  const answer = await db.execute<{ state: string; count: number }>(
    sql`select state, count(*)::int as count from digests where id = any(${sql.param(ids)}::bigint[]) group by state`,
  );
  return Object.fromEntries(answer.rows.map(({ state, count }) => [state, count]));
}

/** How many digests stand in each state among those planned since `since`. */
export async function countDigests(db: Queryable, since: Date): Promise<Record<string, number>> {
  const answer = await db.execute<{ state: string; count: number }>(
    sql`select state, count(*)::int as count from digests where planned_at >= ${since.toISOString()} group by state`,
  );
  return Object.fromEntries(answer.rows.map(({ state, count }) => [state, count]));
}

/** Deletes what retention says: edition cards of editions and digests older than `before`. */
export async function deleteOldEditions(db: Queryable, before: Date): Promise<void> {
  const day = before.toISOString().slice(0, 10);
  await db.execute(
    sql`delete from digests where edition_date < ${day}::date and state not in ('planned', 'sending', 'retry', 'uncertain')`,
  );
  await db.execute(sql`delete from edition_cards where edition_date < ${day}::date`);
}
