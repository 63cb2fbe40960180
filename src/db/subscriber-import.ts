// How do readers come in from elsewhere, and go out again? Opt-outs win over whatever a file says.
import { eq, sql } from "drizzle-orm";
import type { Cadence } from "../core/digest.ts";
import { cleanLine } from "../core/ingest/clean-text.ts";
import { moreCautious, type SubscriberState } from "../core/readers/subscriber-state.ts";
import type { TokenKeys } from "../core/tokens.ts";
import type { Database, Queryable } from "./connect.ts";
import { recordEvent } from "./events.ts";
import { events, subscribers, subscriptions } from "./schema.ts";
import { cancelQueuedDigests, lockSubscribersByEmail, type Subscriber } from "./subscriber-rows.ts";
import { timing } from "./subscribers.ts";
import { listSuppressed, suppress } from "./suppressions.ts";
import { listOfferedTopics } from "./topics.ts";

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
 * Brings readers in, all of `rows` or none. New ones get the state of the file, known ones at most a state that sends less;
 * suppressed addresses stay out, and choices of known readers stay theirs.
 */
export async function importSubscribers(
  db: Database,
  keys: TokenKeys,
  rows: ImportedSubscriber[],
  now: Date,
): Promise<Imported> {
  return db.transaction(async (transaction) => {
    const counts: Imported = { added: 0, changed: 0, unchanged: 0, refused: [] };
    const offered = new Map((await listOfferedTopics(transaction)).map(({ slug, id }) => [slug, id]));
    const emails = rows.map(({ email }) => email);
    const suppressed = await listSuppressed(transaction, keys, emails);
    const known = await lockSubscribersByEmail(transaction, emails);
    const fresh: ImportedSubscriber[] = [];
    for (const row of rows) {
      const reader = known.get(row.email);
      if (row.state === "suppressed") {
        const { email } = row;
        const done = await suppress(transaction, keys, { email, reason: "manual", via: "import", now });
        counts[done ? "changed" : "unchanged"]++;
        continue;
      }
      const reason = suppressed.has(row.email) ? "this address is suppressed" : problemOf(row, offered, reader);
      if (reason !== undefined) counts.refused.push({ line: row.line, reason });
      else if (!reader) fresh.push(row);
      else counts[(await sendLess(transaction, reader, row.state, now)) ? "changed" : "unchanged"]++;
    }
    counts.added = await addReaders(transaction, fresh, offered, now);
    // Who signed up in the same moment keeps what they chose.
    counts.unchanged += fresh.length - counts.added;
    return counts;
  });
}

function problemOf(
  { state, topics = [] }: ImportedSubscriber,
  offered: Map<string, number>,
  known: Subscriber | undefined,
): string | undefined {
  const unknown = topics.filter((slug) => !offered.has(slug));
  if (unknown.length > 0) return `not on offer: ${cleanLine(unknown.join(", "), 200)}`;
  if (known) return undefined;
  if (state === "paused") return "a pause has no date in a file; bring this reader in as confirmed";
  if (state === "confirmed" && topics.length === 0) return "a confirmed reader needs a topic";
  return undefined;
}

/** Moves a known reader to a state that sends less; false where the file asks for nothing less than what is so. */
async function sendLess(
  transaction: Queryable,
  { id, state, pausedUntil }: Subscriber,
  asked: SubscriberState,
  now: Date,
): Promise<boolean> {
  const next = moreCautious(state, asked);
  if (next === state || (next === "paused" && pausedUntil === null)) return false;
  await transaction
    .update(subscribers)
    .set({ state: next, dueAt: null, ...(next === "unsubscribed" ? { unsubscribedAt: now } : {}) })
    .where(eq(subscribers.id, id));
  await cancelQueuedDigests(transaction, id);
  await recordEvent(transaction, id, "imported", now, { from: state, to: next });
  return true;
}

/** Writes new readers together, with their topics and the event; answers how many there were. */
async function addReaders(
  transaction: Queryable,
  rows: ImportedSubscriber[],
  offered: Map<string, number>,
  now: Date,
): Promise<number> {
  if (rows.length === 0) return 0;
  const added = await transaction
    .insert(subscribers)
    .values(
      rows.map(({ line: _, topics: __, state, ...reader }) => ({
        ...reader,
        state,
        createdAt: now,
        ...(state === "confirmed" ? { confirmedAt: now, consent: "import" } : {}),
        ...(state === "unsubscribed" ? { unsubscribedAt: now } : {}),
      })),
    )
    .onConflictDoNothing()
    .returning();
  // Many share a zone and an hour, and to find their moment takes longer than to write them.
  const moments = new Map<string, Date | null>();
  const due = added.flatMap((reader) => {
    if (reader.state !== "confirmed") return [];
    const slot = `${reader.timezone} ${reader.hour} ${reader.cadence}`;
    const at = moments.get(slot) ?? timing(reader, null, now).dueAt;
    moments.set(slot, at);
    return [{ id: reader.id, at }];
  });
  await transaction.execute(
    sql`update subscribers set due_at = given.at
      from unnest(${sql.param(due.map(({ id }) => id))}::bigint[], ${sql.param(due.map(({ at }) => at))}::timestamptz[])
        as given(id, at)
      where subscribers.id = given.id`,
  );
  const ids = new Map(added.map(({ id, email }) => [email, id]));
  const chosen = rows.flatMap(({ email, topics = [] }) =>
    topics.flatMap((slug) => {
      const [subscriberId, topicId] = [ids.get(email), offered.get(slug)];
      return subscriberId === undefined || topicId === undefined ? [] : [{ subscriberId, topicId }];
    }),
  );
  if (chosen.length > 0) await transaction.insert(subscriptions).values(chosen).onConflictDoNothing();
  const imported = added.map(({ id, state }) => ({
    subscriberId: id,
    kind: "imported",
    detail: { to: state },
    at: now,
  }));
  if (imported.length > 0) await transaction.insert(events).values(imported);
  return added.length;
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
