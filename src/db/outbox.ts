// Which letters wait to be sent, and which mailbox providers asked us to slow down?
import { sql } from "drizzle-orm";
import type { Letter, LetterKind } from "../core/digest.ts";
import type { Queryable } from "./connect.ts";

type Row = { id: string; kind: LetterKind; subscriberId: string; to: string; createdAt: string; attempts: number };
export type ClaimedLetter = Letter & { attempts: number };

/** Claims one letter for sending; undefined when it is gone, sent, claimed by another or not wanted any more. */
export async function claimLetter(db: Queryable, id: number, now: Date): Promise<ClaimedLetter | undefined> {
  const answer = await db.execute<Row>(
    sql`update letters set state = 'sending', claimed_at = ${now.toISOString()}, attempts = letters.attempts + 1
      from subscribers where letters.id = ${id} and subscribers.id = letters.subscriber_id
        and letters.state in ('planned', 'retry') and subscribers.state <> 'suppressed'
      returning letters.id, letters.kind, letters.subscriber_id as "subscriberId",
        coalesce(letters.recipient, subscribers.email) as to, letters.created_at as "createdAt", letters.attempts`,
  );
  const row = answer.rows[0];
  return (
    row && {
      id: Number(row.id),
      kind: row.kind,
      subscriberId: Number(row.subscriberId),
      to: row.to,
      createdAt: new Date(row.createdAt),
      attempts: row.attempts,
    }
  );
}

export async function recordLetter(
  db: Queryable,
  letter: { id: number; state: "sent" | "retry" | "failed"; answer: string; nextAttemptAt?: Date },
  now: Date,
): Promise<void> {
  await db.execute(
    sql`update letters set state = ${letter.state}, answer = ${letter.answer.slice(0, 500)}, claimed_at = null,
        next_attempt_at = ${letter.nextAttemptAt?.toISOString() ?? null},
        sent_at = ${letter.state === "sent" ? now.toISOString() : null} where id = ${letter.id} and state = 'sending'`,
  );
}

/** Letters that stood still: never rung, due for another attempt, or left in `sending` since before `stuckBefore`. */
export async function listOpenLetters(db: Queryable, now: Date, stuckBefore: Date): Promise<number[]> {
  await db.execute(
    sql`update letters set state = 'retry', claimed_at = null where state = 'sending' and claimed_at < ${stuckBefore.toISOString()}`,
  );
  const answer = await db.execute<{ id: string }>(
    sql`select id from letters where state in ('planned', 'retry')
      and (next_attempt_at is null or next_attempt_at <= ${now.toISOString()}) order by id limit 1000`,
  );
  return answer.rows.map(({ id }) => Number(id));
}

/** Deletes letters written before a moment that are done with: each names an address. */
export async function deleteOldLetters(db: Queryable, before: Date): Promise<void> {
  await db.execute(
    sql`delete from letters where created_at < ${before.toISOString()} and state in ('sent', 'failed', 'cancelled')`,
  );
}

/** Lets one provider rest until a moment, then begin again with one message at a time; or stops it until the operator has looked. */
export async function slowProvider(
  db: Queryable,
  provider: string,
  { pausedUntil, stopped, reason, now }: { pausedUntil: Date | null; stopped: boolean; reason: string; now: Date },
): Promise<void> {
  await db.execute(
    sql`insert into providers (provider, paused_until, connections, stopped, reason, updated_at)
      values (${provider}, ${pausedUntil?.toISOString() ?? null}, ${stopped ? null : 1}, ${stopped}, ${reason.slice(0, 300)}, ${now.toISOString()})
      on conflict (provider) do update set paused_until = excluded.paused_until,
        connections = coalesce(excluded.connections, providers.connections),
        stopped = providers.stopped or excluded.stopped, reason = excluded.reason, updated_at = excluded.updated_at`,
  );
}

const QUIET_MS = 5 * 60_000;
const FULL_SPEED = 20;

/** Gives providers that rested one message more at a time after each quiet interval, until they need no limit. */
export async function easeProviders(db: Queryable, now: Date): Promise<void> {
  const quietSince = new Date(now.getTime() - QUIET_MS).toISOString();
  await db.execute(
    sql`update providers set connections = connections + 1, updated_at = ${now.toISOString()}
      where connections is not null and not stopped and updated_at <= ${quietSince}
        and coalesce(paused_until, '-infinity') <= ${quietSince}`,
  );
  await db.execute(sql`delete from providers where connections > ${FULL_SPEED} and not stopped`);
}

/**
 * Counts a full mailbox, told by the server's answer or, `returned`, by a report of a mail that it had taken; true when five in a
 * row over at least 14 days make the address one to suppress.
 */
export async function countSoftBounce(
  db: Queryable,
  { subscriberId, returned, now }: { subscriberId: number; returned: boolean; now: Date },
): Promise<boolean> {
  const at = now.toISOString();
  const answer = await db.execute<{ over: boolean }>(
    sql`update subscribers set soft_bounces = soft_bounces + 1, soft_since = coalesce(soft_since, ${at}),
        full_returned_at = ${returned ? sql`${at}` : sql`full_returned_at`}
      where id = ${subscriberId}
      returning soft_bounces >= 5 and soft_since <= ${at}::timestamptz - interval '14 days' as over`,
  );
  return answer.rows[0]?.over ?? false;
}

/**
 * A mailbox whose server takes mail again is no longer counted as full. Where mail came back after it was taken, that means nothing
 * before one has stayed for five days, the longest that servers try (RFC 5321 §4.5.4.1).
 */
export async function clearSoftBounces(db: Queryable, subscriberId: number, now: Date): Promise<void> {
  await db.execute(
    sql`update subscribers set soft_bounces = 0, soft_since = null, full_returned_at = null
      where id = ${subscriberId} and (full_returned_at is null or exists (
        select from digests where subscriber_id = subscribers.id and sent_at > full_returned_at
          and sent_at <= ${now.toISOString()}::timestamptz - interval '5 days'))`,
  );
}
