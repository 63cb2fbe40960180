// Papers, topics and readers for tests of planning: only what planning looks at.
import pino from "pino";
import { readConfig } from "../../src/config.ts";
import type { Database } from "../../src/db/connect.ts";
import { quietQueue } from "./context.ts";
import { storeTexts } from "./match-papers.ts";

export const topicIds = { language: 1, robots: 2 };

/** What `runPlan` needs, with a source that has no weekend and a queue that counts its rings. */
export function planningContext(db: Database) {
  const config = readConfig({ SOURCES: "https://example.org/feed.xml", LOG_LEVEL: "silent" });
  return { config, db, queue: quietQueue(), log: pino({ level: "silent" }) };
}

/** Empties the tables and offers the two topics. */
export async function startAfresh(db: Database): Promise<void> {
  await db.$client.query(
    "truncate subscribers, papers, topics, digests, sent_papers, edition_cards restart identity cascade",
  );
  await db.$client.query(
    "insert into topics (slug, name, rules) values ('language', 'Language', 'language'), ('robots', 'Robots', 'robot')",
  );
}

let titles = 0;

/** Stores papers that match a topic, listed at these moments, with unlike titles; gives their ids. */
export async function storeMatched(
  db: Database,
  listed: string[],
  { topicId = topicIds.language, upvotes = 0, score = 1 } = {},
): Promise<number[]> {
  const ids = await storeTexts(
    db,
    listed.map((at) => {
      const number = ++titles;
      return { title: `Number${number} stands alone${number} among${number} all`, listedAt: new Date(at), upvotes };
    }),
  );
  await db.$client.query("insert into matches select unnest($1::int[]), $2, $3, '{}'", [ids, topicId, score]);
  return ids;
}

/** Stores a confirmed reader of the first topic, due since long ago; `fields` are columns of subscribers. */
export async function storeReader(db: Database, fields: Record<string, string | number | null> = {}): Promise<number> {
  const columns = { state: "confirmed", due_at: "2026-01-01T00:00:00Z", ...fields };
  const names = Object.keys(columns);
  const { rows } = await db.$client.query(
    `insert into subscribers (email, ${names.join(", ")})
      values ('reader' || nextval('events_id_seq') || '@example.org', ${names.map((_, at) => `$${at + 1}`).join(", ")}) returning id::int`,
    Object.values(columns),
  );
  await db.$client.query("insert into subscriptions values ($1, $2)", [rows[0].id, topicIds.language]);
  return rows[0].id;
}

export type Row = {
  reader: number;
  edition: string;
  state: string;
  reason: string | null;
  papers: number[];
  more: number;
};

/** The digests of a reader, or of all, in the order of editions. */
export async function listDigests(db: Database, reader?: number): Promise<Row[]> {
  const { rows } = await db.$client.query(
    `select subscriber_id::int as reader, edition_date::text as edition, state, reason, paper_ids as papers, more
      from digests where subscriber_id = coalesce($1, subscriber_id) order by edition_date, subscriber_id`,
    [reader ?? null],
  );
  return rows;
}
