// Which topics are on offer, which did readers write, and what do they bring?
import { sql } from "drizzle-orm";
import type { OfferedTopic } from "../core/match/topics-file.ts";
import type { Queryable } from "./connect.ts";
import { TOPICS_LOCK } from "./locks.ts";
import { forgetMatched } from "./matches.ts";

/** Papers of these last days are matched again when rules change: the span that digests choose from. */
export const REMATCH_DAYS = 14;

/** Until the transaction ends: who changes topics waits for running matches, and matches see all topics or none of a change. */
export async function lockTopics(transaction: Queryable, how: "to read" | "to write"): Promise<void> {
  const lock = sql.raw(how === "to read" ? "pg_advisory_xact_lock_shared" : "pg_advisory_xact_lock");
  await transaction.execute(sql`select ${lock}(${TOPICS_LOCK})`);
}

/**
 * Makes the offered topics those of the file: inserts, updates and retires by slug. Where rules changed or a topic came,
 * the papers of the last 14 days are put to all topics again at match's next run (`rematch` counts them).
 */
export async function applyTopics(
  db: Queryable,
  offered: OfferedTopic[],
  now: Date,
): Promise<{ added: number; changed: number; retired: number; rematch: number }> {
  return db.transaction(async (transaction) => {
    await lockTopics(transaction, "to write");
    const known = await transaction.execute<OfferedTopic & { id: number; position: number; retired: boolean }>(
      sql`select id, slug, name, area, description, rules, position, retired_at is not null as retired
        from topics where owner_id is null`,
    );
    const bySlug = new Map(known.rows.map((row) => [row.slug, row]));
    const at = now.toISOString();
    let added = 0;
    let changed = 0;
    let stale = false;
    for (const [position, topic] of offered.entries()) {
      const { slug, name, area, description, rules } = topic;
      const before = bySlug.get(slug);
      bySlug.delete(slug);
      if (!before) {
        added++;
        stale = true;
        await transaction.execute(
          sql`insert into topics (slug, name, area, description, rules, position, created_at)
            values (${slug}, ${name}, ${area}, ${description}, ${rules}, ${position}, ${at})`,
        );
        continue;
      }
      const rulesChanged = before.rules !== rules || before.retired;
      const same = before.name === name && before.area === area && before.description === description;
      if (!rulesChanged && same && before.position === position) continue;
      changed++;
      stale ||= rulesChanged;
      await transaction.execute(
        sql`update topics set name = ${name}, area = ${area}, description = ${description}, rules = ${rules},
            position = ${position}, retired_at = null where id = ${before.id}`,
      );
    }
    const gone = [...bySlug.values()].filter(({ retired }) => !retired).map(({ id }) => id);
    if (gone.length > 0)
      await transaction.execute(sql`update topics set retired_at = ${at} where id = any(${sql.param(gone)}::int[])`);
    const since = new Date(now.getTime() - REMATCH_DAYS * 86_400_000);
    const rematch = stale ? await forgetMatched(transaction, since) : 0;
    return { added, changed, retired: gone.length, rematch };
  });
}

export type Topic = OfferedTopic & { id: number };

/** The topics on offer, in the order of the file. */
export async function listOfferedTopics(db: Queryable): Promise<Topic[]> {
  const answer = await db.execute<Topic>(
    sql`select id, slug, name, area, description, rules from topics
      where owner_id is null and retired_at is null order by position, id`,
  );
  return answer.rows;
}

/** `slug` is empty for a saved topic. */
export type MatchedTopic = { id: number; rules: string; slug: string | null };

/** Every topic that match puts to papers, offered and saved. */
export async function listMatchedTopics(db: Queryable): Promise<MatchedTopic[]> {
  const answer = await db.execute<MatchedTopic>(
    sql`select id, rules, case when owner_id is null then slug end as slug from topics where retired_at is null order by id`,
  );
  return answer.rows;
}

/** Changes whenever a row of topics was written (xmin is the transaction that wrote it): are compiled topics still right? */
export async function readTopicsVersion(db: Queryable): Promise<string> {
  const answer = await db.execute<{ version: string }>(
    sql`select concat_ws(' ', count(*), sum(id), sum(xmin::text::bigint)) as version from topics where retired_at is null`,
  );
  return answer.rows[0]?.version ?? "";
}

type TopicSample = { id: number; title: string };
export type CountedTopic = Topic & { papers: number; perDay: number; samples: TopicSample[] };

/** The topics on offer with what they brought since a moment: papers, papers a list day, and the three best titles. */
export async function listTopicsWithCounts(db: Queryable, since: Date): Promise<CountedTopic[]> {
  const topics = await listOfferedTopics(db);
  const from = since.toISOString();
  const answer = await db.execute<{ topicId: number; papers: number; days: number; samples: TopicSample[] | null }>(
    sql`with recent as (
        select id, title, upvotes from papers where listed_at > ${from} and withdrawn_at is null
      ), ranked as (
        select topic_id, recent.id, title,
          row_number() over (partition by topic_id order by least(score, 3) desc, upvotes desc, recent.id desc) as place
        from recent join matches on matches.paper_id = recent.id
        where topic_id = any(${sql.param(topics.map(({ id }) => id))}::int[])
      )
      select topic_id as "topicId", count(*)::int as papers,
        (select count(distinct listed_on)::int from papers where listed_at > ${from}) as days,
        json_agg(json_build_object('id', id, 'title', title) order by place) filter (where place <= 3) as samples
      from ranked group by topic_id`,
  );
  const counts = new Map(answer.rows.map((row) => [row.topicId, row]));
  return topics.map((topic) => {
    const { papers = 0, days = 0, samples } = counts.get(topic.id) ?? {};
    return { ...topic, papers, perDay: days > 0 ? papers / days : 0, samples: samples ?? [] };
  });
}

/** Whether any topic was ever offered. */
export async function hasTopics(db: Queryable): Promise<boolean> {
  const answer = await db.execute(sql`select 1 from topics where owner_id is null limit 1`);
  return answer.rows.length > 0;
}
