// Which matches, with their reasons, does a batch of papers have? Score in multiples of the topic's threshold, and the words.

import { listScoreParts, matchTopics } from "./match.ts";
import type { CompiledTopics } from "./match-rules.ts";
import { indexPapers } from "./paper-index.ts";
import type { PaperWords } from "./paper-words.ts";
import { listTerms, readSurface } from "./surface.ts";

type Papers = { words: PaperWords; title: string; abstract: string }[];
export type ExplainedMatch = { paperId: number; topicId: number; score: number; terms: string[] };

/** Every match of these papers. `score` 1 is just enough, 2 twice that; without a threshold it is the sum itself. */
export function explainMatches(papers: Papers, compiled: CompiledTopics): ExplainedMatch[] {
  const index = indexPapers(papers.map(({ words }) => words));
  const surfaces = papers.map((paper) => readSurface(paper, paper.words));
  return matchTopics(index, compiled).map(({ topic, paper, score }) => {
    const parts = topic.root ? listScoreParts(index, topic.root, paper) : [];
    const surface = surfaces[paper];
    return {
      paperId: papers[paper]?.words.id ?? 0,
      topicId: topic.id,
      score: score / Math.max(1, topic.threshold),
      terms: surface ? listTerms(parts, surface) : [],
    };
  });
}
