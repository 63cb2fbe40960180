// What does the operator look at? Editions by state, what went wrong, readers by address.
import { sql } from "drizzle-orm";
import type { Queryable } from "./connect.ts";
import { inEditionsSince } from "./status.ts";

export type EditionStates = { editionDate: string; states: Record<string, number> };

/** How the digests of the last days' editions stand, newest first. */
export async function listEditionStates(
  db: Queryable,
  { days, now }: { days: number; now: Date },
): Promise<EditionStates[]> {
  const since = new Date(now.getTime() - (days - 1) * 86_400_000).toISOString();
  const answer = await db.execute<{ editionDate: string; state: string; digests: number }>(
    sql`select edition_date::text as "editionDate", state, count(*)::int as digests from digests
      where ${inEditionsSince(since)}
      group by edition_date, state order by edition_date desc, state`,
  );
  const editions = new Map<string, Record<string, number>>();
  for (const { editionDate, state, digests } of answer.rows)
    editions.set(editionDate, { ...editions.get(editionDate), [state]: digests });
  return [...editions].map(([editionDate, states]) => ({ editionDate, states }));
}

export type ProviderTrouble = { provider: string; stopped: boolean; pausedUntil: Date | null; reason: string | null };

/** Mailbox providers that refuse us, or asked us to slow down. */
export async function listProviderTroubles(db: Queryable, now: Date): Promise<ProviderTrouble[]> {
  const answer = await db.execute<Omit<ProviderTrouble, "pausedUntil"> & { pausedUntil: string | null }>(
    sql`select provider, stopped, paused_until as "pausedUntil", reason from providers
      where stopped or paused_until > ${now.toISOString()} order by stopped desc, provider limit 100`,
  );
  return answer.rows.map((row) => ({
    ...row,
    pausedUntil: row.pausedUntil === null ? null : new Date(row.pausedUntil),
  }));
}

/** Lets mail to a provider go on after the operator has looked; false where it was not stopped. */
export async function resumeProvider(db: Queryable, provider: string, now: Date): Promise<boolean> {
  const answer = await db.execute(
    sql`update providers set stopped = false, paused_until = null, updated_at = ${now.toISOString()}
      where provider = ${provider} and (stopped or paused_until is not null)`,
  );
  return answer.rowCount === 1;
}

export type Failure = { what: string; state: string; answer: string | null; count: number };

/** What mail servers said when mail of the last two days failed or waits, most frequent first; answers without addresses. */
export async function listFailures(db: Queryable, now: Date): Promise<Failure[]> {
  const since = new Date(now.getTime() - 2 * 86_400_000).toISOString();
  const said = sql.raw(`left(regexp_replace(coalesce(answer, reason), '[^ <>]+@[^ <>]+', '[address]', 'g'), 160)`);
  const saidOfLetters = sql.raw(`left(regexp_replace(answer, '[^ <>]+@[^ <>]+', '[address]', 'g'), 160)`);
  const answer = await db.execute<Failure>(
    sql`select 'digest' as what, state, ${said} as answer, count(*)::int as count from digests
        where planned_at > ${since} and ${inEditionsSince(since)} and state in ('failed', 'retry', 'expired', 'uncertain') group by 1, 2, 3
      union all
      select 'letter', state, ${saidOfLetters}, count(*)::int from letters
        where created_at > ${since} and state in ('failed', 'retry') group by 1, 2, 3
      order by count desc limit 50`,
  );
  return answer.rows;
}

export type FoundSubscriber = { id: number; email: string; state: string; cadence: string; createdAt: Date };

/** Readers whose address holds a text, newest first. */
export async function searchSubscribers(db: Queryable, text: string, limit: number): Promise<FoundSubscriber[]> {
  const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, "\\$&")}%`;
  const answer = await db.execute<Omit<FoundSubscriber, "id" | "createdAt"> & { id: string; createdAt: string }>(
    sql`select id, email, state, cadence, created_at as "createdAt" from subscribers
      where email like ${pattern} order by id desc limit ${limit}`,
  );
  return answer.rows.map((row) => ({ ...row, id: Number(row.id), createdAt: new Date(row.createdAt) }));
}
