// Who and what is planned in the benchmark? Readers with topics by Zipf, a window of papers and their matches, in a database of its own.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from } from "pg-copy-streams";
import { WINDOW_DAYS } from "../src/core/plan/plan.ts";
import type { Database } from "../src/db/connect.ts";
import { mulberry32 } from "../test/support/random.ts";

export const FIRST = Date.parse("2026-03-02T07:00:00Z");
export const DAY_MS = 86_400_000;
export const PAPERS_A_DAY = 500;
export const TOPICS = 200;
export const CAP = 10;
const zones = [
  ["UTC", 7],
  ["Europe/Berlin", 8],
  ["America/New_York", 2],
  ["Asia/Tokyo", 16],
] as const;

/** `readers` who are all due on the first day, with four topics and `sentBefore` papers sent each; papers and matches for `days` days. */
export async function fillPlanning(
  db: Database,
  { readers, sentBefore, days }: { readers: number; sentBefore: number; days: number },
): Promise<void> {
  const random = mulberry32(20261126);
  const zipf = () => 1 + Math.floor(TOPICS * random() ** 2.5);
  const client = await db.$client.connect();
  try {
    // Only planning is measured: checking four million foreign keys would take minutes.
    await client.query("alter table subscriptions drop constraint subscriptions_subscriber_id_subscribers_id_fk");
    await client.query("alter table subscriptions drop constraint subscriptions_topic_id_topics_id_fk");
    await client.query(
      `insert into topics (slug, name, rules) select 'topic-' || n, 'Topic ' || n, 'x' from generate_series(1, ${TOPICS}) n`,
    );
    const papers = PAPERS_A_DAY * (WINDOW_DAYS + days);
    const word = () => `w${Math.floor(5_000 * random() ** 2)}`;
    await copyIn(
      client,
      "copy papers (canonical_id, source, title, abstract, authors, upvotes, comments, stars, listed_on, listed_at) from stdin",
      rows(papers, (n) => {
        const listedAt = new Date(FIRST - WINDOW_DAYS * DAY_MS + ((n + 1) * DAY_MS) / PAPERS_A_DAY).toISOString();
        const title = Array.from({ length: 4 + Math.floor(8 * random()) }, word).join(" ");
        const upvotes = Math.floor(100 * random() ** 4);
        return [
          `bench:${n}`,
          "bench",
          title,
          "",
          [],
          upvotes,
          Math.floor(upvotes / 8),
          0,
          listedAt.slice(0, 10),
          listedAt,
        ];
      }),
    );
    const pairs = Array.from({ length: papers }, (_, n) =>
      [...new Set([zipf(), zipf(), zipf()])].map((topic) => [n + 1, topic] as const),
    ).flat();
    await copyIn(
      client,
      "copy matches (paper_id, topic_id, score, terms) from stdin",
      rows(pairs.length, (n) => [...(pairs[n] ?? []), 1 + 5 * random() ** 2, []]),
    );
    await copyIn(
      client,
      "copy subscribers (id, email, state, timezone, hour, max_papers, provider, due_at) from stdin",
      rows(readers, (n) => {
        const [zone, hour] = zones[n % zones.length] ?? zones[0];
        return [
          n + 1,
          `reader${n}@example${n % 500}.org`,
          "confirmed",
          zone,
          hour,
          CAP,
          `example${n % 500}.org`,
          new Date(FIRST).toISOString(),
        ];
      }),
    );
    await copyIn(client, "copy subscriptions from stdin", choices(readers, zipf));
    await copyIn(
      client,
      "copy sent_papers from stdin",
      rows(readers, (n) => [
        n + 1,
        Array.from({ length: sentBefore }, () => 1 + Math.floor(PAPERS_A_DAY * WINDOW_DAYS * random())),
      ]),
    );
    await client.query("vacuum analyze");
  } finally {
    client.release();
  }
}

type Value = string | number | number[];

function* rows(count: number, row: (n: number) => Value[]): Generator<Value[]> {
  for (let n = 0; n < count; n++) yield row(n);
}

function* choices(readers: number, zipf: () => number): Generator<Value[]> {
  for (let reader = 1; reader <= readers; reader++) {
    const chosen = new Set<number>();
    while (chosen.size < 4) chosen.add(zipf());
    for (const topic of chosen) yield [reader, topic];
  }
}

/** COPY in text format; no value holds anything that has to be escaped. */
async function copyIn(client: pg.ClientBase, statement: string, given: Iterable<Value[]>): Promise<void> {
  const text = (value: Value) => (Array.isArray(value) ? `{${value.join(",")}}` : String(value));
  const lines = function* () {
    let some = "";
    for (const row of given) {
      some += `${row.map(text).join("\t")}\n`;
      if (some.length < 65_536) continue;
      yield some;
      some = "";
    }
    yield some;
  };
  await pipeline(Readable.from(lines(), { objectMode: false }), client.query(from(statement)));
}
