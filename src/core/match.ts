// Which topics does a paper answer, how well, and by which words?

import { listPossibleTopics } from "./match-guards.ts";
import type { CompiledTopic, CompiledTopics, Node } from "./match-rules.ts";
import { type PaperIndex, pointsAt } from "./paper-index.ts";
import { opinionFactor } from "./second-opinion.ts";

/** `paper` is the number in the batch; `score` what its words earned, times the second opinion, at least the topic's threshold. */
export type Found = { topic: CompiledTopic; paper: number; score: number };

/** Puts every topic to every paper of the index; no order is promised. */
export function matchTopics(index: PaperIndex, compiled: CompiledTopics): Found[] {
  const found: Found[] = [];
  for (const topic of listPossibleTopics(compiled, index.words()))
    eachMatch(index, topic, (paper, score) => found.push({ topic, paper, score }));
  return found;
}

/** Tells the papers that answer one topic, each with its score, in their order. */
export function eachMatch(index: PaperIndex, topic: CompiledTopic, tell: (paper: number, score: number) => void): void {
  const { root, threshold } = topic;
  if (!root) return;
  const bits = bitsOf(index, root);
  for (let at = 0; at < index.length; at++) {
    for (let rest = bits[at] ?? 0; rest !== 0; rest &= rest - 1) {
      const paper = (at << 5) + 31 - Math.clz32(rest & -rest);
      const score = opined(index, topic, paper, scoreOf(index, root, paper));
      if (score >= threshold) tell(paper, score);
    }
  }
}

function opined(index: PaperIndex, { opinion }: CompiledTopic, paper: number, score: number): number {
  const words = opinion && score > 0 ? index.papers[paper] : undefined;
  return opinion && words ? score * opinionFactor(opinion, words) : score;
}

/** The papers that answer the words of a node; the threshold is not asked. */
function bitsOf(index: PaperIndex, node: Node): Uint32Array {
  if (node.kind === "one") return index.find(node.asked).bits;
  const [first, ...others] = node.parts;
  const bits = first ? bitsOf(index, first).slice() : new Uint32Array(index.length);
  for (const part of others) {
    const more = bitsOf(index, part);
    if (node.kind === "any") for (let at = 0; at < bits.length; at++) bits[at] = (bits[at] ?? 0) | (more[at] ?? 0);
    else for (let at = 0; at < bits.length; at++) bits[at] = (bits[at] ?? 0) & (more[at] ?? 0);
  }
  for (const part of node.without) {
    const less = bitsOf(index, part);
    for (let at = 0; at < bits.length; at++) bits[at] = (bits[at] ?? 0) & ~(less[at] ?? 0);
  }
  return bits;
}

/** What a paper earns: every term that is there, its weight times its points, inside groups that hold. Below 0: no match. */
function scoreOf(index: PaperIndex, node: Node, paper: number): number {
  if (node.kind === "one") {
    const points = pointsAt(index.find(node.asked), paper);
    return points > 0 ? points * node.weight : -1;
  }
  let sum = -1;
  for (const part of node.parts) {
    const score = scoreOf(index, part, paper);
    if (score >= 0) sum = Math.max(sum, 0) + score;
    else if (node.kind === "all") return -1;
  }
  for (const part of node.without) if (scoreOf(index, part, paper) >= 0) return -1;
  return sum;
}

/** One part of a score: the words that earned it as they stand in the text, or the author, organization or category. */
export type ScorePart = { terms: string[]; points: number; weight: number };

/** The parts whose sum is the score of a paper that answers a node, dearest first; words that are required but earn nothing come last. */
export function listScoreParts(index: PaperIndex, node: Node, paper: number): ScorePart[] {
  const parts: ScorePart[] = [];
  if (scoreOf(index, node, paper) >= 0) collectParts(index, node, paper, parts);
  return parts.length > 1 ? parts.sort((a, b) => b.points * b.weight - a.points * a.weight) : parts;
}

function collectParts(index: PaperIndex, node: Node, paper: number, parts: ScorePart[]): void {
  if (node.kind === "one") {
    const points = pointsAt(index.find(node.asked), paper);
    parts.push({ terms: index.terms(node.asked, paper), points, weight: node.weight });
    return;
  }
  for (const part of node.parts) if (scoreOf(index, part, paper) >= 0) collectParts(index, part, paper, parts);
}
