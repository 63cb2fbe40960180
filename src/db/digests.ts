// What is to be sent, who has claimed it, and what became of it? The ledger of deliver.
import { sql } from "drizzle-orm";
import type { Cadence, Digest, DigestCard } from "../core/digest.ts";
import { type CardCache, findCards } from "./cards.ts";
import type { Queryable } from "./connect.ts";
import { releasePapers } from "./due.ts";
import { SENDER_LOCKS } from "./locks.ts";

export type ClaimedDigest = Digest & {
  provider: string;
  attempts: number;
  expiresAt: Date;
  /** It may have arrived before; and that because a connection was lost after the message. */
  uncertainBefore: boolean;
  lostBefore: boolean;
  /** The mailbox was full the last time. */
  full: boolean;
};

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
  coversFrom: string | null;
  uncertainBefore: boolean;
  lostBefore: boolean;
  full: boolean;
};

const LOST = "the connection was lost before the answer";
const columns = sql`digests.id, digests.subscriber_id as "subscriberId", email,
  digests.edition_date::text as "editionDate", coalesce(sent_cadence, cadence) as cadence,
  coalesce(sent_format, format) as format, digests.planned_at as "plannedAt",
  digests.expires_at as "expiresAt", digests.provider, digests.attempts, digests.more,
  digests.paper_ids as "paperIds", digests.topic_ids as "topicIds", digests.covers_from as "coversFrom"`;

/** What was claimed, and how many digests ended instead because their reader left or their window is over. */
export type Claim = { claimed: ClaimedDigest[]; ended: number };

/**
 * Claims up to `limit` digests with ids from … to … that may be sent now, in the name of `worker`. Opt-out wins here: a digest of
 * anyone who is not confirmed any more is cancelled instead, and one whose window is over expires; both give their papers back. A
 * provider that asked us to slow down has as many on their way as it may have, over all workers. Nothing is left to do in the
 * range for now when both counts are nought.
 */
export async function claimDigests(
  transaction: Queryable,
  {
    from,
    to,
    limit,
    now,
    worker,
    cards: cache,
  }: { from: number; to: number; limit: number; now: Date; worker: string; cards: CardCache },
): Promise<Claim> {
  const at = now.toISOString();
  // `open` reads in the order of the ids until it has enough; a join with providers would read and sort the whole range.
  const answer = await transaction.execute<Row & { state: string }>(
    sql`with open as (
        select digests.id, email, cadence, format, soft_bounces > 0 as full, digests.provider,
          digests.state = 'uncertain' as uncertain, digests.reason is not distinct from ${LOST} as lost,
          case when subscribers.state <> 'confirmed' then 'cancelled'
            when digests.state <> 'uncertain' and expires_at <= ${at} then 'expired' else 'sending' end as next
        from digests join subscribers on subscribers.id = digests.subscriber_id
        where digests.id between ${from} and ${to} and digests.state in ('planned', 'retry', 'uncertain')
          and (subscribers.state <> 'confirmed' or digests.state <> 'uncertain' and expires_at <= ${at}
            or (next_attempt_at is null or next_attempt_at <= ${at}) and digests.provider <> all(array(
              select provider from providers where stopped or paused_until > ${at})))
        order by digests.id limit ${limit} for no key update of digests skip locked
      ), chosen as (
        select numbered.* from (select *, row_number() over (partition by provider, next order by id) as nth from open) numbered
        left join providers using (provider)
        where next <> 'sending' or connections is null or nth <= connections
          - (select count(*) from digests busy where busy.state = 'sending' and busy.provider = numbered.provider)
      )
      update digests set state = next, claimed_by = ${worker},
        claimed_at = case next when 'sending' then ${at}::timestamptz end,
        attempts = digests.attempts + (next = 'sending')::int,
        reason = case next when 'expired' then 'not accepted before the next edition'
          when 'cancelled' then 'left or paused before it went out' else reason end,
        sent_cadence = coalesce(sent_cadence, cadence), sent_format = coalesce(sent_format, format)
      from chosen where digests.id = chosen.id
      returning ${columns}, digests.state, uncertain as "uncertainBefore", lost as "lostBefore", "full"`,
  );
  const rows = answer.rows.sort((a, b) => Number(a.id) - Number(b.id));
  const claimed = rows.filter(({ state }) => state === "sending");
  const ended = rows.filter(({ state }) => state !== "sending");
  await releasePapers(
    transaction,
    ended.map(({ id }) => Number(id)),
  );
  const cards = await findCards(transaction, claimed, cache);
  return { claimed: claimed.map((row, at) => readRow(row, cards[at] ?? [])), ended: ended.length };
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
    sql`select ${columns}, false as "uncertainBefore", false as "lostBefore", false as "full", digests.state, digests.reason
      from digests join subscribers on subscribers.id = digests.subscriber_id where ${where}`,
  );
  const row = answer.rows[0];
  if (!row) return undefined;
  const [cards] = await findCards(db, [row]);
  return { ...readRow(row, cards ?? []), state: row.state, reason: row.reason };
}

