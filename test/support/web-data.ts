// Papers, topics and readers for tests of pages.
import { sql } from "drizzle-orm";
import type { Database } from "../../src/db/connect.ts";
import { applyTopics } from "../../src/db/topics.ts";
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
