// What do the papers of these digests look like? Cards as their editions froze them, each read and parsed once a process.
import { sql } from "drizzle-orm";
import type { DigestCard } from "../core/digest.ts";
import type { Queryable } from "./connect.ts";

/** The papers of one digest, and from when on they count as today's. */
export type Shown = { editionDate: string; paperIds: number[]; topicIds: number[]; coversFrom: string | Date | null };
/** A card before it is known whether it came earlier than the reader's edition. */
type Frozen = DigestCard & { listedAt?: string };
type Known = { today: DigestCard; earlier: DigestCard; listedAtMs: number };
/** What was read before, by edition, topic and paper. */
export type CardCache = { editions: Map<string, Map<number, Map<number, Known>>>; size: number };

/** A card with what is made of it takes about 6 KB: so many are some 60 MB, and then the cache begins anew. */
const MOST_KEPT = 10_000;

export function emptyCardCache(): CardCache {
  return { editions: new Map(), size: 0 };
}

/**
 * The cards of each digest, in its order; papers whose card is gone are left out. The same card is the same object, so that what
 * is made of it can be kept with it.
 */
export async function findCards(
  db: Queryable,
  digests: Shown[],
  kept: CardCache = emptyCardCache(),
): Promise<DigestCard[][]> {
  if (kept.size > MOST_KEPT) Object.assign(kept, emptyCardCache());
  // Held on to: while this one reads, another may begin a new cache.
  const { editions } = kept;
  const missing = listMissing(editions, digests);
  if (missing.length > 0) {
    const added = await read(db, missing, editions);
    if (kept.editions === editions) kept.size += added;
  }
  return digests.map(({ editionDate, paperIds, topicIds, coversFrom }) => {
    const edition = editions.get(editionDate);
    const coversMs = coversFrom === null ? Number.NEGATIVE_INFINITY : new Date(coversFrom).getTime();
    const cards: DigestCard[] = [];
    for (let at = 0; at < paperIds.length; at++) {
      const known = edition?.get(topicIds[at] ?? 0)?.get(paperIds[at] ?? 0);
      if (known) cards.push(known.listedAtMs <= coversMs ? known.earlier : known.today);
    }
    return cards;
  });
}

type Wanted = { editionDate: string; paperId: number; topicId: number };

function listMissing(editions: CardCache["editions"], digests: Shown[]): Wanted[] {
  const missing = new Map<string, Wanted>();
  for (const { editionDate, paperIds, topicIds } of digests) {
    const edition = editions.get(editionDate);
    for (let at = 0; at < paperIds.length; at++) {
      const paperId = paperIds[at] ?? 0;
      const topicId = topicIds[at] ?? 0;
      if (!edition?.get(topicId)?.has(paperId))
        missing.set(`${editionDate} ${paperId} ${topicId}`, { editionDate, paperId, topicId });
    }
  }
  return [...missing.values()];
}

async function read(db: Queryable, wanted: Wanted[], editions: CardCache["editions"]): Promise<number> {
  const answer = await db.execute<Wanted & { card: Frozen }>(
    sql`select cards.edition_date::text as "editionDate", cards.paper_id as "paperId", cards.topic_id as "topicId", card
      from unnest(${sql.param(wanted.map(({ editionDate }) => editionDate))}::date[],
          ${sql.param(wanted.map(({ paperId }) => paperId))}::int[], ${sql.param(wanted.map(({ topicId }) => topicId))}::int[])
        as wanted(edition_date, paper_id, topic_id)
      join edition_cards cards using (edition_date, paper_id, topic_id)`,
  );
  let added = 0;
  for (const { editionDate, paperId, topicId, card } of answer.rows) {
    const listedAtMs = card.listedAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(card.listedAt);
    const edition = editions.get(editionDate) ?? new Map<number, Map<number, Known>>();
    const topic = edition.get(topicId) ?? new Map<number, Known>();
    editions.set(editionDate, edition);
    edition.set(topicId, topic);
    // Another may have read it meanwhile; its card stays.
    if (topic.has(paperId)) continue;
    topic.set(paperId, { today: { ...card, earlier: false }, earlier: { ...card, earlier: true }, listedAtMs });
    added++;
  }
  return added;
}
