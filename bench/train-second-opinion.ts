// How was src/core/second-opinion.json made? Logistic regressions on labelled papers, and on recorded days labelled by the rules.
//
//   node --import tsx bench/train-second-opinion.ts ../shared/data DATABASE_URL [sample left out for testing]
//
// The same input gives the same file. Rules count as weak labels (0.3 of a read one); papers to be tested on are left out.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { PaperWords } from "../src/core/paper-words.ts";
import { lexemeValue } from "../src/core/second-opinion.ts";
import { readTopicsFile } from "../src/core/topics-file.ts";
import { closeDatabase, connectDatabase } from "../src/db/connect.ts";
import { matchTexts, readTexts } from "../src/db/labelled.ts";

type Text = { id?: string; title: string; abstract: string };
type Example = Text & { topics: Set<string>; maybe: Set<string>; trust: number };

const LEAST_PAPERS = 4;
const KEPT_WEIGHTS = 300;
const RIDGE = 0.5;
const ROUNDS = 150;
const RATE = 0.1;
const WEAK = 0.3;

const root = path.join(import.meta.dirname, "..");
const [dataFolder = "../shared/data", url = "", leftOut] = process.argv.slice(2);
const file = readTopicsFile(readFileSync(path.join(root, "topics.yaml"), "utf8"));
if (file.kind === "error") throw new Error(file.problems.join("\n"));
const { topics } = file;
const slugs = new Map(topics.map(({ name, slug }) => [name, slug]));

const recorded = readRecorded(path.join(dataFolder, "huggingface/daily"));
const examples: Example[] = [];
for (const paper of readJson<(Text & { topics: string[]; maybe: string[] })[]>(
  path.join(dataFolder, "labels/topics.dev.json"),
))
  examples.push({ ...paper, topics: slugsOf(paper.topics), maybe: slugsOf(paper.maybe), trust: 1 });
for (const label of readJson<{ id: string; sample: string; topics: string[]; maybe: string[] }[]>(
  path.join(root, "test/fixtures/recorded-labels.json"),
)) {
  const text = recorded.get(label.id);
  recorded.delete(label.id);
  if (text && label.sample !== leftOut)
    examples.push({ ...text, topics: new Set(label.topics), maybe: new Set(label.maybe), trust: 1 });
}
const db = connectDatabase(url, 2);
const rest = [...recorded.values()];
const plain = topics.map(({ name, rules }) => ({ slug: "", name, rules }));
(await matchTexts(db, plain, rest)).forEach((names, number) => {
  const text = rest[number];
  if (text) examples.push({ ...text, topics: slugsOf(names), maybe: new Set(), trust: WEAK });
});
const words = await readTexts(db, examples);
await closeDatabase(db);

const holders = new Map<string, number>();
for (const { lexemes } of words)
  for (const lexeme of lexemes.keys()) holders.set(lexeme, (holders.get(lexeme) ?? 0) + 1);
const vocabulary = [...holders].filter(([, count]) => count >= LEAST_PAPERS && count <= words.length / 2);
const numbers = new Map(
  vocabulary
    .map(([lexeme]) => lexeme)
    .sort()
    .map((lexeme, number) => [lexeme, number]),
);
const vectors = words.map((paper) => sparse(paper, numbers));

const model: Record<string, { bias: number; weights: Record<string, number> }> = {};
for (const { slug } of topics) model[slug] = train(slug);
writeFileSync(path.join(root, "src/core/second-opinion.json"), `${JSON.stringify(model)}\n`);
console.log(`${examples.length} papers, ${numbers.size} lexemes, ${topics.length} topics`);

/** Adam on the weighted logistic loss with a ridge; keeps the heaviest weights. */
function train(slug: string): { bias: number; weights: Record<string, number> } {
  const used = examples.flatMap(({ topics: own, maybe, trust }, number) =>
    maybe.has(slug) && !own.has(slug) ? [] : [{ number, wanted: own.has(slug) ? 1 : 0, trust }],
  );
  const size = numbers.size;
  const weights = new Float64Array(size + 1);
  const slope = new Float64Array(size + 1);
  const mean = new Float64Array(size + 1);
  const square = new Float64Array(size + 1);
  for (let round = 1; round <= ROUNDS; round++) {
    for (let at = 0; at < size; at++) slope[at] = RIDGE * (weights[at] ?? 0);
    slope[size] = 0;
    for (const { number, wanted, trust } of used) {
      const vector = vectors[number] ?? [];
      let odds = weights[size] ?? 0;
      for (const [at, value] of vector) odds += (weights[at] ?? 0) * value;
      const error = trust * (1 / (1 + Math.exp(-odds)) - wanted);
      for (const [at, value] of vector) slope[at] = (slope[at] ?? 0) + error * value;
      slope[size] = (slope[size] ?? 0) + error;
    }
    for (let at = 0; at <= size; at++) {
      const step = slope[at] ?? 0;
      const first = 0.9 * (mean[at] ?? 0) + 0.1 * step;
      const second = 0.999 * (square[at] ?? 0) + 0.001 * step * step;
      mean[at] = first;
      square[at] = second;
      const moved = first / (1 - 0.9 ** round) / (Math.sqrt(second / (1 - 0.999 ** round)) + 1e-8);
      weights[at] = (weights[at] ?? 0) - RATE * moved;
    }
  }
  const kept = [...numbers]
    .map(([lexeme, at]): [string, number] => [lexeme, Math.round((weights[at] ?? 0) * 100) / 100])
    .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]) || (a[0] < b[0] ? -1 : 1))
    .slice(0, KEPT_WEIGHTS);
  return { bias: Math.round((weights[size] ?? 0) * 100) / 100, weights: Object.fromEntries(kept) };
}

function sparse({ lexemes, titleEnd }: PaperWords, known: Map<string, number>): [number, number][] {
  const vector: [number, number][] = [];
  for (const [lexeme, positions] of lexemes) {
    const at = known.get(lexeme);
    if (at === undefined) continue;
    const inTitle = positions.filter((position) => position <= titleEnd).length;
    vector.push([at, lexemeValue(inTitle, positions.length - inTitle, lexemes.size)]);
  }
  return vector;
}

function slugsOf(names: string[]): Set<string> {
  return new Set(names.flatMap((name) => slugs.get(name) ?? []));
}

function readRecorded(folder: string): Map<string, Text> {
  const papers = new Map<string, Text>();
  for (const name of readdirSync(folder).sort()) {
    const day = readJson<unknown>(path.join(folder, name));
    if (!Array.isArray(day)) continue;
    for (const entry of day as { paper?: { id?: string; title?: string; summary?: string } }[]) {
      const { id, title, summary } = entry.paper ?? {};
      if (id && title && summary && !papers.has(id))
        papers.set(id, { id, title: title.replace(/\s+/g, " ").trim(), abstract: summary.replace(/\s+/g, " ").trim() });
    }
  }
  return papers;
}

function readJson<Value>(name: string): Value {
  return JSON.parse(readFileSync(name, "utf8")) as Value;
}
