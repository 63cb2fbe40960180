// How is a second opinion learned? Logistic regressions on labelled papers, and on recorded days labelled by the rules.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { readLabelledPapers } from "../src/core/match/evaluate.ts";
import type { PaperWords } from "../src/core/match/paper-words.ts";
import { lexemeValue } from "../src/core/match/second-opinion.ts";
import { type OfferedTopic, readTopicsFile } from "../src/core/match/topics-file.ts";

/** A text with the slugs of its topics; `sample` says in which reading it was labelled, `weak` that only the rules did. */
export type Example = {
  title: string;
  abstract: string;
  topics: Set<string>;
  maybe: Set<string>;
  sample: string;
};
export type Model = Record<string, { bias: number; weights: Record<string, number> }>;

const root = path.join(import.meta.dirname, "..");
/** Where labels and recorded days lie beside the project. */
export const DATA = path.join(root, "../shared/data");
/** A lexeme is learned from when so many papers hold it, and not more than half of them. */
const LEAST_PAPERS = 4;
const KEPT_WEIGHTS = 300;
const RIDGE = 0.5;
const ROUNDS = 150;
const RATE = 0.1;
/** What the word of the rules counts beside that of a reader. */
const WEAK = 0.3;
/** An opinion says nothing about a paper whose log-odds are so much lower than those of the topic's papers on average. */
const MARGIN = 1.5;

/** The topics of topics.yaml. */
export function readOwnTopics(): OfferedTopic[] {
  const file = readTopicsFile(readFileSync(path.join(root, "topics.yaml"), "utf8"));
  if (file.kind === "error") throw new Error(file.problems.join("\n"));
  return file.topics;
}

/** Papers that somebody read and labelled, and all other recorded papers (`weak`, without topics yet). */
export function readExamples(dataFolder: string, topics: OfferedTopic[]): { read: Example[]; weak: Example[] } {
  const slugs = new Map(topics.map(({ name, slug }) => [name, slug]));
  const slugsOf = (names: string[]) => new Set(names.flatMap((name) => slugs.get(name) ?? []));
  const dev = readLabelledPapers(readFileSync(path.join(dataFolder, "labels/topics.dev.json"), "utf8"));
  if (dev.kind === "error") throw new Error(dev.message);
  const read: Example[] = dev.papers.map(({ title, abstract, topics: wanted, maybe }) => ({
    title,
    abstract,
    topics: slugsOf(wanted),
    maybe: slugsOf(maybe),
    sample: "dev",
  }));
  const recorded = readRecorded(path.join(dataFolder, "huggingface/daily"));
  const labels = JSON.parse(readFileSync(path.join(root, "test/fixtures/recorded-labels.json"), "utf8")) as {
    id: string;
    sample: string;
    topics: string[];
    maybe: string[];
  }[];
  for (const { id, sample, topics: wanted, maybe } of labels) {
    const text = recorded.get(id);
    recorded.delete(id);
    if (text) read.push({ ...text, topics: new Set(wanted), maybe: new Set(maybe), sample });
  }
  const weak = [...recorded.values()].map((text) => ({ ...text, topics: noTopics, maybe: noTopics, sample: "weak" }));
  return { read, weak };
}
const noTopics: Set<string> = new Set();

/** Learns one opinion a topic; the same examples in the same order give the same model. */
export function trainOpinions(slugs: string[], examples: Example[], words: PaperWords[]): Model {
  const holders = new Map<string, number>();
  for (const { lexemes } of words)
    for (const lexeme of lexemes.keys()) holders.set(lexeme, (holders.get(lexeme) ?? 0) + 1);
  const vocabulary = [...holders]
    .filter(([, count]) => count >= LEAST_PAPERS && count <= words.length / 2)
    .map(([lexeme]) => lexeme)
    .sort();
  const numbers = new Map(vocabulary.map((lexeme, number) => [lexeme, number]));
  const vectors = words.map((paper) => sparse(paper, numbers));
  return Object.fromEntries(slugs.map((slug) => [slug, train(slug, examples, vectors, vocabulary)]));
}

