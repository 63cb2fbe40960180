// How is one subscriber's row read, locked and described? What every act on a subscriber builds on.
import { and, eq, inArray, isNotNull, isNull, or, sql } from "drizzle-orm";
import type { Queryable } from "./connect.ts";
import { releasePapers } from "./due.ts";
import { digests, subscribers, subscriptions, topics } from "./schema.ts";

export type Subscriber = typeof subscribers.$inferSelect;

export async function findSubscriber(db: Queryable, id: number): Promise<Subscriber | undefined> {
  const [row] = await db.select().from(subscribers).where(eq(subscribers.id, id));
  return row;
}

/** By normalised address. */
export async function findByEmail(db: Queryable, email: string): Promise<Subscriber | undefined> {
  const [row] = await db.select().from(subscribers).where(eq(subscribers.email, email));
  return row;
}

/** Ids by normalised address, of those that are known. */
export async function findIdsByEmail(db: Queryable, emails: string[]): Promise<Map<string, number>> {
  const rows = await db.execute<{ id: string; email: string }>(
    sql`select id, email from subscribers where email = any(${sql.param(emails)}::text[])`,
  );
  return new Map(rows.rows.map(({ id, email }) => [email, Number(id)]));
}

/** Reads a subscriber and keeps others from changing it until the transaction ends. */
export async function lockSubscriber(transaction: Queryable, id: number): Promise<Subscriber | undefined> {
  const [row] = await transaction.select().from(subscribers).where(eq(subscribers.id, id)).for("update");
  return row;
}

export async function lockSubscriberByEmail(transaction: Queryable, email: string): Promise<Subscriber | undefined> {
  const [row] = await transaction.select().from(subscribers).where(eq(subscribers.email, email)).for("update");
  return row;
}

/** Those of these addresses that have a row, by address, locked in one order so that nobody waits for a circle. */
export async function lockSubscribersByEmail(
  transaction: Queryable,
  emails: string[],
): Promise<Map<string, Subscriber>> {
  const which = inArray(subscribers.email, emails);
  const rows = await transaction.select().from(subscribers).where(which).orderBy(subscribers.id).for("update");
  return new Map(rows.map((row) => [row.email, row]));
}

/** Stops digests that are planned or wait for another attempt and gives their papers back; deliver looks again when it claims. */
export async function cancelQueuedDigests(transaction: Queryable, subscriberId: number): Promise<void> {
  const cancelled = await transaction
    .update(digests)
    .set({ state: "cancelled", reason: "left or paused before it went out" })
    .where(and(eq(digests.subscriberId, subscriberId), inArray(digests.state, ["planned", "retry"])))
    .returning({ id: digests.id });
  await releasePapers(
    transaction,
    cancelled.map(({ id }) => id),
  );
}

/** Slugs of the offered topics a subscriber chose, in the order of the offer. */
export async function listChosenTopics(db: Queryable, subscriberId: number): Promise<string[]> {
  const rows = await db
    .select({ slug: topics.slug })
    .from(subscriptions)
    .innerJoin(topics, eq(topics.id, subscriptions.topicId))
    .where(and(eq(subscriptions.subscriberId, subscriberId), isNull(topics.ownerId), isNull(topics.retiredAt)))
    .orderBy(topics.position, topics.id);
  return rows.map(({ slug }) => slug);
}

/** The topics that a subscriber's digests draw from, offered and own. */
export async function listTopicsToRead(db: Queryable, subscriberId: number): Promise<{ id: number; name: string }[]> {
  return db
    .select({ id: topics.id, name: topics.name })
    .from(topics)
    .leftJoin(subscriptions, and(eq(subscriptions.topicId, topics.id), eq(subscriptions.subscriberId, subscriberId)))
    .where(and(isNull(topics.retiredAt), or(isNotNull(subscriptions.topicId), eq(topics.ownerId, subscriberId))))
    .orderBy(topics.id);
}

/** Which of these slugs are not on offer. */
export async function listUnknownTopics(db: Queryable, slugs: string[]): Promise<string[]> {
  if (slugs.length === 0) return [];
  const offered = await db
    .select({ slug: topics.slug })
    .from(topics)
    .where(and(inArray(topics.slug, slugs), isNull(topics.ownerId), isNull(topics.retiredAt)));
  return slugs.filter((slug) => !offered.some((topic) => topic.slug === slug));
}

/** Makes the chosen offered topics exactly these slugs; saved topics stay, slugs that are not on offer are passed over. */
export async function replaceChosenTopics(
  transaction: Queryable,
  subscriberId: number,
  slugs: string[],
): Promise<void> {
  const slugList = sql.param(slugs);
  await transaction.execute(
    sql`delete from subscriptions using topics
      where subscriptions.subscriber_id = ${subscriberId} and topics.id = subscriptions.topic_id
        and topics.owner_id is null and not (topics.slug = any(${slugList}::text[]))`,
  );
  await transaction.execute(
    sql`insert into subscriptions (subscriber_id, topic_id)
      select ${subscriberId}, id from topics
      where owner_id is null and retired_at is null and slug = any(${slugList}::text[])
      on conflict do nothing`,
  );
}

/** How many offered and how many saved topics a subscriber's digest can draw from. */
export async function countActiveTopics(
  db: Queryable,
  subscriberId: number,
): Promise<{ offered: number; saved: number }> {
  const rows = await db
    .select({ ownerId: topics.ownerId })
    .from(subscriptions)
    .innerJoin(topics, eq(topics.id, subscriptions.topicId))
    .where(and(eq(subscriptions.subscriberId, subscriberId), isNull(topics.retiredAt)));
  const saved = rows.filter(({ ownerId }) => ownerId !== null).length;
  return { offered: rows.length - saved, saved };
}
