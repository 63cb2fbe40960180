// Does match find the topics of new papers, with the words as they stand in the text?
import { sql } from "drizzle-orm";
import { beforeEach, expect, test } from "vitest";
import { applyTopics } from "../../src/db/topics.ts";
import { runMatch } from "../../workers/match.ts";
import { useDatabase } from "../support/database.ts";
import { storeTexts } from "../support/match-papers.ts";

const store = useDatabase();
const now = new Date("2026-03-02T10:00:00Z");
const quiet = { warn: () => {} };
const context = () => ({ db: store.db, now: () => now, log: quiet as never });
const topic = (slug: string, rules: string) => ({ slug, name: slug, area: "", description: "", rules });
const readMatches = async () =>
  (
    await store.db.execute<{ paper: number; slug: string; score: number; terms: string[] }>(
      sql`select paper_id as paper, slug, score, terms from matches join topics on topics.id = topic_id order by paper_id, slug`,
    )
  ).rows;

beforeEach(async () => {
  await store.db.execute(sql`truncate papers, topics, matches restart identity cascade`);
});

test("a paper that came is matched once, with its score and the words as they stand in the text", async () => {
  await applyTopics(store.db, [topic("images", '"text to image" OR diffusion'), topic("robots", "robot")], now);
  const [paper] = await storeTexts(store.db, [
    { title: "Text-to-Image at speed", abstract: "We study Diffusions. And one diffusion more." },
  ]);
  expect(await runMatch(context())).toEqual({ papers: 1, matches: 1 });
  expect(await readMatches()).toEqual([
    { paper, slug: "images", score: 3.5, terms: ["Text-to-Image", "Diffusions", "diffusion"] },
  ]);
  expect(await runMatch(context())).toEqual({ papers: 0, matches: 0 });
});

test("a phrase over brackets or a comma is told as one would say it, once", async () => {
  await applyTopics(store.db, [topic("cache", '"kv cache" OR "backdoor attack"')], now);
  await storeTexts(store.db, [
    { title: "Key-value (KV) cache", abstract: "A KV cache, a (KV) cache. On backdoors: attack and defense." },
  ]);
  await runMatch(context());
  expect((await readMatches())[0]?.terms).toEqual(["KV cache", "backdoors attack"]);
});

test.each([
  "A²RD: diffusion told",
  "½ a diffusion, H₂O",
  "Ⅳ ① xⁿ x̄ ٣ a·b it’s don't diffusion",
  "中文 カ゛ 3.5 ℝ diffusion",
])("the words are those that earned it where letters are odd: %s", async (title) => {
  await applyTopics(store.db, [topic("images", "diffusion")], now);
  await storeTexts(store.db, [{ title, abstract: `${title}. Diffusion again.` }]);
  await runMatch(context());
  expect((await readMatches())[0]?.terms).toEqual(["diffusion"]);
});

test("papers are matched again after rules changed, and matches that no longer hold go away", async () => {
  await storeTexts(store.db, [{ title: "A robot" }, { title: "A poem" }]);
  await applyTopics(store.db, [topic("one", "robot")], now);
  await runMatch(context());
  const answer = await applyTopics(store.db, [topic("one", "poem")], now);
  expect(answer).toEqual({ added: 0, changed: 1, retired: 0, rematch: 2 });
  await runMatch(context());
  expect((await readMatches()).map(({ paper, terms }) => [paper, terms])).toEqual([[2, ["poem"]]]);
});

test("rules that cannot be read match nothing and keep no other topic from matching", async () => {
  await store.db.execute(
    sql`insert into topics (slug, name, rules) values ('broken', 'broken', '(robot'), ('good', 'good', 'robot')`,
  );
  await storeTexts(store.db, [{ title: "A robot" }]);
  expect(await runMatch(context())).toEqual({ papers: 1, matches: 1 });
});

test("two runs at once share the papers and store each match once", async () => {
  await applyTopics(store.db, [topic("one", "robot")], now);
  await storeTexts(
    store.db,
    Array.from({ length: 600 }, (_, number) => ({ title: `Robot ${number}` })),
  );
  const runs = await Promise.all([runMatch(context()), runMatch(context())]);
  expect(runs.reduce((sum, { papers }) => sum + papers, 0)).toBe(600);
  expect(await readMatches()).toHaveLength(600);
});

test("topics saved, changed and deleted between runs count from the next run on, beside those that stayed", async () => {
  await applyTopics(store.db, [topic("robots", "robot"), topic("poems", "poem OR verse")], now);
  const texts = [{ title: "A robot in verse" }, { title: "A ship" }];
  const rounds: string[][] = [];
  const round = async (change?: string) => {
    if (change) await store.db.execute(change);
    await store.db.execute(sql`truncate papers restart identity cascade`);
    await storeTexts(store.db, texts);
    await runMatch(context());
    rounds.push((await readMatches()).map(({ paper, slug }) => `${paper} ${slug}`));
  };
  await round();
  await round("insert into topics (slug, name, rules) values ('ships', 'ships', 'ship')");
  await round("update topics set rules = 'ship OR robot' where slug = 'poems'");
  await round("delete from topics where slug = 'robots'");
  expect(rounds).toEqual([
    ["1 poems", "1 robots"],
    ["1 poems", "1 robots", "2 ships"],
    ["1 poems", "1 robots", "2 poems", "2 ships"],
    ["1 poems", "2 poems", "2 ships"],
  ]);
});

test("a reader's own topic that floods keeps its best papers of a batch, an offered one keeps all", async () => {
  await applyTopics(store.db, [topic("offered", "robot")], now);
  await store.db.execute(sql`insert into subscribers (id, email) values (1, 'floods@example.net')`);
  await store.db.execute(sql`insert into topics (slug, name, rules, owner_id) values ('saved', 'saved', 'robot', 1)`);
  const papers = await storeTexts(
    store.db,
    Array.from({ length: 130 }, (_, at) =>
      at < 20 ? { title: `Robot ${at}`, abstract: "A robot." } : { title: `Robot ${at}` },
    ),
  );
  await runMatch(context());
  const of = (slug: string) => readMatches().then((rows) => rows.filter((row) => row.slug === slug));
  expect(await of("offered")).toHaveLength(130);
  const saved = await of("saved");
  expect(saved).toHaveLength(100);
  expect(saved.map(({ paper }) => paper).slice(0, 20)).toEqual(papers.slice(0, 20));
});

test("a category is found under all of its names", async () => {
  await applyTopics(store.db, [topic("systems", "category:cs.SY"), topic("learning", "category:cs.LG")], now);
  await storeTexts(store.db, [
    { title: "One", categories: ["eess.SY"] },
    { title: "Two", categories: ["cmp-lg"] },
  ]);
  await runMatch(context());
  expect((await readMatches()).map(({ slug }) => slug)).toEqual(["systems"]);
});
