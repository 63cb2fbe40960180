// Papers, topics and readers for tests of pages.
import { sql } from "drizzle-orm";
import type { Choices } from "../../src/core/readers/choices.ts";
import type { Database } from "../../src/db/connect.ts";
import { findByEmail, type Subscriber } from "../../src/db/subscriber-rows.ts";
import { confirm, signUp } from "../../src/db/subscribers.ts";
import { applyTopics } from "../../src/db/topics.ts";
import { type TestApp, testKey } from "./app.ts";
import { storeTexts } from "./match-papers.ts";

export const offered = [
  {
    slug: "language-models",
    name: "Language Models",
    area: "Language",
    description: "Models of text.",
    rules: '"language model"',
  },
  { slug: "robotics", name: "Robotics", area: "Action", description: "Robots.", rules: "robot" },
  { slug: "vision", name: "Computer Vision", area: "Seeing", description: "Images.", rules: "image" },
];

/** Three topics and a list day of papers with awkward titles, matched by hand; gives the papers' ids. */
export async function storeListDay(db: Database, listedAt: Date): Promise<number[]> {
  await applyTopics(db, offered, listedAt);
  const ids = await storeTexts(db, [
    {
      title: "A <think> of a language model",
      abstract: "A language model & its Q&A.",
      authors: ['John "Four" Flynn'],
      upvotes: 9,
      listedAt,
    },
    {
      title: "Robots that fold laundry",
      abstract: "A robot folds.",
      authors: ["Ada Lovelace", "Mary Somerville"],
      upvotes: 30,
      listedAt,
    },
    { title: "An image is worth a look", abstract: "Images, seen.", authors: [], upvotes: 1, listedAt },
  ]);
  await db.execute(
    sql`insert into matches (paper_id, topic_id, score, terms)
      select papers.id, topics.id, 2, array[split_part(topics.rules, '"', 1 + (topics.rules like '"%')::int)]
      from papers join topics on topics.slug = case when papers.title like '%language%' then 'language-models'
        when papers.title like 'Robots%' then 'robotics' else 'vision' end
      where papers.id = any(${sql.param(ids)}::int[])`,
  );
  return ids;
}

/** A confirmed reader with topics, made by the same functions as the pages. */
export async function confirmReader(
  app: TestApp,
  email: string,
  topics = ["robotics"],
  choices: Choices = {},
): Promise<Subscriber> {
  await signUp(app.db, [testKey], { email, provider: "example.net", topics, now: app.now });
  const reader = await findByEmail(app.db, email);
  const answer = await confirm(app.db, { subscriberId: reader?.id ?? 0, choices, wording: "test", now: app.now });
  if (answer.kind !== "confirmed") throw new Error(`${email} could not be confirmed: ${answer.kind}`);
  return answer.subscriber;
}

/** A digest of a reader with its frozen cards; gives its id. */
export async function writeDigest(
  db: Database,
  subscriberId: number,
  digest: { editionDate: string; paperIds: number[]; state: string; reason?: string; plannedAt: Date },
): Promise<number> {
  const { editionDate, paperIds, state, reason = null, plannedAt } = digest;
  await db.execute(
    sql`insert into edition_cards (edition_date, paper_id, topic_id, card)
      select ${editionDate}, papers.id, topics.id, jsonb_build_object('paperId', papers.id, 'title', papers.title,
        'abstract', papers.abstract, 'authors', to_jsonb(papers.authors), 'organization', null, 'upvotes', papers.upvotes,
        'comments', 0, 'stars', 0, 'links', '{}'::jsonb, 'listedOn', papers.listed_on,
        'topic', jsonb_build_object('slug', topics.slug, 'name', topics.name, 'owned', false), 'terms', to_jsonb(matches.terms),
        'earlier', false)
      from papers join matches on matches.paper_id = papers.id join topics on topics.id = matches.topic_id
      where papers.id = any(${sql.param(paperIds)}::int[]) on conflict do nothing`,
  );
  const answer = await db.execute<{ id: string }>(
    sql`insert into digests (subscriber_id, edition_date, state, reason, paper_ids, topic_ids, planned_at, expires_at, sent_at)
      values (${subscriberId}, ${editionDate}, ${state}, ${reason}, ${sql.param(paperIds)}::int[],
        array(select (select topic_id from matches where paper_id = chosen.id limit 1)
          from unnest(${sql.param(paperIds)}::int[]) with ordinality as chosen(id, nth) order by nth),
        ${plannedAt.toISOString()}, ${new Date(plannedAt.getTime() + 86_400_000).toISOString()},
        ${state === "sent" ? plannedAt.toISOString() : null}) returning id`,
  );
  return Number(answer.rows[0]?.id);
}

/** A fingerprint of every row of every table of ours. */
export async function fingerprint(db: Database): Promise<Record<string, string>> {
  const tables = await db.execute<{ name: string }>(
    sql`select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  );
  const prints: Record<string, string> = {};
  for (const { name } of tables.rows) {
    const answer = await db.execute<{ print: string | null }>(
      sql`select md5(string_agg(md5(rows::text), '' order by md5(rows::text))) as print from ${sql.identifier(name)} rows`,
    );
    prints[name] = answer.rows[0]?.print ?? "empty";
  }
  return prints;
}
