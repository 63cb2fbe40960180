// What came back for readers, and has it been taken? Written down once however often it is told; feedback takes it.
import { sql } from "drizzle-orm";
import type { Verdict } from "../core/feedback/bounce.ts";
import type { Queryable } from "./connect.ts";

export type Return = { id: number; subscriberId: number; verdict: Verdict; via: string };
type Told = { subscriberId: number; verdict: Verdict; fingerprint: string };

/** Writes down what came back; gives how many were not known. Readers who are erased meanwhile are passed over. */
export async function noteReturns(
  db: Queryable,
  { told, via, now }: { told: Told[]; via: string; now: Date },
): Promise<number> {
  const answer = await db.execute(
    sql`insert into returns (subscriber_id, verdict, via, fingerprint, came_at)
      select subscribers.id, verdict, ${via}, fingerprint, ${now.toISOString()}
      from unnest(${sql.param(told.map(({ subscriberId }) => subscriberId))}::bigint[],
        ${sql.param(told.map(({ verdict }) => verdict))}::text[],
        ${sql.param(told.map(({ fingerprint }) => fingerprint))}::text[]) as told(subscriber_id, verdict, fingerprint)
      join subscribers on subscribers.id = told.subscriber_id
      on conflict (fingerprint) do nothing`,
  );
  return answer.rowCount ?? 0;
}

/** What nobody has taken yet, oldest first. */
export async function listOpenReturns(db: Queryable, limit: number): Promise<Return[]> {
  const answer = await db.execute<Omit<Return, "id" | "subscriberId"> & { id: string; subscriberId: string }>(
    sql`select id, subscriber_id as "subscriberId", verdict, via from returns where taken_at is null order by id limit ${limit}`,
  );
  return answer.rows.map((row) => ({ ...row, id: Number(row.id), subscriberId: Number(row.subscriberId) }));
}

/** Takes one for the rest of the transaction; false where another process has. */
export async function takeReturn(transaction: Queryable, id: number, now: Date): Promise<boolean> {
  const answer = await transaction.execute(
    sql`update returns set taken_at = ${now.toISOString()} where id = ${id} and taken_at is null`,
  );
  return answer.rowCount === 1;
}
