// What do the papers of these digests look like? Cards as their editions froze them, each read and parsed once a process.
import { sql } from "drizzle-orm";
import type { DigestCard } from "../core/digest.ts";
import type { Queryable } from "./connect.ts";

/** The papers of one digest, and from when on they count as today's. */
export type Shown = { editionDate: string; paperIds: number[]; topicIds: number[]; coversFrom: string | Date | null };
/** A card before it is known whether it came earlier than the reader's edition. */
type Frozen = DigestCard & { listedAt?: string };
type Known = { today: DigestCard; earlier: DigestCard; listedAtMs: number };
/** What was read before, oldest first. */
export type CardCache = Map<string, Known>;

/** Cards are about 2 KB each: this many are some 40 MB. */
const MOST_KEPT = 20_000;

/**
 * The cards of each digest, in its order; papers whose card is gone are left out. The same card is the same object, so that what
 * is made of it can be kept with it.
 */
export async function findCards(db: Queryable, digests: Shown[], kept: CardCache = new Map()): Promise<DigestCard[][]> {
  const missing = new Map<string, { editionDate: string; paperId: number; topicId: number }>();
  for (const { editionDate, paperIds, topicIds } of digests)
    for (const [at, paperId] of paperIds.entries()) {
      const topicId = topicIds[at] ?? 0;
      const key = `${editionDate} ${paperId} ${topicId}`;
      if (!kept.has(key)) missing.set(key, { editionDate, paperId, topicId });
    }
  if (missing.size > 0) await read(db, [...missing.values()], kept);
  const cards = digests.map(({ editionDate, paperIds, topicIds, coversFrom }) => {
    const coversMs = coversFrom === null ? Number.NEGATIVE_INFINITY : new Date(coversFrom).getTime();
    return paperIds.flatMap((paperId, at) => {
      const known = kept.get(`${editionDate} ${paperId} ${topicIds[at] ?? 0}`);
      return known ? [known.listedAtMs <= coversMs ? known.earlier : known.today] : [];
    });
  });
  for (const [key] of kept) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(key);
  }
  return cards;
}

async function read(
  db: Queryable,
  wanted: { editionDate: string; paperId: number; topicId: number }[],
  kept: CardCache,
): Promise<void> {
  const answer = await db.execute<{ key: string; card: Frozen }>(
    sql`select cards.edition_date || ' ' || cards.paper_id || ' ' || cards.topic_id as key, card
      from unnest(${sql.param(wanted.map(({ editionDate }) => editionDate))}::date[],
          ${sql.param(wanted.map(({ paperId }) => paperId))}::int[], ${sql.param(wanted.map(({ topicId }) => topicId))}::int[])
        as wanted(edition_date, paper_id, topic_id)
      join edition_cards cards using (edition_date, paper_id, topic_id)`,
  );
  for (const { key, card } of answer.rows) {
    const listedAtMs = card.listedAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(card.listedAt);
    kept.set(key, { today: { ...card, earlier: false }, earlier: { ...card, earlier: true }, listedAtMs });
  }
}
