// How do plans become digests? Rows by COPY, papers noted as sent, cards frozen; all in planning's transaction.
import { sql } from "drizzle-orm";
import type { Slot } from "../core/schedule.ts";
import type { Queryable } from "./connect.ts";
import { addLine, copyIn, type Lines, startLines } from "./copy.ts";
import { cellIds, type DueReader, type Planning } from "./due.ts";

/** Of a list of sent papers this many must be too old before it is shortened: about once in three editions. */
const SHORTEN = 30;
/** Digests a deliver job. */
const RANGE = 1_000;

export type NewDigest = {
  reader: DueReader;
  edition: NonNullable<Slot["edition"]>;
  paperIds: number[];
  topicIds: number[];
  more: number;
  /** Why nothing is sent; null where the digest is to be delivered. */
  reason: string | null;
};
type Ids = { from: number; to: number };

const columns =
  "id, subscriber_id, edition_date, expires_at, covers_from, provider, paper_ids, topic_ids, more, reason, state, planned_at";

/**
 * Writes one digest for each reader taken in this transaction and notes its papers as sent, so that no later plan chooses
 * them. The readers have no digest of the edition (`has`), and nobody else can write one while their rows are held. Answers
 * the ids to deliver, a bounded number a range.
 */
export async function writeDigests(
  { client, transaction }: Planning,
  {
    cell,
    digests,
    kept,
    now,
  }: { cell: number; digests: NewDigest[]; kept: ReadonlySet<number> | undefined; now: Date },
): Promise<Ids[]> {
  if (digests.length === 0) return [];
  const ids = await takeIds(transaction, digests.length);
  const planned = digests.filter(({ reason }) => reason === null);
  // Those to deliver first: their ids lie together.
  const inOrder = planned.length === digests.length ? planned : digests.toSorted(deliveredFirst);
  await copyIn(client, `copy digests (${columns}) from stdin`, writeLines(inOrder, ids, now));
  const readers = planned.map(({ reader }) => reader);
  const written = { from: ids[0] ?? 0, to: ids.at(-1) ?? 0 };
  await reservePapers(transaction, { readers, kept, digestIds: written, subscriberIds: cellIds(cell) });
  const ranges: Ids[] = [];
  for (let first = 0; first < planned.length; first += RANGE)
    ranges.push({ from: ids[first] ?? 0, to: ids[Math.min(first + RANGE, planned.length) - 1] ?? 0 });
  return ranges;
}

const deliveredFirst = (a: NewDigest, b: NewDigest) => Number(a.reason !== null) - Number(b.reason !== null);

function writeLines(digests: NewDigest[], ids: number[], now: Date): Lines {
  const lines = startLines();
  const plannedAt = now.toISOString();
  // Readers with one schedule share their edition: its dates are written out once.
  const dates = new Map<NewDigest["edition"], [string, string]>();
  for (let nth = 0; nth < digests.length; nth++) {
    const digest = digests[nth];
    if (!digest) continue;
    const { reader, edition, paperIds, topicIds, more, reason } = digest;
    let written = dates.get(edition);
    if (!written) {
      written = [edition.expiresAt.toISOString(), edition.coversFrom.toISOString()];
      dates.set(edition, written);
    }
    const [expiresAt, coversFrom] = written;
    const state = reason === null ? "planned" : "skipped";
    const { editionDate } = edition;
    const id = ids[nth] ?? 0;
    addLine(lines, [
      id,
      reader.id,
      editionDate,
      expiresAt,
      coversFrom,
      reader.provider,
      paperIds,
      topicIds,
      more,
      reason,
      state,
      plannedAt,
    ]);
  }
  return lines;
}

