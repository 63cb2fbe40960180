// What may a topic's rules say? One small grammar for topics.yaml, saved topics, exclusions and the search box.
//
//   "text to image" OR diffusion -survey      the words of a web search; a dash leaves out, and leaving out wins in its group
//   diffusion^2 (image OR video)^0.5          weights; ^0 is required but earns nothing
//   bias NEAR (gender OR race), bias NEAR/5 social     required context, within 10 words or within 5
//   title:benchmark abstract:(a OR b) quantiz* *bench  a place, a beginning, an end
//   =explanations ="CLIP"                              the very word, not its stem; with capitals, those too
//   category:cs.CL org:"Some Lab" author:"Ada Lovelace"
//   threshold:3                               the least score that counts, once, anywhere outside brackets
import { type Piece, readPieces } from "./rules-words.ts";

export type Place = "anywhere" | "title" | "abstract";
/** Words that stand together in this order; `words` is as typed, its lexemes come from PostgreSQL. */
export type Term = {
  kind: "term";
  words: string;
  exact: boolean;
  prefix: boolean;
  suffix: boolean;
  place: Place;
  weight: number;
  at: number;
};
/** What is known about a paper beside its text. */
type Fact = { kind: "fact"; field: "category" | "org" | "author"; value: string; weight: number; at: number };
/** One of `left` with one of `right` at most `within` words away. */
type Near = { kind: "near"; left: Term[]; right: Term[]; within: number; at: number };
/** All or any of `parts`, and none of `without`. */
type Group = { kind: "all" | "any"; parts: Rule[]; without: Rule[] };
export type Rule = Term | Fact | Near | Group;
export type Rules = { root: Rule; threshold: number; text: string };
export type ParsedRules = { kind: "ok"; rules: Rules } | { kind: "error"; message: string; at: number };

export const MAX_RULES_LENGTH = 20_000;
const MAX_TERMS = 600;
const MAX_DEPTH = 20;
const facts = ["category", "org", "author"] as const;
const fields = ["title", "abstract", ...facts, "threshold"];

type Inside = { place: Place; fact?: Fact["field"] };

/** Reads a rule text; an error says in one sentence what is wrong and at which character (from 0). */
export function parseRules(text: string): ParsedRules {
  if (text.length > MAX_RULES_LENGTH)
    return { kind: "error", message: `Rules may be at most ${MAX_RULES_LENGTH} characters long`, at: MAX_RULES_LENGTH };
  const read = readPieces(text);
  if (read.kind === "error") return read;
  const { pieces } = read;

  let next = 0;
  let terms = 0;
  let threshold: number | undefined;
  let problem: { message: string; at: number } | undefined;
  // The first problem stands; going to the end lets every loop finish by itself.
  const fail = (message: string, at: number): void => {
    problem ??= { message, at };
    next = pieces.length;
  };
  const peek = () => pieces[next];

  const alternatives = (inside: Inside, depth: number, openedAt: number): Group => {
    if (depth > MAX_DEPTH) fail(`Brackets may be at most ${MAX_DEPTH} deep`, openedAt);
    const parts: Rule[] = [];
    const without: Rule[] = [];
    for (;;) {
      const start = peek()?.at ?? text.length;
      const rules = together(inside, depth, without);
      if (rules.length === 0 && (parts.length > 0 || peek()?.kind === "or"))
        fail("OR needs words on both sides", Math.min(start, text.length));
      if (rules.length > 0) parts.push(merge("all", rules));
      if (peek()?.kind !== "or") break;
      next++;
    }
    return { kind: "any", parts, without };
  };

  const together = (inside: Inside, depth: number, without: Rule[]): Rule[] => {
    const parts: Rule[] = [];
    for (let piece = peek(); piece && piece.kind !== "or" && piece.kind !== "close"; piece = peek()) {
      if (piece.kind === "and") {
        next++;
        const after = peek()?.kind;
        if (parts.length === 0 || after === undefined || after === "or" || after === "close" || after === "and")
          fail("AND needs words on both sides", piece.at);
        continue;
      }
      if (piece.kind === "not") {
        next++;
        const rule = joined(inside, depth);
        if (rule) without.push(rule);
        else fail("There is nothing to leave out here", piece.at);
        continue;
      }
      const rule = joined(inside, depth);
      if (rule) parts.push(rule);
    }
    return parts;
  };

  const joined = (inside: Inside, depth: number): Rule | undefined => {
    const left = single(inside, depth);
    const near = peek();
    if (near?.kind !== "near") return left;
    next++;
    const right = single(inside, depth);
    const sides = [left && listTerms(left), right && listTerms(right)];
    const [before, after] = sides;
    if (!before || !after) {
      fail("NEAR needs words, a phrase or (words OR words) on both sides", near.at);
      return undefined;
    }
    const third = peek();
    if (third?.kind === "near") fail("NEAR joins two sides only; write the second pair with AND", third.at);
    return { kind: "near", left: before, right: after, within: near.within, at: near.at };
  };

  const single = (inside: Inside, depth: number): Rule | undefined => {
    const piece = peek();
    if (!piece || piece.kind === "or" || piece.kind === "close" || piece.kind === "near" || piece.kind === "and") {
      if (piece?.kind === "near") fail("NEAR needs words, a phrase or (words OR words) on both sides", piece.at);
      return undefined;
    }
    next++;
    if (piece.kind === "not") {
      fail("There is nothing to leave out here", piece.at);
      return undefined;
    }
    const within = narrowed(inside, piece);
    if (within === undefined) return undefined;
    if (piece.kind !== "words") {
      const group = alternatives(within, depth + 1, piece.at);
      const close = peek();
      if (close?.kind !== "close") fail("This bracket is never closed", piece.at);
      next++;
      if (group.parts.length === 0) fail("These brackets hold nothing to look for", piece.at);
      return weighted(merge("any", group.parts, group.without), close?.kind === "close" ? close.weight : 1);
    }
    if (piece.field === "threshold") {
      if (depth > 0 || threshold !== undefined) fail("A threshold stands once, outside brackets", piece.at);
      threshold = Number(piece.text);
      if (!(threshold >= 0 && threshold <= 1000)) fail("A threshold is a number from 0 to 1000", piece.at);
      return undefined;
    }
    if (++terms > MAX_TERMS) fail(`Rules may hold at most ${MAX_TERMS} words and phrases`, piece.at);
    const { weight, at } = piece;
    if (within.fact) return { kind: "fact", field: within.fact, value: piece.text.trim(), weight, at };
    const { exact, prefix, suffix } = piece;
    return { kind: "term", words: piece.text.trim(), exact, prefix, suffix, place: within.place, weight, at };
  };

  const narrowed = (inside: Inside, piece: Piece & { at: number; field?: string }): Inside | undefined => {
    const { field } = piece;
    if (field === undefined || field === "threshold") return inside;
    if (field === "title" || field === "abstract") return { place: field };
    const fact = facts.find((name) => name === field);
    if (fact) return { place: "anywhere", fact };
    fail(
      `${field}: is not known; there is ${fields.join(":, ")}: (put the words in quotation marks to look for them)`,
      piece.at,
    );
    return undefined;
  };

  const root = alternatives({ place: "anywhere" }, 0, 0);
  const left = peek();
  if (left) fail("This bracket was never opened", left.at);
  if (root.parts.length === 0) fail("There is nothing to look for", 0);
  if (problem) return { kind: "error", ...problem };
  return { kind: "ok", rules: { root: merge("any", root.parts, root.without), threshold: threshold ?? 0, text } };
}

