// How do plans become digests? Rows by COPY, papers noted as sent, cards frozen; all in planning's transaction.
import { sql } from "drizzle-orm";
import type { Planned } from "../core/plan/plan.ts";
import type { Slot } from "../core/plan/schedule.ts";
import type { Queryable } from "./connect.ts";
import {
  addDate,
  addInstant,
  addInt4,
  addInt4s,
  addInt8,
  addNull,
  addRow,
  addText,
  copyIn,
  type Rows,
  startRows,
} from "./copy.ts";
import { cellIds, type DueReader, type Planning } from "./due.ts";
import { newsSince } from "./trending.ts";

/** Of a list of sent papers this many must be too old before it is shortened: about once in three editions. */
const SHORTEN = 30;
/** From so many digests of a cell on, lists are read through and not looked up. */
const MANY = 100;
/** Digests a deliver job. */
const RANGE = 1_000;

export type NewDigest = { reader: DueReader; edition: NonNullable<Slot["edition"]>; planned: Planned };
type Ids = { from: number; to: number };

const COLUMNS =
  "id, subscriber_id, edition_date, expires_at, covers_from, provider, paper_ids, topic_ids, more, reason, state, planned_at".split(
    ", ",
  );

/**
 * Writes one digest for each reader taken in this transaction and notes its papers as sent, so that no later plan chooses
 * them. The readers have no digest of the edition (`has`), and nobody else can write one while their rows are held. There are
 * `count` digests, gone through once. Answers the ids to deliver, a bounded number a range.
 */
export async function writeDigests(
  { client, transaction }: Planning,
  {
    cell,
    digests,
    count,
    kept,
    now,
  }: { cell: number; digests: Iterable<NewDigest>; count: number; kept: ReadonlySet<number> | undefined; now: Date },
): Promise<Ids[]> {
  if (count === 0) return [];
  const ids = await takeIds(transaction, count);
  const rows = startRows();
  const lists: Lists = { fresh: [], grown: [] };
  // Those to deliver have the first ids, so that they lie together.
  let planned = 0;
  let skipped = 0;
  for (const digest of digests) {
    const { reader, planned: plan } = digest;
    const nth = plan.reason === null ? planned++ : count - ++skipped;
    addDigest(rows, ids[nth] ?? 0, digest, now);
    if (plan.reason !== null) continue;
    if (!reader.known) lists.fresh.push(reader.id);
    const old = kept ? countOld(reader.sent, kept) : 0;
    if (old >= SHORTEN) lists.grown.push({ id: reader.id, length: reader.sent.length, old });
  }
  await copyIn(client, `digests (${COLUMNS.join(", ")})`, rows);
  if (planned === 0) return [];
  await reservePapers(transaction, lists, {
    planned,
    digestIds: { from: ids[0] ?? 0, to: ids[planned - 1] ?? 0 },
    subscriberIds: cellIds(cell),
  });
  const ranges: Ids[] = [];
  for (let first = 0; first < planned; first += RANGE)
    ranges.push({ from: ids[first] ?? 0, to: ids[Math.min(first + RANGE, planned) - 1] ?? 0 });
  return ranges;
}

/** The columns in the order of `COLUMNS`. */
function addDigest(rows: Rows, id: number, { reader, edition, planned }: NewDigest, now: Date): void {
  addRow(rows, COLUMNS.length);
  addInt8(rows, id);
  addInt8(rows, reader.id);
  addDate(rows, edition.editionDate);
  addInstant(rows, edition.expiresAt);
  addInstant(rows, edition.coversFrom);
  addText(rows, reader.provider);
  addInt4s(rows, planned.paperIds);
  addInt4s(rows, planned.topicIds);
  addInt4(rows, planned.more);
  if (planned.reason === null) addNull(rows);
  else addText(rows, planned.reason);
  addText(rows, planned.reason === null ? "planned" : "skipped");
  addInstant(rows, now);
}

/** That many new ids, ascending; others may take ids between them. */
async function takeIds(transaction: Queryable, count: number): Promise<number[]> {
  const answer = await transaction.execute<{ ids: string }>(
    sql`select string_agg(nextval('digests_id_seq')::text, ',') as ids from generate_series(1, ${count})`,
  );
  return (answer.rows[0]?.ids ?? "").split(",").map(Number);
}

/** Readers who have no list of sent papers yet, and those whose list has grown. */
type Lists = { fresh: number[]; grown: { id: number; length: number; old: number }[] };

/** Puts the papers of these digests to their readers' lists, shortening those that have grown. */
async function reservePapers(
  transaction: Queryable,
  { fresh, grown }: Lists,
  { planned, digestIds, subscriberIds }: { planned: number; digestIds: Ids; subscriberIds: Ids },
): Promise<void> {
  if (fresh.length > 0)
    await transaction.execute(
      sql`insert into sent_papers (subscriber_id, paper_ids) select unnest(${sql.param(fresh)}::bigint[]), '{}'
        on conflict do nothing`,
    );
  // Papers may have been given back since the list was read: then it has another length, and is shortened next time.
  if (grown.length > 0)
    await transaction.execute(
      sql`update sent_papers set paper_ids = paper_ids[given.old + 1:]
        from unnest(${sql.param(grown.map(({ id }) => id))}::bigint[], ${sql.param(grown.map(({ length }) => length))}::int[],
          ${sql.param(grown.map(({ old }) => old))}::int[]) as given(subscriber_id, length, old)
        where sent_papers.subscriber_id = given.subscriber_id and cardinality(paper_ids) = given.length`,
    );
  // PostgreSQL knows nothing yet of rows that this transaction wrote, takes them for few and would look up one list after another.
  if (planned >= MANY) await transaction.execute(sql`set local enable_nestloop = off`);
  await transaction.execute(
    sql`update sent_papers set paper_ids = sent_papers.paper_ids || digests.paper_ids from digests
      where digests.id between ${digestIds.from} and ${digestIds.to} and digests.state = 'planned'
        and digests.subscriber_id between ${subscriberIds.from} and ${subscriberIds.to}
        and sent_papers.subscriber_id between ${subscriberIds.from} and ${subscriberIds.to}
        and sent_papers.subscriber_id = digests.subscriber_id`,
  );
  if (planned >= MANY) await transaction.execute(sql`set local enable_nestloop = default`);
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
  // Later cells of this run count on these cards, also after a crash: this commit, and what comes before it, is waited for.
  await transaction.execute(sql`set local synchronous_commit to default`);
  // In one order, so that planners who freeze the same cards wait for each other and never in a circle.
  await transaction.execute(
    sql`insert into edition_cards (edition_date, paper_id, topic_id, card)
      select given.edition_date, given.paper_id, given.topic_id, jsonb_build_object(
        'paperId', papers.id, 'title', title, 'abstract', abstract, 'authors', authors[1:40], 'authorCount', cardinality(authors),
        'organization', organization, 'upvotes', upvotes, 'comments', comments, 'stars', stars, 'links', links,
        'listedOn', listed_on, 'listedAt', ${newsSince}, 'terms', coalesce(matches.terms, '{}'), 'earlier', false,
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