/** That many new ids, ascending; others may take ids between them. */
async function takeIds(transaction: Queryable, count: number): Promise<number[]> {
  const answer = await transaction.execute<{ ids: string }>(
    sql`select string_agg(nextval('digests_id_seq')::text, ',') as ids from generate_series(1, ${count})`,
  );
  return (answer.rows[0]?.ids ?? "").split(",").map(Number);
}
/** Puts the papers of these digests to their readers' lists, shortening those that have grown. */
async function reservePapers(
  transaction: Queryable,
  {
    readers,
    kept,
    digestIds,
    subscriberIds,
  }: { readers: DueReader[]; kept: ReadonlySet<number> | undefined; digestIds: Ids; subscriberIds: Ids },
): Promise<void> {
  const fresh = readers.filter(({ known }) => !known).map(({ id }) => id);
  if (fresh.length > 0)
    await transaction.execute(
      sql`insert into sent_papers (subscriber_id, paper_ids) select unnest(${sql.param(fresh)}::bigint[]), '{}'
        on conflict do nothing`,
    );
  const grown = readers.flatMap(({ id, sent }) => {
    const old = kept ? countOld(sent, kept) : 0;
    return old >= SHORTEN ? [{ id, length: sent.length, old }] : [];
  });
  // Papers may have been given back since the list was read: then it has another length, and is shortened next time.
  if (grown.length > 0)
    await transaction.execute(
      sql`update sent_papers set paper_ids = paper_ids[given.old + 1:]
        from unnest(${sql.param(grown.map(({ id }) => id))}::bigint[], ${sql.param(grown.map(({ length }) => length))}::int[],
          ${sql.param(grown.map(({ old }) => old))}::int[]) as given(subscriber_id, length, old)
        where sent_papers.subscriber_id = given.subscriber_id and cardinality(paper_ids) = given.length`,
    );
  await transaction.execute(
    sql`update sent_papers set paper_ids = sent_papers.paper_ids || digests.paper_ids from digests
      where digests.id between ${digestIds.from} and ${digestIds.to} and digests.state = 'planned'
        and digests.subscriber_id between ${subscriberIds.from} and ${subscriberIds.to}
        and sent_papers.subscriber_id between ${subscriberIds.from} and ${subscriberIds.to}
        and sent_papers.subscriber_id = digests.subscriber_id`,
  );
}

/** How many of a list, from its beginning, are not among those kept. */
function countOld(sent: readonly number[], kept: ReadonlySet<number>): number {
  let old = 0;
  while (old < sent.length && !kept.has(sent[old] ?? 0)) old++;
  return old;
}

/** Freezes what each (paper, topic) of an edition shows; what an edition already says stays. */
export async function freezeCards(
  transaction: Queryable,
  cards: { editionDate: string; paperId: number; topicId: number }[],
): Promise<void> {
  if (cards.length === 0) return;
  // In one order, so that planners who freeze the same cards wait for each other and never in a circle.
  await transaction.execute(
    sql`insert into edition_cards (edition_date, paper_id, topic_id, card)
      select given.edition_date, given.paper_id, given.topic_id, jsonb_build_object(
        'paperId', papers.id, 'title', title, 'abstract', abstract, 'authors', authors[1:40], 'authorCount', cardinality(authors),
        'organization', organization, 'upvotes', upvotes, 'comments', comments, 'stars', stars, 'links', links,
        'listedOn', listed_on, 'listedAt', listed_at, 'terms', coalesce(matches.terms, '{}'), 'earlier', false,
        'topic', jsonb_build_object('slug', topics.slug, 'name', topics.name, 'owned', topics.owner_id is not null))
      from unnest(${sql.param(cards.map(({ editionDate }) => editionDate))}::date[],
          ${sql.param(cards.map(({ paperId }) => paperId))}::int[], ${sql.param(cards.map(({ topicId }) => topicId))}::int[])
        as given(edition_date, paper_id, topic_id)
      join papers on papers.id = given.paper_id
      join topics on topics.id = given.topic_id
      left join matches on matches.paper_id = given.paper_id and matches.topic_id = given.topic_id
      order by given.edition_date, given.paper_id, given.topic_id
      on conflict do nothing`,
  );
}
