// What must hold for every rule and every paper? Generated ones, put to the bit sets and to PostgreSQL's own @@.
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { expect, it } from "vitest";
import { explainMatches } from "../../src/core/match/explain.ts";
import { matchTopics } from "../../src/core/match/match.ts";
import { indexPapers } from "../../src/core/match/paper-index.ts";
import { parseRules } from "../../src/core/match/rules.ts";
import { writeTextQuery } from "../../src/core/match/tsquery.ts";
import { compileRules } from "../../src/db/compiled.ts";
import { readTexts } from "../../src/db/labelled.ts";
import { readSearchVectors } from "../../src/db/lexemes.ts";
import { useDatabase } from "../support/database.ts";

const store = useDatabase();
const RUNS = { numRuns: 150, seed: 20261126 };

const words =
  "image images imaging diffusion text to the of robot robots robotic fair fairness learning learned C++ café state-of-the-art GPT-4".split(
    " ",
  );
const word = fc.constantFrom(...words);
const text = fc
  .array(fc.tuple(word, fc.constantFrom(" ", " ", " ", ", ", ". ", "-")), { maxLength: 14 })
  .map((list) => list.flat().join("").trim());
const papers = fc.array(fc.record({ title: text, abstract: text }), { minLength: 1, maxLength: 40 });

/** Rules of every kind; `plain` ones hold nothing that @@ cannot say. */
const { rules, plain } = fc.letrec<{ rules: string; plain: string; any: string; sure: string }>((tie) => {
  const phrase = fc.array(word, { minLength: 2, maxLength: 3 }).map((list) => `"${list.join(" ")}"`);
  const placed = fc.tuple(fc.constantFrom("title:", "abstract:"), fc.oneof(word, phrase)).map((pair) => pair.join(""));
  const begins = fc.constantFrom("imag*", "robo*", "title:lear*");
  const near = fc
    .tuple(word, fc.nat({ max: 6 }), word)
    .map(([left, within, right]) => `${left} NEAR/${within} ${right}`);
  const odd = fc.oneof(
    near,
    word.map((one) => `=${one}`),
    fc.constantFrom("*ing", "*bot"),
  );
  const groups = (part: fc.Arbitrary<string>) =>
    fc.oneof(
      fc.array(part, { minLength: 2, maxLength: 3 }).map((list) => `(${list.join(" OR ")})`),
      fc.array(part, { minLength: 2, maxLength: 3 }).map((list) => `(${list.join(" ")})`),
      fc.tuple(part, part).map(([wanted, without]) => `(${wanted} -${without})`),
    );
  const simple = fc.oneof(word, phrase, placed, begins);
  return {
    sure: fc.oneof({ maxDepth: 3 }, simple, groups(tie("sure") as fc.Arbitrary<string>)),
    any: fc.oneof({ maxDepth: 3 }, simple, odd, groups(tie("any") as fc.Arbitrary<string>)),
    plain: tie("sure") as fc.Arbitrary<string>,
    rules: tie("any") as fc.Arbitrary<string>,
  };
});

async function compile(...texts: string[]) {
  const parsed = texts.map((one, id) => {
    const read = parseRules(one);
    if (read.kind === "error") throw new Error(`${one}: ${read.message} at ${read.at}`);
    return { id, rules: read.rules };
  });
  return compileRules(store.db, parsed);
}

/** Score by paper, a map for each rule. */
async function scoresOf(texts: { title: string; abstract: string }[], ...asked: string[]) {
  const scores = asked.map(() => new Map<number, number>());
  const compiled = await compile(...asked);
  for (const found of matchTopics(indexPapers(await readTexts(store.db, texts)), compiled))
    for (const [at, paper] of found.papers.entries())
      scores[found.topic.id]?.set(paper, found.scores[at] ?? Number.NaN);
  return scores;
}

it("a rule never matches less, nor scores lower, when a word is added to an OR", async () => {
  await fc.assert(
    fc.asyncProperty(papers, rules, word, async (texts, rule, added) => {
      const [before = new Map(), after = new Map()] = await scoresOf(texts, rule, `${rule} OR ${added}`);
      for (const [paper, score] of before) expect(after.get(paper)).toBeGreaterThanOrEqual(score);
    }),
    RUNS,
  );
});

it("what is left out is never found, and nothing else is lost", async () => {
  await fc.assert(
    fc.asyncProperty(papers, rules, word, async (texts, rule, left) => {
      const [all = new Map(), without = new Map(), held = new Map()] = await scoresOf(
        texts,
        rule,
        `(${rule}) -${left}`,
        left,
      );
      for (const [paper, score] of all) expect(without.get(paper)).toBe(held.has(paper) ? undefined : score);
      for (const paper of without.keys()) expect(held.has(paper)).toBe(false);
    }),
    RUNS,
  );
});

it("the order and the company of papers change no score and no reason", async () => {
  await fc.assert(
    fc.asyncProperty(papers, rules, fc.infiniteStream(fc.nat()), async (texts, rule, numbers) => {
      const compiled = await compile(rule);
      const given = await readTexts(store.db, texts);
      const told = (list: typeof given) =>
        new Map(explainMatches(list, compiled).map(({ paperId, ...match }) => [paperId, match]));
      const together = told(given);
      const order = new Map(given.map(({ id }) => [id, numbers.next().value]));
      const shuffled = given.toSorted((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
      expect(new Map([...told(shuffled)].sort(([a], [b]) => a - b))).toEqual(
        new Map([...together].sort(([a], [b]) => a - b)),
      );
      for (const paper of given) expect(told([paper]).get(paper.id)).toEqual(together.get(paper.id));
    }),
    RUNS,
  );
});

it("the bit sets find what PostgreSQL's @@ finds, and @@ loses nothing where it cannot say all", async () => {
  let decided = 0;
  await fc.assert(
    fc.asyncProperty(papers, fc.oneof(plain, rules), async (texts, rule) => {
      const compiled = await compile(rule);
      const [topic] = compiled.topics;
      const found = matchTopics(indexPapers(await readTexts(store.db, texts)), compiled).flatMap(
        ({ papers }) => papers,
      );
      const { query, exact } = topic?.root ? writeTextQuery(topic.root) : { query: undefined, exact: false };
      if (!topic?.root) expect(found).toEqual([]);
      if (query === undefined) {
        expect(exact).toBe(false);
        return;
      }
      const vectors = await readSearchVectors(store.db, texts);
      const answer = await store.db.execute<{ nth: number }>(
        sql`select (nth - 1)::int as nth from unnest(${sql.param(vectors)}::text[]::tsvector[]) with ordinality as given(vector, nth)
          where vector @@ ${query}::tsquery`,
      );
      const held = answer.rows.map(({ nth }) => nth);
      if (exact) {
        decided++;
        expect(found.toSorted((a, b) => a - b)).toEqual(held.toSorted((a, b) => a - b));
      } else expect(held).toEqual(expect.arrayContaining(found));
    }),
    { ...RUNS, numRuns: 300 },
  );
  expect(decided).toBeGreaterThan(100);
});
