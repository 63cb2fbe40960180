// Which topics does a paper answer, how well, and by which words?

import { hasBit } from "../bits.ts";
import { listPossibleTopics } from "./match-guards.ts";
import type { CompiledTopic, CompiledTopics, Node } from "./match-rules.ts";
import { type Hits, type PaperIndex, pointsAt } from "./paper-index.ts";
import { opinionFactor } from "./second-opinion.ts";

/**
 * What one topic found: papers by their number in the batch, in order, and at the same place the score of each, what its words
 * earned times the second opinion, at least the topic's threshold. Two lists and not a list of pairs: there are millions.
 */
export type Found = { topic: CompiledTopic; papers: number[]; scores: number[] };

/** Puts every topic to every paper of the index; topics that find nothing are left out. */
export function matchTopics(index: PaperIndex, compiled: CompiledTopics): Found[] {
  const all: Found[] = [];
  for (const topic of listPossibleTopics(compiled, index.words())) {
    const found = matchTopic(index, topic);
    if (found.papers.length > 0) all.push(found);
  }
  return all;
}

/** The papers that answer one topic. */
export function matchTopic(index: PaperIndex, topic: CompiledTopic): Found {
  const found: Found = { topic, papers: [], scores: [] };
  const { root } = topic;
  if (!root) return found;
  const answered = lookUp(index, root);
  const { bits } = answered;
  for (let at = 0; at < bits.length; at++)
    for (let rest = bits[at] ?? 0; rest !== 0; rest &= rest - 1)
      keep(index, found, (at << 5) + 31 - Math.clz32(rest & -rest), answered);
  return found;
}

function keep(index: PaperIndex, { topic, papers, scores }: Found, paper: number, answered: Answered): void {
  let score = scoreOf(answered, paper);
  const { opinion, threshold } = topic;
  const words = opinion && score > 0 ? index.papers[paper] : undefined;
  if (opinion && words) score *= opinionFactor(opinion, words);
  if (score < threshold) return;
  papers.push(paper);
  scores.push(score);
}

/** A node with what was found for it: the papers that answer its words, whatever the threshold, and where its points stand. */
type Answered = { bits: Uint32Array; hits: Hits | undefined; weight: number; parts: Answered[] };
const noParts: Answered[] = [];

/** Looks a node up once, not once a paper. */
function lookUp(index: PaperIndex, node: Node): Answered {
  if (node.kind === "one") {
    const hits = index.find(node.asked);
    return { bits: hits.bits, hits, weight: node.weight, parts: noParts };
  }
  const parts = node.parts.map((part) => lookUp(index, part));
  const bits = parts[0]?.bits.slice() ?? new Uint32Array(index.length);
  for (let nth = 1; nth < parts.length; nth++) {
    const more = parts[nth]?.bits ?? bits;
    if (node.kind === "any") for (let at = 0; at < bits.length; at++) bits[at] = (bits[at] ?? 0) | (more[at] ?? 0);
    else for (let at = 0; at < bits.length; at++) bits[at] = (bits[at] ?? 0) & (more[at] ?? 0);
  }
  for (const part of node.without) {
    const less = lookUp(index, part).bits;
    for (let at = 0; at < bits.length; at++) bits[at] = (bits[at] ?? 0) & ~(less[at] ?? 0);
  }
  return { bits, hits: undefined, weight: 1, parts };
}

/** What a paper that answers a node earns: every term that is there, its weight times its points, inside groups that hold. */
function scoreOf({ hits, weight, parts }: Answered, paper: number): number {
  if (hits) return pointsAt(hits, paper) * weight;
  let sum = 0;
  for (let nth = 0; nth < parts.length; nth++) {
    const part = parts[nth];
    if (part && hasBit(part.bits, paper)) sum += scoreOf(part, paper);
  }
  return sum;
}

/** One part of a score: the words that earned it as they stand in the text, or the author, organization or category. */
export type ScorePart = { terms: string[]; points: number; weight: number };

/** The parts whose sum is the score of a paper that answers a node, dearest first; words that are required but earn nothing come last. */
export function listScoreParts(index: PaperIndex, node: Node, paper: number): ScorePart[] {
  const parts: ScorePart[] = [];
  if (answers(index, node, paper)) collectParts(index, node, paper, parts);
  return parts.length > 1 ? parts.sort((a, b) => b.points * b.weight - a.points * a.weight) : parts;
}

/** Whether a paper answers the words of a node. */
function answers(index: PaperIndex, node: Node, paper: number): boolean {
  if (node.kind === "one") return hasBit(index.find(node.asked).bits, paper);
  if (node.without.some((part) => answers(index, part, paper))) return false;
  if (node.kind === "all") return node.parts.every((part) => answers(index, part, paper));
  return node.parts.some((part) => answers(index, part, paper));
}

function collectParts(index: PaperIndex, node: Node, paper: number, parts: ScorePart[]): void {
  if (node.kind === "one") {
    const points = pointsAt(index.find(node.asked), paper);
    parts.push({ terms: index.terms(node.asked, paper), points, weight: node.weight });
    return;
  }
  for (const part of node.parts) if (answers(index, part, paper)) collectParts(index, part, paper, parts);
}
