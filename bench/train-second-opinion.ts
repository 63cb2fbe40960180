// How was src/core/match/second-opinion.json made?
//
//   node --import tsx bench/train-second-opinion.ts
//
// Reads ../shared/data (labels and recorded days) and test/fixtures/recorded-labels.json; the same input gives the same file.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { readTexts } from "../src/db/labelled.ts";
import { DATA, readExamples, readOwnTopics, trainOpinions } from "./opinion-training.ts";
import { findTopics, withScratchDatabase } from "./quality.ts";

const topics = readOwnTopics();
const { read, weak } = readExamples(DATA, topics);
const examples = [...read, ...weak];
await withScratchDatabase(async (db) => {
  const words = await readTexts(db, examples);
  const found = await findTopics(db, topics, words.slice(read.length), undefined);
  weak.forEach((example, number) => {
    example.topics = new Set(found[number]);
  });
  const model = trainOpinions(
    topics.map(({ slug }) => slug),
    examples,
    words,
  );
  const lines = Object.entries(model).map(([slug, learned]) => `  ${JSON.stringify(slug)}: ${JSON.stringify(learned)}`);
  const file = path.join(import.meta.dirname, "../src/core/match/second-opinion.json");
  writeFileSync(file, `{\n${lines.join(",\n")}\n}\n`);
  console.log(`${read.length} read papers, ${weak.length} by their rules, ${topics.length} topics`);
});
