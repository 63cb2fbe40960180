// What do these rules ask, in PostgreSQL's words? Parsed rules compiled against its lexemes.
import {
  type CompiledTopic,
  type CompiledTopics,
  compileTopics,
  type Earlier,
  listRuleTexts,
  type TopicRules,
} from "../core/match/match-rules.ts";
import type { Rules } from "../core/match/rules.ts";
import type { Queryable } from "./connect.ts";
import { readLexicon } from "./lexemes.ts";

/** Compiles rules that were read before, beside topics compiled earlier that are kept; one round trip. */
export async function compileRules(
  db: Queryable,
  topics: TopicRules[],
  earlier: Earlier = {},
): Promise<CompiledTopics> {
  const lexicon = await readLexicon(db, listRuleTexts(topics.map(({ rules }) => rules)));
  return compileTopics(topics, lexicon, earlier);
}

/** Compiles one set of rules. */
export async function compileOne(
  db: Queryable,
  rules: Rules,
): Promise<{ compiled: CompiledTopics; topic: CompiledTopic }> {
  const compiled = await compileRules(db, [{ id: 0, rules }]);
  const [topic] = compiled.topics;
  if (!topic) throw new Error("compiling one topic gave none");
  return { compiled, topic };
}
