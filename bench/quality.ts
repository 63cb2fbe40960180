// How good are the topics? Rules alone beside rules with the second opinion, each on papers that the opinion was not trained on.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Evaluation, evaluate } from "../src/core/match/evaluate.ts";
import { matchTopics } from "../src/core/match/match.ts";
import { indexPapers } from "../src/core/match/paper-index.ts";
import type { PaperWords } from "../src/core/match/paper-words.ts";
import { parseRules } from "../src/core/match/rules.ts";
import { readOpinion } from "../src/core/match/second-opinion.ts";
import type { OfferedTopic } from "../src/core/match/topics-file.ts";
import { compileRules } from "../src/db/compiled.ts";
import { closeDatabase, connectDatabase, type Database } from "../src/db/connect.ts";
import { startEmbeddedDatabase } from "../src/db/embedded.ts";
import { readTexts } from "../src/db/labelled.ts";
import { DATA, type Example, type Model, readExamples, readOwnTopics, trainOpinions } from "./opinion-training.ts";

/** Papers a topic must have among the labels for its figure to be shown. */
const LEAST_POSITIVES = 10;

/** Runs the comparison and prints it; needs the labels and the recorded days. */
export async function run(): Promise<void> {
  if (!existsSync(DATA)) return console.log("  skipped: the labels and the recorded days are not here");
  await withScratchDatabase(compare);
}

/** A PostgreSQL of its own, gone afterwards. */
export async function withScratchDatabase(work: (db: Database) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "paperboy-bench-"));
  const server = await startEmbeddedDatabase({ dataDir, flags: ["-c", "fsync=off"] });
  const db = connectDatabase(server.url, 2);
  try {
    await work(db);
  } finally {
    await closeDatabase(db);
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function compare(db: Database): Promise<void> {
  const topics = readOwnTopics();
  const { read, weak } = readExamples(DATA, topics);
  const examples = [...read, ...weak];
  const words = await readTexts(db, examples);
  const alone = await findTopics(db, topics, words, undefined);
  examples.forEach((example, number) => {
    if (example.sample === "weak") example.topics = new Set(alone[number]);
  });

  const samples = [...new Set(read.map(({ sample }) => sample))].sort();
  const both: string[][] = alone.map(() => []);
  console.log(
    "micro-F1 (precision, recall)       rules alone            rules and second opinion, not trained on the sample",
  );
  for (const sample of samples) {
    const others = examples.map((_, number) => number).filter((number) => examples[number]?.sample !== sample);
    const own = examples.map((_, number) => number).filter((number) => examples[number]?.sample === sample);
    const pick = <Item>(list: Item[], places: number[]) => places.flatMap((place) => list[place] ?? []);
    const model = trainOpinions(
      topics.map(({ slug }) => slug),
      pick(examples, others),
      pick(words, others),
    );
    const found = await findTopics(db, topics, pick(words, own), model);
    own.forEach((number, place) => {
      both[number] = found[place] ?? [];
    });
    const labelled = pick(examples, own);
    const of = (list: string[][]) => said(score(labelled, list));
    console.log(
      `  ${sample.padEnd(4)} ${String(own.length).padStart(4)} papers    ${of(own.map((number) => alone[number] ?? []))}    ${of(found)}`,
    );
  }
  const before = score(read, alone.slice(0, read.length));
  const after = score(read, both.slice(0, read.length));
  console.log(`  all  ${String(read.length).padStart(4)} papers    ${said(before)}    ${said(after)}`);
  console.log(`F1 of topics with ${LEAST_POSITIVES} or more papers`);
  for (const { slug } of topics) {
    const [one, two] = [before.topics[slug], after.topics[slug]];
    if (one && two && one.positives >= LEAST_POSITIVES)
      console.log(
        `  ${slug.padEnd(40)} ${String(one.positives).padStart(4)}   ${one.f1.toFixed(2)}   ${two.f1.toFixed(2)} (${two.precision.toFixed(2)}, ${two.recall.toFixed(2)})`,
      );
  }
}

/** The slugs of the topics that each paper answers. */
export async function findTopics(
  db: Database,
  topics: OfferedTopic[],
  papers: PaperWords[],
  model: Model | undefined,
): Promise<string[][]> {
  const rules = topics.map(({ slug, rules: text }, id) => {
    const parsed = parseRules(text);
    if (parsed.kind === "error") throw new Error(`${slug}: ${parsed.message}`);
    const learned = model?.[slug];
    return { id, rules: parsed.rules, opinion: learned && readOpinion(learned) };
  });
  const found: string[][] = papers.map(() => []);
  for (const { topic, papers: matched } of matchTopics(indexPapers(papers), await compileRules(db, rules)))
    for (const paper of matched) found[paper]?.push(topics[topic.id]?.slug ?? "");
  return found;
}

function score(examples: Example[], found: string[][]): Evaluation {
  const labelled = examples.map(({ topics, maybe }) => ({ topics: [...topics], maybe: [...maybe] }));
  return evaluate(labelled, found);
}

function said({ f1, precision, recall }: Evaluation): string {
  return `${f1.toFixed(3)} (${precision.toFixed(3)}, ${recall.toFixed(3)})`;
}
