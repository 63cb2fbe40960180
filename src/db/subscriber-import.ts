// How do readers come in from elsewhere, and go out again? Opt-outs win over whatever a file says.
import { eq, sql } from "drizzle-orm";
import type { Cadence } from "../core/digest.ts";
import { moreCautious, type SubscriberState } from "../core/readers/subscriber-state.ts";
import type { TokenKeys } from "../core/tokens.ts";
import type { Database, Queryable } from "./connect.ts";
import { recordEvent } from "./events.ts";
import { subscribers } from "./schema.ts";
import {
  cancelQueuedDigests,
  listUnknownTopics,
  lockSubscriberByEmail,
  replaceChosenTopics,
} from "./subscriber-rows.ts";
import { timing } from "./subscribers.ts";
import { isSuppressed, suppress } from "./suppressions.ts";

/** One line of a file, already read; the address is normalised. */
export type ImportedSubscriber = {
  line: number;
  email: string;
  provider: string;
  state: SubscriberState;
  timezone?: string;
  hour?: number;
  cadence?: Cadence;
  maxPapers?: number;
  topics?: string[];
};
export type Imported = {
  added: number;
  changed: number;
  unchanged: number;
  refused: { line: number; reason: string }[];
};

/**
 * Brings readers in, one transaction each. New ones get the state of the file, known ones at most a state that sends less;
 * suppressed addresses stay out, and choices of known readers stay theirs.
 */
export async function importSubscribers(
  db: Database,
  keys: TokenKeys,
  rows: ImportedSubscriber[],
  now: Date,
): Promise<Imported> {
  const counts: Imported = { added: 0, changed: 0, unchanged: 0, refused: [] };
  for (const row of rows) {
    const answer = await importOne(db, keys, row, now);
    if (typeof answer === "string") counts[answer]++;
    else counts.refused.push(answer);
  }
  return counts;
}

async function importOne(db: Database, keys: TokenKeys, row: ImportedSubscriber, now: Date) {
  const { line, email, provider, state, topics = [], timezone, hour, cadence, maxPapers } = row;
  if (state === "suppressed") {
    const fresh = await suppress(db, keys, { email, reason: "manual", via: "import", now });
    return fresh ? "changed" : "unchanged";
  }
  return db.transaction(async (transaction) => {
    if (await isSuppressed(transaction, keys, email)) return { line, reason: "this address is suppressed" };
    const unknown = await listUnknownTopics(transaction, topics);
    if (unknown.length > 0) return { line, reason: `not on offer: ${unknown.join(", ").slice(0, 200)}` };
    const known = await lockSubscriberByEmail(transaction, email);
    if (known) {
      const next = moreCautious(known.state, state);
      if (next === known.state || (next === "paused" && known.pausedUntil === null)) return "unchanged";
      await transaction
        .update(subscribers)
        .set({ state: next, dueAt: null, ...(next === "unsubscribed" ? { unsubscribedAt: now } : {}) })
        .where(eq(subscribers.id, known.id));
      await cancelQueuedDigests(transaction, known.id);
      await recordEvent(transaction, known.id, "imported", now, { from: known.state, to: next });
      return "changed";
    }
    if (state === "paused") return { line, reason: "a pause has no date in a file; bring this reader in as confirmed" };
    if (state === "confirmed" && topics.length === 0) return { line, reason: "a confirmed reader needs a topic" };
    const [added] = await transaction
      .insert(subscribers)
      .values({
        email,
        provider,
        createdAt: now,
        ...(timezone === undefined ? {} : { timezone }),
        ...(hour === undefined ? {} : { hour }),
        ...(cadence === undefined ? {} : { cadence }),
        ...(maxPapers === undefined ? {} : { maxPapers }),
      })
      .returning();
    if (!added) throw new Error("an imported subscriber was not written");
    await replaceChosenTopics(transaction, added.id, topics);
    if (state === "confirmed")
      await transaction
        .update(subscribers)
        .set({ ...timing(added, null, now), confirmedAt: now, consent: "import" })
        .where(eq(subscribers.id, added.id));
    if (state === "unsubscribed")
      await transaction.update(subscribers).set({ state, unsubscribedAt: now }).where(eq(subscribers.id, added.id));
    await recordEvent(transaction, added.id, "imported", now, { to: state });
    return "added";
  });
}

export type ExportedSubscriber = {
  email: string;
  state: SubscriberState;
  timezone: string;
  hour: number;
  cadence: Cadence;
  maxPapers: number;
  topics: string[];
  createdAt: string;
  confirmedAt: string | null;
};

/** All readers in the order they came, a thousand at a time, for a file. */
export async function* listForExport(db: Queryable): AsyncGenerator<ExportedSubscriber[]> {
  let after = 0;
  for (;;) {
    const answer = await db.execute<ExportedSubscriber & { id: string }>(
      sql`select id, email, state, timezone, hour, cadence, max_papers as "maxPapers", created_at as "createdAt",
          confirmed_at as "confirmedAt", array(select slug from subscriptions join topics on topics.id = topic_id
            where subscriber_id = subscribers.id and owner_id is null order by position) as topics
        from subscribers where id > ${after} order by id limit 1000`,
    );
    if (answer.rows.length === 0) return;
    after = Number(answer.rows.at(-1)?.id);
    yield answer.rows.map(({ id: _, ...row }) => row);
  }
}
