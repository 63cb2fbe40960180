// What is sent in the benchmarks? Digests of ten papers each, planned in a database of their own, the same for every contender.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type pg from "pg";
import { readDailyPapers } from "../src/sources/huggingface-entries.ts";

const RECORDED = path.join(import.meta.dirname, "../../shared/data/huggingface/daily");
const PAPERS = 1_000;
const TOPICS = ["Language Models", "Agents & Tool Use", "Video Generation", "Robotics", "Retrieval & RAG"];

/** Cards of 1,000 papers of one edition: recorded ones where they are, else made-up texts of the same lengths. */
function makeCards(): Record<string, unknown>[] {
  const now = new Date("2026-11-01T00:00:00Z");
  const files = existsSync(RECORDED) ? readdirSync(RECORDED).sort().reverse() : [];
  const drafts = files.flatMap((name) => {
    const answer: unknown = JSON.parse(readFileSync(path.join(RECORDED, name), "utf8"));
    return readDailyPapers(answer, { where: name, now }).drafts;
  });
  if (drafts.length < PAPERS) console.log("  (recorded papers are not here: made-up texts)");
  return Array.from({ length: PAPERS }, (_, at) => {
    const draft = drafts.length < PAPERS ? undefined : drafts[at];
    const words = (count: number) =>
      Array.from({ length: count }, (_, nth) => `word${(at * 31 + nth * 7) % 997}`).join(" ");
    const authors = draft?.authors ?? ["Ada Byron", "Alan Turing", "Grace Hopper", "Mary Somerville", "Emmy Noether"];
    return {
      paperId: at + 1,
      title: draft?.title ?? words(10),
      abstract: draft?.abstract ?? words(180),
      authors: authors.slice(0, 40),
      authorCount: authors.length,
      organization: draft?.organization ?? null,
      upvotes: draft?.upvotes ?? at,
      comments: draft?.comments ?? 1,
      stars: draft?.stars ?? 0,
      links: draft?.links ?? { abstract: `https://arxiv.org/abs/2603.${String(at).padStart(5, "0")}` },
      listedOn: "2026-03-02",
      listedAt: "2026-03-02T09:00:00Z",
      topic: { slug: `topic-${at % TOPICS.length}`, name: TOPICS[at % TOPICS.length], owned: false },
      terms: (draft?.title ?? "")
        .split(/\W+/)
        .filter((word) => word.length > 7)
        .slice(0, 4),
      earlier: false,
    };
  });
}

/** Writes the cards and `count` planned digests with ids from 1, each for a reader of their own. */
export async function fillOutbox(pool: pg.Pool, count: number): Promise<void> {
  const cards = makeCards();
  await pool.query(
    `insert into edition_cards (edition_date, paper_id, topic_id, card)
     select '2026-03-03', (card ->> 'paperId')::int, 1, card from jsonb_array_elements($1::jsonb) as given(card)`,
    [JSON.stringify(cards)],
  );
  await pool.query(
    `insert into subscribers (id, email, state, provider, confirmed_at)
     select n, 'reader' || n || '@example' || n % 50 || '.org', 'confirmed', 'example' || n % 50 || '.org', now() from generate_series(1, $1::int) n`,
    [count],
  );
  await pool.query(
    `insert into digests (id, subscriber_id, edition_date, state, paper_ids, topic_ids, more, provider, planned_at, expires_at)
     select n, n, '2026-03-03', 'planned',
       array(select 1 + (n::bigint * 7919 + nth * 104729 + nth * nth * 31) % ${PAPERS} from generate_series(1, 10) nth), array_fill(1, array[10]), 23,
       'example' || n % 50 || '.org', '2026-03-03T07:00:00Z', now() + interval '1 day' from generate_series(1, $1::int) n`,
    [count],
  );
  await pool.query("vacuum analyze");
}