/** Adam on the weighted logistic loss with a ridge; keeps the heaviest weights. */
function train(slug: string, examples: Example[], vectors: Sparse[], vocabulary: string[]): Model[string] {
  const used = examples.flatMap(({ topics, maybe, sample }, number) =>
    maybe.has(slug) && !topics.has(slug)
      ? []
      : [{ vector: vectors[number], wanted: topics.has(slug) ? 1 : 0, trust: sample === "weak" ? WEAK : 1 }],
  );
  const size = vocabulary.length;
  const [weights, slope, mean, square] = [0, 0, 0, 0].map(() => new Float64Array(size + 1)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let round = 1; round <= ROUNDS; round++) {
    for (let at = 0; at < size; at++) slope[at] = RIDGE * (weights[at] ?? 0);
    slope[size] = 0;
    for (const { vector, wanted, trust } of used) {
      if (!vector) continue;
      const { at, values } = vector;
      let odds = weights[size] ?? 0;
      for (let place = 0; place < at.length; place++) odds += (weights[at[place] ?? 0] ?? 0) * (values[place] ?? 0);
      const error = trust * (1 / (1 + Math.exp(-odds)) - wanted);
      for (let place = 0; place < at.length; place++) {
        const lexeme = at[place] ?? 0;
        slope[lexeme] = (slope[lexeme] ?? 0) + error * (values[place] ?? 0);
      }
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
  const kept = vocabulary
    .map((lexeme, at): [string, number] => [lexeme, rounded(weights[at] ?? 0)])
    .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]) || (a[0] < b[0] ? -1 : 1))
    .slice(0, KEPT_WEIGHTS);
  const values = new Map(kept.map(([lexeme, weight]) => [vocabulary.indexOf(lexeme), weight]));
  let sum = 0;
  let count = 0;
  for (const { vector, wanted, trust } of used) {
    if (wanted === 0 || !vector) continue;
    count += trust;
    vector.at.forEach((at, place) => {
      sum += trust * (values.get(at) ?? 0) * (vector.values[place] ?? 0);
    });
  }
  // A rare topic's log-odds are low for all papers: shifted, 0 says nothing in every topic.
  const bias = count === 0 ? 0 : rounded(MARGIN - sum / count);
  return { bias, weights: Object.fromEntries(kept) };
}

const rounded = (value: number) => Math.round(value * 100) / 100;

type Sparse = { at: Int32Array; values: Float64Array };

function sparse({ lexemes, titleEnd }: PaperWords, numbers: Map<string, number>): Sparse {
  const at: number[] = [];
  const values: number[] = [];
  for (const [lexeme, positions] of lexemes) {
    const number = numbers.get(lexeme);
    if (number === undefined) continue;
    const inTitle = positions.filter((position) => position <= titleEnd).length;
    at.push(number);
    values.push(lexemeValue(inTitle, positions.length - inTitle, lexemes.size));
  }
  return { at: Int32Array.from(at), values: Float64Array.from(values) };
}

function readRecorded(folder: string): Map<string, { title: string; abstract: string }> {
  const papers = new Map<string, { title: string; abstract: string }>();
  const plain = (text: string) => text.replace(/\s+/g, " ").trim();
  for (const name of readdirSync(folder).sort()) {
    const day: unknown = JSON.parse(readFileSync(path.join(folder, name), "utf8"));
    if (!Array.isArray(day)) continue;
    for (const entry of day as { paper?: { id?: string; title?: string; summary?: string } }[]) {
      const { id, title, summary } = entry.paper ?? {};
      if (id && title && summary && !papers.has(id)) papers.set(id, { title: plain(title), abstract: plain(summary) });
    }
  }
  return papers;
}
