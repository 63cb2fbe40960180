// How does a reader move, take their data along, or vanish? Each needs a fresh link that works once.
import { and, eq, inArray, sql } from "drizzle-orm";
import type { LetterKind } from "../core/digest.ts";
import type { TokenKeys } from "../core/tokens.ts";
import type { Database, Queryable } from "./connect.ts";
import { listEvents, recordEvent } from "./events.ts";
import { cancelLetters, writeLetter } from "./letters.ts";
import { useToken } from "./one-time.ts";
import { digests, letters, subscribers, subscriptions, topics, votes } from "./schema.ts";
import { findByEmail, findSubscriber, lockSubscriber } from "./subscriber-rows.ts";
import { isSuppressed } from "./suppressions.ts";

type Asked = { letter: number | undefined };

/** Mails a link for export or erasure to the reader's own address. */
export async function askForLink(
  db: Database,
  { subscriberId, kind, now }: { subscriberId: number; kind: "export" | "erase"; now: Date },
): Promise<Asked> {
  return db.transaction(async (transaction) => {
    const subscriber = await lockSubscriber(transaction, subscriberId);
    if (!subscriber || subscriber.state === "suppressed") return { letter: undefined };
    return { letter: await writeLetter(transaction, { kind, subscriberId, now }) };
  });
}

/** Mails a link to the new address; nothing changes before it is followed. Suppressed addresses get no mail. */
export async function askForNewAddress(
  db: Database,
  keys: TokenKeys,
  { subscriberId, email, now }: { subscriberId: number; email: string; now: Date },
): Promise<Asked> {
  return db.transaction(async (transaction) => {
    const subscriber = await lockSubscriber(transaction, subscriberId);
    if (!subscriber || subscriber.state === "suppressed" || subscriber.email === email) return { letter: undefined };
    if (await isSuppressed(transaction, keys, email)) return { letter: undefined };
    await cancelLetters(transaction, subscriberId, ["change-address"]);
    const letter = await writeLetter(transaction, { kind: "change-address", subscriberId, recipient: email, now });
    if (letter !== undefined) await recordEvent(transaction, subscriberId, "address-asked", now);
    return { letter };
  });
}

export type Moved =
  | { kind: "moved"; notice: number | undefined }
  | { kind: "used" }
  | { kind: "taken" }
  | { kind: "gone" };

/**
 * Moves a reader to the address that a change-address letter went to, once, and writes the notice to the old one. A row of
 * somebody who only asked or has left gives way; another reader's does not.
 */
export async function changeAddress(
  db: Database,
  keys: TokenKeys,
  { letterId, token, provider, now }: { letterId: number; token: string; provider: string; now: Date },
): Promise<Moved> {
  return db.transaction(async (transaction): Promise<Moved> => {
    const [letter] = await transaction.select().from(letters).where(eq(letters.id, letterId));
    const subscriber = letter ? await lockSubscriber(transaction, letter.subscriberId) : undefined;
    const email = letter?.recipient ?? undefined;
    if (!subscriber || !email || letter?.kind !== "change-address" || subscriber.state === "suppressed")
      return { kind: "gone" };
    if (await isSuppressed(transaction, keys, email)) return { kind: "gone" };
    const other = await findByEmail(transaction, email);
    if (other && other.id !== subscriber.id) {
      if (other.state !== "pending" && other.state !== "unsubscribed") return { kind: "taken" };
      await transaction.delete(subscribers).where(eq(subscribers.id, other.id));
      await recordEvent(transaction, other.id, "gave-way", now);
    }
    if (!(await useToken(transaction, token, now))) return { kind: "used" };
    await transaction
      .update(subscribers)
      .set({ email, provider, softBounces: 0, softSince: null, fullReturnedAt: null })
      .where(eq(subscribers.id, subscriber.id));
    await transaction
      .update(digests)
      .set({ provider })
      .where(and(eq(digests.subscriberId, subscriber.id), inArray(digests.state, ["planned", "retry"])));
    await recordEvent(transaction, subscriber.id, "address-changed", now);
    const notice = await writeLetter(transaction, {
      kind: "address-changed",
      subscriberId: subscriber.id,
      recipient: subscriber.email,
      now,
    });
    return { kind: "moved", notice };
  });
}

/** Deletes a reader and all that hangs on them; a suppression of the address stays, by its HMAC. False where there was none. */
export async function eraseSubscriber(
  db: Queryable,
  { subscriberId, via, now }: { subscriberId: number; via: string; now: Date },
): Promise<boolean> {
  return db.transaction(async (transaction) => {
    const subscriber = await lockSubscriber(transaction, subscriberId);
    if (!subscriber) return false;
    await transaction.delete(subscribers).where(eq(subscribers.id, subscriberId));
    await transaction.execute(sql`delete from events where subscriber_id = ${subscriberId}`);
    await recordEvent(transaction, null, "erased", now, { via });
    return true;
  });
}

/** The kinds of letters that concern only pages; their times are part of a reader's data. */
type LetterLine = { kind: LetterKind; at: Date; state: string };

/** Everything that is kept about a reader, as plain data for a JSON file. */
export async function exportSubscriber(db: Queryable, subscriberId: number) {
  const subscriber = await findSubscriber(db, subscriberId);
  if (!subscriber) return undefined;
  const chosen = await db
    .select({ slug: topics.slug, name: topics.name, rules: topics.rules, ownerId: topics.ownerId })
    .from(subscriptions)
    .innerJoin(topics, eq(topics.id, subscriptions.topicId))
    .where(eq(subscriptions.subscriberId, subscriberId))
    .orderBy(topics.id);
  const sent = await db.execute<{ paperId: number; title: string; canonicalId: string; editionDate: string }>(
    sql`select papers.id as "paperId", papers.title, papers.canonical_id as "canonicalId", edition_date::text as "editionDate"
      from digests, unnest(paper_ids) as chosen(id) join papers on papers.id = chosen.id
      where subscriber_id = ${subscriberId} and state = 'sent' order by edition_date, papers.id`,
  );
  const editions = await db
    .select({
      date: digests.editionDate,
      state: digests.state,
      reason: digests.reason,
      plannedAt: digests.plannedAt,
      sentAt: digests.sentAt,
    })
    .from(digests)
    .where(eq(digests.subscriberId, subscriberId))
    .orderBy(digests.editionDate);
  const written: LetterLine[] = await db
    .select({ kind: letters.kind, at: letters.createdAt, state: letters.state })
    .from(letters)
    .where(eq(letters.subscriberId, subscriberId))
    .orderBy(letters.id);
  const voted = await db
    .select({ paperId: votes.paperId, direction: votes.direction, at: votes.createdAt })
    .from(votes)
    .where(eq(votes.subscriberId, subscriberId));
  return {
    subscriber,
    topics: chosen.filter(({ ownerId }) => ownerId === null).map(({ slug, name }) => ({ slug, name })),
    savedTopics: chosen.filter(({ ownerId }) => ownerId !== null).map(({ name, rules }) => ({ name, rules })),
    editions,
    papersSent: sent.rows,
    votes: voted.map(({ direction, ...vote }) => ({ ...vote, direction: direction > 0 ? "more" : "less" })),
    letters: written,
    events: (await listEvents(db, { subscriberId, limit: 10_000 })).map(({ kind, at, detail }) => ({
      kind,
      at,
      detail,
    })),
  };
}
