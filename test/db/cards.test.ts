// Is a card read once, the same object for all who show it, and counted once?
import { beforeEach, expect, it } from "vitest";
import { emptyCardCache, findCards } from "../../src/db/cards.ts";
import { useDatabase } from "../support/database.ts";

const database = useDatabase();
const shown = (papers: number[]) => [
  { editionDate: "2026-03-04", paperIds: papers, topicIds: papers.map(() => 1), coversFrom: null },
];

beforeEach(async () => {
  await database.db.$client.query(
    `insert into edition_cards (edition_date, paper_id, topic_id, card)
     select '2026-03-04', n, 1, jsonb_build_object('paperId', n, 'listedAt', '2026-03-04T09:00:00Z') from generate_series(1, 300) n
     on conflict do nothing`,
  );
});

it("many that read the same cards at once share them and count them once; cards that are gone count for nothing", async () => {
  const cache = emptyCardCache();
  const papers = Array.from({ length: 400 }, (_, at) => at + 1);
  const found = await Promise.all(Array.from({ length: 5 }, () => findCards(database.db, shown(papers), cache)));
  expect(found[0]?.[0]?.map(({ paperId }) => paperId)).toEqual(papers.slice(0, 300));
  for (const [cards] of found) for (const [at, card] of (cards ?? []).entries()) expect(card).toBe(found[0]?.[0]?.[at]);
  await findCards(database.db, shown([399, 400]), cache);
  expect(cache.size).toBe(300);
});

it("a cache that is full begins anew, and who is reading meanwhile misses no card", async () => {
  const cache = { ...emptyCardCache(), size: 1_000_000 };
  const reading = findCards(database.db, shown([1, 2]), cache);
  cache.size = 1_000_000;
  const [[second], [first]] = await Promise.all([findCards(database.db, shown([2, 3]), cache), reading]);
  expect(first?.map(({ paperId }) => paperId)).toEqual([1, 2]);
  expect(second?.map(({ paperId }) => paperId)).toEqual([2, 3]);
  expect(cache.size).toBe(2);
});