function readRow(row: Row, cards: DigestCard[]): ClaimedDigest {
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
    cards,
    uncertainBefore: row.uncertainBefore,
    lostBefore: row.lostBefore,
    full: row.full,
  };
}

export type DigestOutcome = {
  id: number;
  state: "sent" | "uncertain" | "retry" | "failed" | "cancelled";
  answer: string;
  nextAttemptAt?: Date;
  /** The connection was lost between message and answer. */
  lost?: boolean;
};

/** Writes down what the server answered to digests that `worker` claimed; those that failed for good give their papers back. */
export async function recordOutcomes(
  db: Queryable,
  { outcomes, worker, now }: { outcomes: DigestOutcome[]; worker: string; now: Date },
): Promise<void> {
  const given = sql`unnest(${sql.param(outcomes.map(({ id }) => id))}::bigint[],
    ${sql.param(outcomes.map(({ state }) => state))}::text[],
    ${sql.param(outcomes.map(({ answer }) => answer.replaceAll("\u0000", "").slice(0, 500)))}::text[],
    ${sql.param(outcomes.map(({ nextAttemptAt }) => nextAttemptAt?.toISOString() ?? null))}::timestamptz[],
    ${sql.param(outcomes.map(({ lost = false }) => lost))}::boolean[])`;
  await db.execute(
    sql`update digests set state = given.state, answer = given.answer, claimed_at = null,
        reason = case when given.lost then ${LOST} when given.state = 'uncertain' then reason end,
        next_attempt_at = given.next_attempt_at, sent_at = case when given.state = 'sent' then ${now.toISOString()}::timestamptz end
      from ${given} as given(id, state, answer, next_attempt_at, lost)
      where digests.id = given.id and digests.state in ('sending', 'uncertain') and claimed_by = ${worker}`,
  );
  const unsent = outcomes.filter(({ state }) => state === "failed" || state === "cancelled");
  await releasePapers(
    db,
    unsent.map(({ id }) => id),
  );
}

/**
 * Gives claims back that were never handed to the mail server, as if they had not been made; in a transaction, because a claim
 * whose commit is still under way is waited for.
 */
export async function releaseClaims(
  transaction: Queryable,
  { claims, worker }: { claims: ClaimedDigest[]; worker: string },
): Promise<void> {
  const idsOf = (some: ClaimedDigest[]) => sql`any(${sql.param(some.map(({ id }) => id))}::bigint[])`;
  await transaction.execute(sql`select from digests where id = ${idsOf(claims)} order by id for no key update`);
  await transaction.execute(
    sql`update digests set claimed_at = null, attempts = attempts - 1,
        state = case when id = ${idsOf(claims.filter(({ uncertainBefore }) => uncertainBefore))} then 'uncertain'
          when attempts > 1 then 'retry' else 'planned' end
      where id = ${idsOf(claims)} and state = 'sending' and claimed_by = ${worker}`,
  );
}

/** Longer than it takes a worker that lost its database for a moment to come back and write down what it knows. */
const COME_BACK_MS = 60_000;
/** A worker that is alive after all writes its answers down before another one sends. */
const OBJECT_MS = 30_000;
/** A machine that vanished without a word keeps its session for long. */
const VANISHED_MS = 30 * 60_000;

/**
 * Digests in `sending` whose worker is gone: nobody knows whether they went out, so they go once more. `graceMs` is how long a
 * worker without a session may still come back.
 */
export async function markUncertain(db: Queryable, now: Date, graceMs = COME_BACK_MS): Promise<number> {
  const answer = await db.execute(
    sql`update digests set state = 'uncertain', claimed_at = null,
        next_attempt_at = ${new Date(now.getTime() + OBJECT_MS).toISOString()}
      where state = 'sending' and (claimed_at < ${new Date(now.getTime() - VANISHED_MS).toISOString()}
        or claimed_at <= ${new Date(now.getTime() - graceMs).toISOString()} and not exists (select 1 from pg_locks
          where locktype = 'advisory' and classid = ${SENDER_LOCKS} and objid::text = split_part(claimed_by, '.', 1)
            and database = (select oid from pg_database where datname = current_database())))`,
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

/** Deletes what retention says: edition cards of editions and digests older than `before`. */
export async function deleteOldEditions(db: Queryable, before: Date): Promise<void> {
  const day = before.toISOString().slice(0, 10);
  await db.execute(
    sql`delete from digests where edition_date < ${day}::date and state not in ('planned', 'sending', 'retry', 'uncertain')`,
  );
  await db.execute(sql`delete from edition_cards where edition_date < ${day}::date`);
}
