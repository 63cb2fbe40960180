// Do the other words of a paper speak for the topic too? A small linear model a topic, trained offline, that weighs what the rules found.
import { z } from "zod";
import type { PaperWords } from "./paper-words.ts";
import model from "./second-opinion.json" with { type: "json" };

/** Log-odds of a topic, shifted so that 0 says nothing: a bias and a weight for each PostgreSQL lexeme. */
export type Opinion = { bias: number; weights: Map<string, number> };

/** How much an opinion counts: chosen on papers it was not trained on (docs/matching.md). */
const TRUST = 0.3;
const LEAST = 0.5;
const MOST = 2;

const opinions = new Map(
  Object.entries(
    z.record(z.string(), z.object({ bias: z.number(), weights: z.record(z.string(), z.number()) })).parse(model),
  ).map(([slug, learned]): [string, Opinion] => [slug, readOpinion(learned)]),
);

/** An opinion as the shipped file writes it. */
export function readOpinion({ bias, weights }: { bias: number; weights: Record<string, number> }): Opinion {
  return { bias, weights: new Map(Object.entries(weights)) };
}

/** The opinion shipped for an offered topic, by its slug. */
export function findOpinion(slug: string): Opinion | undefined {
  return opinions.get(slug);
}

/** What one lexeme of a paper says: more often says more, in the title thrice; long texts do not shout louder. */
export function lexemeValue(inTitle: number, inAbstract: number, lexemes: number): number {
  return (1 + Math.log(3 * inTitle + inAbstract)) / Math.sqrt(lexemes);
}

/**
 * The factor from 0.5 to 2 on what a paper's words earned. So a paper whose words earned nothing is never found, and the words
 * stay the reason.
 */
export function opinionFactor({ bias, weights }: Opinion, paper: PaperWords): number {
  let odds = bias;
  for (const [lexeme, positions] of paper.lexemes) {
    const weight = weights.get(lexeme);
    if (weight === undefined) continue;
    let inTitle = 0;
    for (const position of positions) if (position <= paper.titleEnd) inTitle++;
    odds += weight * lexemeValue(inTitle, positions.length - inTitle, paper.lexemes.size);
  }
  return Math.min(MOST, Math.max(LEAST, Math.exp(TRUST * odds)));
}
