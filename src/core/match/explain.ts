// Which matches, with their reasons, does a batch of papers have? Score in multiples of the topic's threshold, and the words.
import { listScoreParts, matchTopic } from "./match.ts";
import { listPossibleTopics } from "./match-guards.ts";
import type { CompiledTopic, CompiledTopics } from "./match-rules.ts";
import { indexPapers, type PaperIndex } from "./paper-index.ts";
import type { PaperWords } from "./paper-words.ts";
import { listTerms } from "./surface.ts";

export type ExplainedMatch = { paperId: number; topicId: number; score: number; terms: string[] };

/** Every match of these papers. `score` 1 is just enough, 2 twice that; without a threshold it is the sum itself. */
export function explainMatches(papers: PaperWords[], compiled: CompiledTopics): ExplainedMatch[] {
  return [...explainInParts(papers, compiled)].flat();
}

/**
 * The same in lists of a few thousand, so that memory stays flat however many topics there are. `most` keeps so many of each
 * saved topic, the best: more than one digest can show would only cost.
 */
export function* explainInParts(
  papers: PaperWords[],
  compiled: CompiledTopics,
  { most = Number.POSITIVE_INFINITY }: { most?: number } = {},
): Generator<ExplainedMatch[]> {
  const index = indexPapers(papers);
  let part: ExplainedMatch[] = [];
  for (const topic of listPossibleTopics(compiled, index.words())) {
    explainTopic(index, topic, topic.saved ? most : Number.POSITIVE_INFINITY, part);
    if (part.length < PART) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

const PART = 10_000;

function explainTopic(index: PaperIndex, topic: CompiledTopic, most: number, into: ExplainedMatch[]): void {
  const { root } = topic;
  if (!root) return;
  const { papers, scores } = matchTopic(index, topic);
  let places = [...papers.keys()];
  if (places.length > most) places = places.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b).slice(0, most);
  for (const place of places) {
    const [number, score] = [papers[place] ?? 0, scores[place] ?? 0];
    const paperId = index.papers[number]?.id ?? 0;
    const terms = listTerms(listScoreParts(index, root, number));
    into.push({ paperId, topicId: topic.id, score: score / Math.max(1, topic.threshold), terms });
  }
}

/** What a match earned, part by part: the points of `parts`, times `opinion`, make `score` times `threshold`. */
export type Earned = { threshold: number; opinion: number; parts: { terms: string[]; points: number }[] };

/** The sum behind a match, as a reader can do it again: `text-to-image 4 + diffusion 1.5 = 5.5, × 1.2 for … = 6.6; 3 is enough`. */
export function sumWords({ threshold, opinion, parts }: Earned): string {
  const sum = parts.reduce((total, { points }) => total + points, 0);
  const told = parts.slice(0, 8).map(({ terms, points }) => `${terms[0] ?? "…"} ${short(points)}`);
  if (parts.length > 8) told.push(`${parts.length - 8} more`);
  const words = parts.length > 1 ? `${told.join(" + ")} = ${short(sum)}` : told.join("");
  const times = opinion === 1 ? "" : `, × ${short(opinion)} for the other words of the paper = ${short(sum * opinion)}`;
  return `${words}${times}${threshold > 0 ? `; ${short(threshold)} is enough` : ""}`;
}

const short = (value: number) => String(Math.round(value * 100) / 100);
