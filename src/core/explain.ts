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
