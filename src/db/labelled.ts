// How good are topics on labelled papers? Nothing is stored: PostgreSQL only makes the lexemes.
import { type Evaluation, evaluate, type LabelledPaper } from "../core/evaluate.ts";
import { matchTopics } from "../core/match.ts";
import { compileTopics, listRuleTexts } from "../core/match-rules.ts";
import { indexPapers } from "../core/paper-index.ts";
import { readPaperWords } from "../core/paper-words.ts";
import { parseRules } from "../core/rules.ts";
import type { Queryable } from "./connect.ts";
import { readLexicon, readSearchVectors } from "./lexemes.ts";

const nobody = { categories: [], organization: null, authors: [] };
const empty = { title: "", abstract: "" };

/** Which topics (by name) each text answers. Throws on rules that cannot be read. */
export async function matchTexts(
  db: Queryable,
  topics: { name: string; rules: string }[],
  texts: { title: string; abstract: string }[],
): Promise<string[][]> {
  const parsed = topics.map(({ name, rules }, id) => {
    const read = parseRules(rules);
    if (read.kind === "error") throw new Error(`The rules of ${name} cannot be read: ${read.message}`);
    return { id, rules: read.rules };
  });
  const lexicon = await readLexicon(db, listRuleTexts(parsed.map(({ rules }) => rules)));
  const vectors = await readSearchVectors(db, texts);
  const index = indexPapers(
    vectors.map((search, id) => readPaperWords({ ...nobody, ...(texts[id] ?? empty), id, search })),
  );
  const found: string[][] = texts.map(() => []);
  for (const { topic, paper } of matchTopics(index, compileTopics(parsed, lexicon)))
    found[paper]?.push(topics[topic.id]?.name ?? "");
  return found;
}

/** Precision, recall and F1 of these topics on labelled papers. */
export async function evaluateTopics(
  db: Queryable,
  topics: { name: string; rules: string }[],
  papers: LabelledPaper[],
): Promise<Evaluation> {
  return evaluate(papers, await matchTexts(db, topics, papers));
}
