// Which matches, with their reasons, does a batch of papers have? Score in multiples of the topic's threshold, and the words.
import { listScoreParts, matchTopics } from "./match.ts";
import type { CompiledTopics } from "./match-rules.ts";
import { indexPapers } from "./paper-index.ts";
import type { PaperWords } from "./paper-words.ts";
import { listTerms } from "./surface.ts";

export type ExplainedMatch = { paperId: number; topicId: number; score: number; terms: string[] };

/** Every match of these papers. `score` 1 is just enough, 2 twice that; without a threshold it is the sum itself. */
export function explainMatches(papers: PaperWords[], compiled: CompiledTopics): ExplainedMatch[] {
  const index = indexPapers(papers);
  return matchTopics(index, compiled).flatMap(({ topic, paper: number, score }) => {
    const paper = papers[number];
    if (!paper || !topic.root) return [];
    const terms = listTerms(listScoreParts(index, topic.root, number), paper);
    return [{ paperId: paper.id, topicId: topic.id, score: score / Math.max(1, topic.threshold), terms }];
  });
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
