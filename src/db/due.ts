// Who is due, what do they follow, and what were they already sent? Plan reads here and writes its digests back.
import { sql } from "drizzle-orm";
import type { Cadence } from "../core/digest.ts";
import type { Queryable } from "./connect.ts";

export type DueReader = {
  id: number;
  timezone: string;
  hour: number;
  cadence: Cadence;
  maxPapers: number;
  minUpvotes: number;
  excluded: string;
  provider: string;
  topicIds: number[];
  sent: number[];
};

/**
 * Locks up to `limit` readers with ids over `after` whose digest is due; others' locks are passed over. `everyone` looks at
 * every reader instead of trusting `due_at`, for replays of another moment.
 */
export async function takeDueReaders(
  transaction: Queryable,
  { now, after, limit, everyone }: { now: Date; after: number; limit: number; everyone: boolean },
): Promise<DueReader[]> {
  const due = everyone
    ? sql`state = 'confirmed'`
    : sql`state in ('confirmed', 'paused') and due_at <= ${now.toISOString()}`;
  const answer = await transaction.execute<DueReader & { id: string }>(
    sql`with due as (
        select * from subscribers where id > ${after} and ${due} order by id limit ${limit} for no key update skip locked
      )
      select due.id, timezone, hour, cadence, max_papers as "maxPapers", min_upvotes as "minUpvotes", excluded, provider,
        array(select topic_id from subscriptions where subscriber_id = due.id
          union select id from topics where owner_id = due.id and retired_at is null order by 1) as "topicIds",
        coalesce((select paper_ids from sent_papers where subscriber_id = due.id), '{}') as sent
      from due order by due.id`,
  );
  return answer.rows.map((row) => ({ ...row, id: Number(row.id) }));
}

export type NewDigest = {
  subscriberId: number;
  editionDate: string;
  expiresAt: Date;
  provider: string;
  paperIds: number[];
  topicIds: number[];
  more: number;
  reason: string | null;
};

/** Writes digests, each (subscriber, edition) once; answers the ids of those that are to be delivered. */
export async function writeDigests(
  transaction: Queryable,
  digests: NewDigest[],
  now: Date,
): Promise<{ id: number; subscriberId: number }[]> {
  if (digests.length === 0) return [];
  const rows = digests.map((digest) => ({
    subscriber_id: digest.subscriberId,
    edition_date: digest.editionDate,
    expires_at: digest.expiresAt.toISOString(),
    provider: digest.provider,
    paper_ids: digest.paperIds,
    topic_ids: digest.topicIds,
    more: digest.more,
    reason: digest.reason,
  }));
  const answer = await transaction.execute<{ id: string; subscriberId: string; state: string }>(
    sql`insert into digests (subscriber_id, edition_date, expires_at, provider, paper_ids, topic_ids, more, reason, state, planned_at)
      select subscriber_id, edition_date, expires_at, provider, paper_ids, topic_ids, more, reason,
        case when reason is null then 'planned' else 'skipped' end, ${now.toISOString()}::timestamptz
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given(subscriber_id bigint, edition_date date,
        expires_at timestamptz, provider text, paper_ids int[], topic_ids int[], more int, reason text)
      on conflict (subscriber_id, edition_date) do nothing
      returning id, subscriber_id as "subscriberId", state`,
  );
  return answer.rows
    .filter(({ state }) => state === "planned")
    .map(({ id, subscriberId }) => ({ id: Number(id), subscriberId: Number(subscriberId) }));
}

/** Notes papers as sent the moment they are planned, so that no later plan chooses them; forgets those before `keepFrom`. */
export async function reservePapers(
  transaction: Queryable,
  reserved: { subscriberId: number; paperIds: number[] }[],
  keepFrom: Date,
): Promise<void> {
  if (reserved.length === 0) return;
  const rows = reserved.map(({ subscriberId, paperIds }) => ({ subscriber_id: subscriberId, paper_ids: paperIds }));
  await transaction.execute(
    sql`insert into sent_papers as known (subscriber_id, paper_ids)
      select subscriber_id, paper_ids from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as given(subscriber_id bigint, paper_ids int[])
      on conflict (subscriber_id) do update set paper_ids = array(
        select papers.id from papers
        where papers.id = any(known.paper_ids || excluded.paper_ids)
          and (papers.listed_at > ${keepFrom.toISOString()} or papers.id = any(excluded.paper_ids)))`,
  );
}

/** Gives papers of digests that will never be sent back to their readers. */
export async function releasePapers(transaction: Queryable, digestIds: number[]): Promise<void> {
  if (digestIds.length === 0) return;
  await transaction.execute(
    sql`update sent_papers set paper_ids = array(
        select unnest(sent_papers.paper_ids) except select unnest(digests.paper_ids))
      from digests where digests.id = any(${sql.param(digestIds)}::bigint[])
        and sent_papers.subscriber_id = digests.subscriber_id`,
  );
}

/** Moves readers to their next moment; never backwards, so that a replay of the past disturbs nobody. Ends pauses that are over. */
export async function advanceDue(transaction: Queryable, next: { id: number; dueAt: Date }[]): Promise<void> {
  if (next.length === 0) return;
  const rows = next.map(({ id, dueAt }) => ({ id, due_at: dueAt.toISOString() }));
  await transaction.execute(
    sql`update subscribers set due_at = greatest(subscribers.due_at, given.due_at), state = 'confirmed', paused_until = null
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given(id bigint, due_at timestamptz)
      where subscribers.id = given.id and state in ('confirmed', 'paused')`,
  );
}

/** Freezes what each (paper, topic) of an edition shows; what an edition already says stays. */
export async function freezeCards(
  transaction: Queryable,
  editionDate: string,
  pairs: { paperId: number; topicId: number; earlier: boolean }[],
): Promise<void> {
  if (pairs.length === 0) return;
  const rows = pairs.map(({ paperId, topicId, earlier }) => ({ paper_id: paperId, topic_id: topicId, earlier }));
  await transaction.execute(
    sql`insert into edition_cards (edition_date, paper_id, topic_id, card)
      select ${editionDate}::date, given.paper_id, given.topic_id, jsonb_build_object(
        'paperId', papers.id, 'title', title, 'abstract', abstract, 'authors', authors[1:40], 'authorCount', cardinality(authors),
        'organization', organization, 'upvotes', upvotes, 'comments', comments, 'stars', stars, 'links', links,
        'listedOn', listed_on, 'terms', coalesce(matches.terms, '{}'), 'earlier', given.earlier,
        'topic', jsonb_build_object('slug', topics.slug, 'name', topics.name, 'owned', topics.owner_id is not null))
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given(paper_id int, topic_id int, earlier boolean)
      join papers on papers.id = given.paper_id
      join topics on topics.id = given.topic_id
      left join matches on matches.paper_id = given.paper_id and matches.topic_id = given.topic_id
      on conflict do nothing`,
  );
}