/** Reads words to leave out: each line is rules of its own, and a paper that answers any of them is left out. */
export function parseExclusions(text: string): ParsedRules {
  const parts: Rule[] = [];
  let at = 0;
  for (const line of text.split("\n")) {
    if (line.trim() !== "") {
      const parsed = parseRules(line);
      if (parsed.kind === "error") return { ...parsed, at: at + parsed.at };
      parts.push(parsed.rules.root);
    }
    at += line.length + 1;
  }
  if (parts.length === 0) return { kind: "error", message: "There is nothing to look for", at: 0 };
  return { kind: "ok", rules: { root: merge("any", parts), threshold: 0, text } };
}

/** A mistake in a rule text as a sentence, with its place where that is not the beginning: `…, in line 2 at character 5.` */
export function mistakeIn(text: string, { message, at }: { message: string; at: number }): string {
  const lines = text.slice(0, at).split("\n");
  const column = (lines.at(-1)?.length ?? 0) + 1;
  const line = lines.length > 1 ? ` in line ${lines.length}` : "";
  const character = column > 1 ? ` at character ${column}` : "";
  return `${message}${line || character ? "," : ""}${line}${character}.`;
}

/** Every term of a rule, also of what it leaves out. */
export function listRuleTerms(rule: Rule): Term[] {
  if (rule.kind === "term") return [rule];
  if (rule.kind === "fact") return [];
  if (rule.kind === "near") return [...rule.left, ...rule.right];
  return [...rule.parts, ...rule.without].flatMap(listRuleTerms);
}

function merge(kind: "all" | "any", parts: Rule[], without: Rule[] = []): Rule {
  const [only] = parts;
  return only && parts.length === 1 && without.length === 0 ? only : { kind, parts, without };
}

/** The terms of one side of NEAR, or undefined where it is more than words joined by OR. */
function listTerms(rule: Rule): Term[] | undefined {
  if (rule.kind === "term") return [rule];
  if (rule.kind !== "any" || rule.without.length > 0) return undefined;
  const lists = rule.parts.map(listTerms);
  return lists.every((list) => list !== undefined) ? lists.flat() : undefined;
}

function weighted(rule: Rule, times: number): Rule {
  if (times === 1) return rule;
  if ("parts" in rule) return { ...rule, parts: rule.parts.map((part) => weighted(part, times)) };
  if (rule.kind === "near")
    return { ...rule, left: rule.left.map((term) => ({ ...term, weight: term.weight * times })) };
  return { ...rule, weight: rule.weight * times };
}

/** The rules that follow one author or one organization. */
export function followRules(field: "author" | "org", name: string): string {
  return `${field}:"${name.replace(/["“”„«»\s]+/g, " ").trim()}"`;
}
