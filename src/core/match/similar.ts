// How alike are two papers? Cosine of TF-IDF vectors over PostgreSQL's lexemes, and the rule of more and less.
import type { PaperWords } from "./paper-words.ts";

export type Vectors = Map<number, Map<string, number>>;

/** In how many of some papers each word stands. */
export type Rarity = { papers: number; holders: Map<string, number> };

export function countHolders(papers: PaperWords[]): Rarity {
  const holders = new Map<string, number>();
  for (const { lexemes } of papers)
    for (const lexeme of lexemes.keys()) holders.set(lexeme, (holders.get(lexeme) ?? 0) + 1);
  return { papers: papers.length, holders };
}

/** Unit vectors by paper id: (1 + log count) · log(papers / papers with the word), title words count thrice. */
export function makeVectors(papers: PaperWords[], rarity: Rarity): Vectors {
  const vectors: Vectors = new Map();
  for (const { id, lexemes, titleEnd } of papers) {
    const vector = new Map<string, number>();
    let square = 0;
    for (const [lexeme, positions] of lexemes) {
      const rare = Math.log(rarity.papers / (rarity.holders.get(lexeme) ?? 1));
      let count = 0;
      for (const position of positions) count += position <= titleEnd ? 3 : 1;
      const value = (1 + Math.log(Math.max(1, count))) * rare;
      if (value === 0) continue;
      vector.set(lexeme, value);
      square += value * value;
    }
    const length = Math.sqrt(square) || 1;
    for (const [lexeme, value] of vector) vector.set(lexeme, value / length);
    vectors.set(id, vector);
  }
  return vectors;
}

/** From 0 (no word in common) to 1 (the same words). */
export function similarity(a: Map<string, number>, b: Map<string, number>): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  let sum = 0;
  for (const [lexeme, value] of small) sum += value * (large.get(lexeme) ?? 0);
  return Math.min(1, sum);
}

/** Cosine from which two papers count as fully alike; abstracts on one subject share about a fifth of their weight. */
const FULLY_ALIKE = 0.25;
const STEP = 0.5;
const LEAST = 0.2;
const MOST = 2.5;

/**
 * The rule of votes, as pages tell it: a paper as alike as can be to one voted "more" counts half as much again, to one voted
 * "less" half as much; less alike, less so; several votes multiply, between 0.2 and 2.5.
 */
export function voteFactor(votes: { direction: 1 | -1; likeness: number }[]): number {
  let factor = 1;
  for (const { direction, likeness } of votes) factor *= 1 + direction * STEP * Math.min(1, likeness / FULLY_ALIKE);
  return Math.min(MOST, Math.max(LEAST, factor));
}
