// Which editions did a reader get, or why none, and what stood in them?
import { and, desc, eq, sql } from "drizzle-orm";
import type { DigestCard } from "../core/digest.ts";
import type { Queryable } from "./connect.ts";
import { digests } from "./schema.ts";

export type Edition = {
  id: number;
  subscriberId: number;
  editionDate: string;
  state: (typeof digests.$inferSelect)["state"];
  reason: string | null;
  papers: number;
  more: number;
  plannedAt: Date;
  sentAt: Date | null;
};

const columns = {
  id: digests.id,
  subscriberId: digests.subscriberId,
  editionDate: digests.editionDate,
  state: digests.state,
  reason: digests.reason,
  papers: sql<number>`cardinality(${digests.paperIds})`,
  more: digests.more,
  plannedAt: digests.plannedAt,
  sentAt: digests.sentAt,
};

/** A frozen card as one digest shows it: which papers came earlier depends on the reader's schedule. */
export const shownCard = sql.raw(
  `edition_cards.card || jsonb_build_object('earlier', coalesce((edition_cards.card ->> 'listedAt')::timestamptz <= digests.covers_from, false))`,
);

/** The latest editions of a reader, newest first, also the quiet ones with their reason. */
export async function listEditions(db: Queryable, subscriberId: number, limit: number): Promise<Edition[]> {
  return db
    .select(columns)
    .from(digests)
    .where(eq(digests.subscriberId, subscriberId))
    .orderBy(desc(digests.editionDate))
    .limit(limit);
}

/** The latest editions of a reader that were sent. */
export async function listSentEditions(db: Queryable, subscriberId: number, limit: number): Promise<Edition[]> {
  return db
    .select(columns)
    .from(digests)
    .where(and(eq(digests.subscriberId, subscriberId), eq(digests.state, "sent")))
    .orderBy(desc(digests.editionDate))
    .limit(limit);
}

export async function findEdition(db: Queryable, digestId: number): Promise<Edition | undefined> {
  const [row] = await db.select(columns).from(digests).where(eq(digests.id, digestId));
  return row;
}

/** The cards of a digest as its edition froze them, in the digest's order. */
export async function listEditionCards(db: Queryable, digestId: number): Promise<DigestCard[]> {
  const answer = await db.execute<{ card: DigestCard }>(
    sql`select ${shownCard} as card
      from digests, unnest(digests.paper_ids, digests.topic_ids) with ordinality as chosen(paper_id, topic_id, place)
        join edition_cards on edition_cards.paper_id = chosen.paper_id and edition_cards.topic_id = chosen.topic_id
      where digests.id = ${digestId} and edition_cards.edition_date = digests.edition_date
      order by chosen.place`,
  );
  return answer.rows.map(({ card }) => card);
}
