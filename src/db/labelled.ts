// How good are topics on labelled papers? Nothing is stored: PostgreSQL only makes the lexemes.
import { type Evaluation, evaluate, type LabelledPaper } from "../core/match/evaluate.ts";
import { matchTopics } from "../core/match/match.ts";
import { compileTopics, listRuleTexts } from "../core/match/match-rules.ts";
import { indexPapers } from "../core/match/paper-index.ts";
import { type PaperWords, readPaperWords } from "../core/match/paper-words.ts";
import { parseRules } from "../core/match/rules.ts";
import { findOpinion } from "../core/match/second-opinion.ts";
import type { Queryable } from "./connect.ts";
import { readLexicon, readSearchVectors } from "./lexemes.ts";

/** A topic as offered; its second opinion is found by its slug. */
type NamedTopic = { slug: string; name: string; rules: string };
const nobody = { categories: [], organization: null, authors: [] };

/** Texts as match reads papers, numbered from 0. */
export async function readTexts(db: Queryable, texts: { title: string; abstract: string }[]): Promise<PaperWords[]> {
  const vectors = await readSearchVectors(db, texts);
  return texts.map(({ title, abstract }, id) =>
    readPaperWords({ ...nobody, title, abstract, id, search: vectors[id] ?? "" }),
  );
}

/** Which topics (by name) each text answers. Throws on rules that cannot be read. */
async function matchTexts(
  db: Queryable,
  topics: NamedTopic[],
  texts: { title: string; abstract: string }[],
): Promise<string[][]> {
  const parsed = topics.map(({ slug, name, rules }, id) => {
    const read = parseRules(rules);
    if (read.kind === "error") throw new Error(`The rules of ${name} cannot be read: ${read.message}`);
    return { id, rules: read.rules, opinion: findOpinion(slug) };
  });
  const lexicon = await readLexicon(db, listRuleTexts(parsed.map(({ rules }) => rules)));
  const index = indexPapers(await readTexts(db, texts));
  const found: string[][] = texts.map(() => []);
  for (const { topic, papers } of matchTopics(index, compileTopics(parsed, lexicon)))
    for (const paper of papers) found[paper]?.push(topics[topic.id]?.name ?? "");
  return found;
}

/** Precision, recall and F1 of these topics on labelled papers. */
export async function evaluateTopics(
  db: Queryable,
  topics: NamedTopic[],
  papers: LabelledPaper[],
): Promise<Evaluation> {
  return evaluate(papers, await matchTexts(db, topics, papers));
}
