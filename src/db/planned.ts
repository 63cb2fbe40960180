// How do plans become digests? Rows by COPY, papers noted as sent, cards frozen; all in planning's transaction.
import { sql } from "drizzle-orm";
import type { Queryable } from "./connect.ts";
import { copyIn, copyLine } from "./copy.ts";
import { cellIds, type DueReader, type Planning } from "./due.ts";

/** Of a list of sent papers this many must be too old before it is shortened: about once in three editions. */
const SHORTEN = 30;

export type NewDigest = {
  reader: DueReader;
  editionDate: string;
  expiresAt: Date;
  coversFrom: Date;
  paperIds: number[];
  topicIds: number[];
  more: number;
  /** Why nothing is sent; null where the digest is to be delivered. */
  reason: string | null;
};
type Ids = { from: number; to: number };

const columns =
  "subscriber_id, edition_date, expires_at, covers_from, provider, paper_ids, topic_ids, more, reason, state, planned_at";

/**
 * Writes one digest for each reader taken in this transaction and notes its papers as sent, so that no later plan chooses
 * them. The readers have no digest of the edition (`has`), and nobody else can write one while their rows are held. Answers
 * the range of ids, inside which there may be digests of others.
 */
export async function writeDigests(
  { client, transaction }: Planning,
  {
    cell,
    digests,
    kept,
    now,
  }: { cell: number; digests: NewDigest[]; kept: ReadonlySet<number> | undefined; now: Date },
): Promise<Ids | undefined> {
  if (digests.length === 0) return undefined;
  const before = await transaction.execute<{ id: string }>(sql`select nextval('digests_id_seq') as id`);
  await copyIn(client, `copy digests (${columns}) from stdin`, linesOf(digests, now));
  const last = await transaction.execute<{ id: string }>(sql`select lastval() as id`);
  const range = { from: Number(before.rows[0]?.id) + 1, to: Number(last.rows[0]?.id) };
  const readers = digests.filter(({ reason }) => reason === null).map(({ reader }) => reader);
  await reservePapers(transaction, { readers, kept, digestIds: range, subscriberIds: cellIds(cell) });
  return range;
}

function* linesOf(digests: NewDigest[], now: Date): Generator<string> {
  // Readers with one schedule share their dates: each is written out once.
  const texts = new Map<Date, string>();
  const textOf = (at: Date): string => {
    const known = texts.get(at) ?? at.toISOString();
    texts.set(at, known);
    return known;
  };
  for (const { reader, editionDate, expiresAt, coversFrom, paperIds, topicIds, more, reason } of digests)
    yield copyLine([
      reader.id,
      editionDate,
      textOf(expiresAt),
      textOf(coversFrom),
      reader.provider,
      paperIds,
      topicIds,
      more,
      reason,
      reason === null ? "planned" : "skipped",
      textOf(now),
    ]);
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
function countOld(sent: number[], kept: ReadonlySet<number>): number {
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
