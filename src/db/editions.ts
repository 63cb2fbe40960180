// Which editions did a reader get, or why none, and what stood in them?
import { and, desc, eq, sql } from "drizzle-orm";
import type { DigestCard } from "../core/digest.ts";
import { findCards } from "./cards.ts";
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

/** The papers that a reader was sent, or is about to be, in editions up to this one. */
export async function listReceivedUntil(
  db: Queryable,
  { subscriberId, editionDate }: Pick<Edition, "subscriberId" | "editionDate">,
): Promise<number[]> {
  const answer = await db.execute<{ ids: number[] }>(
    sql`select coalesce(json_agg(distinct paper), '[]') as ids from digests, unnest(paper_ids) as paper
      where subscriber_id = ${subscriberId} and edition_date <= ${editionDate}
        and state not in ('failed', 'expired', 'cancelled', 'skipped')`,
  );
  return answer.rows[0]?.ids ?? [];
}

/** The cards of a digest as its edition froze them, in the digest's order. */
export async function listEditionCards(db: Queryable, digestId: number): Promise<DigestCard[]> {
  const { editionDate, paperIds, topicIds, coversFrom } = digests;
  const rows = await db
    .select({ editionDate, paperIds, topicIds, coversFrom })
    .from(digests)
    .where(eq(digests.id, digestId));
  const [cards] = await findCards(db, rows);
  return cards ?? [];
}
