// What do rules ask of an index? Parsed rules with PostgreSQL's lexemes in the place of words, each distinct term once.
import { type Guards, guardTopics } from "./match-guards.ts";
import { plainName } from "./paper-words.ts";
import { listRuleTerms, type Place, type Rule, type Rules, type Term } from "./rules.ts";
import type { Opinion } from "./second-opinion.ts";

/** A lexeme and how many words after the first lexeme it stands. */
export type LexemeAt = { lexeme: string; offset: number };
/** A word as it was written, likewise; before the first lexeme the offset is below 0. */
export type WordAt = { word: string; offset: number };
/** The lexemes of every text that rules hold, and its words; those without a lexeme are stop words. */
export type Lexicon = Map<string, { lexemes: LexemeAt[]; words: WordAt[] }>;

/** Whether the last lexeme must stand as it is, or only begin or end a longer one. */
type Part = "whole" | "begins" | "ends";

/** What is looked up once a batch, however many rules ask for it. */
export type Asked =
  | { kind: "words"; lexemes: LexemeAt[]; said: WordAt[]; part: Part; place: Place; number: number }
  | { kind: "near"; left: Asked[]; right: Asked[]; within: number; number: number }
  | { kind: "fact"; field: "category" | "org" | "author"; value: string; number: number };

export type Node =
  | { kind: "one"; asked: Asked; weight: number }
  | { kind: "all" | "any"; parts: Node[]; without: Node[] };

/** Rules ready to be put to papers; without a root they can match nothing (only stop words). */
export type CompiledTopic = {
  id: number;
  root: Node | undefined;
  threshold: number;
  opinion: Opinion | undefined;
  saved: boolean;
  /** Words of which one must be there, once they were looked for; without words nothing guards it. */
  guard?: { words: string[] | undefined };
};
/** Rules to compile; the second opinion of offered topics weighs what they find, `saved` ones are a reader's own. */
export type TopicRules = { id: number; rules: Rules; opinion?: Opinion | undefined; saved?: boolean };
/** `known` holds what is asked by its words, so that topics compiled later share the numbers. */
export type CompiledTopics = { topics: CompiledTopic[]; known: Map<string, Asked>; guards: Guards };

/** The texts whose lexemes compiling needs. */
export function listRuleTexts(rules: Iterable<Rules>): Set<string> {
  const texts = new Set<string>();
  for (const { root } of rules) for (const term of listRuleTerms(root)) texts.add(term.words);
  return texts;
}

export type Earlier = { kept?: CompiledTopic[]; known?: Map<string, Asked>; uses?: Map<string, number> };

/**
 * Compiles topics against a lexicon that holds all of their texts; equal terms share one number. `kept` are topics of an
 * earlier compilation, with its `known` and `uses`, that stay as they are: so one changed topic costs little beside 100,000 others.
 */
export function compileTopics(
  topics: Iterable<TopicRules>,
  lexicon: Lexicon,
  { kept = [], known = new Map(), uses }: Earlier = {},
): CompiledTopics {
  const intern = (key: string, make: (number: number) => Asked): Asked => {
    const before = known.get(key);
    if (before) return before;
    const made = make(known.size);
    known.set(key, made);
    return made;
  };
  const words = (term: Term): Asked | undefined => {
    const { lexemes, words: written } = lexicon.get(term.words) ?? { lexemes: [], words: [] };
    if (lexemes.length === 0) return undefined;
    const { exact, place } = term;
    const part: Part = term.prefix ? "begins" : term.suffix ? "ends" : "whole";
    // PostgreSQL drops stop words, so `out of distribution` would be any distribution: they are looked up in the text.
    const meant = new Set(lexemes.map(({ offset }) => offset));
    const said = exact
      ? written
      : written
          .filter(({ offset }) => !meant.has(offset))
          .map(({ word, offset }) => ({ word: word.toLowerCase(), offset }));
    const key = [
      place,
      part,
      ...lexemes.map(({ lexeme, offset }) => `${offset}${lexeme}`),
      ...said.map(({ word, offset }) => `${offset}=${word}`),
    ].join(" ");
    return intern(key, (number) => ({ kind: "words", lexemes, said, part, place, number }));
  };
  const side = (terms: Term[]): Asked[] => terms.map(words).filter((found) => found !== undefined);
  const node = (rule: Rule): Node | undefined => {
    if (rule.kind === "term") {
      const found = words(rule);
      return found && { kind: "one", asked: found, weight: rule.weight };
    }
    if (rule.kind === "fact") {
      const value = rule.field === "category" ? rule.value.toLowerCase() : plainName(rule.value);
      const { field } = rule;
      const found = intern(`${field}:${value}`, (number) => ({ kind: "fact", field, value, number }));
      return { kind: "one", asked: found, weight: rule.weight };
    }
    if (rule.kind === "near") {
      const left = side(rule.left);
      const right = side(rule.right);
      if (left.length === 0 || right.length === 0) return undefined;
      const { within } = rule;
      const numbers = (list: Asked[]) => list.map(({ number }) => number).join(" ");
      const key = `near ${within} ${numbers(left)} / ${numbers(right)}`;
      const found = intern(key, (number) => ({ kind: "near", left, right, within, number }));
      return { kind: "one", asked: found, weight: Math.max(...rule.left.map(({ weight }) => weight)) };
    }
    const parts = rule.parts.map(node).filter((part) => part !== undefined);
    const without = rule.without.map(node).filter((part) => part !== undefined);
    if (parts.length === 0) return undefined;
    return { kind: rule.kind, parts, without };
  };

  const compiled = [...kept];
  for (const { id, rules, opinion, saved = false } of topics)
    compiled.push({ id, root: node(rules.root), threshold: rules.threshold, opinion, saved });
  return { topics: compiled, known, guards: guardTopics(compiled, uses) };
}
