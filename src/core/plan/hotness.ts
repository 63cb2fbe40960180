// How hot is a paper? What readers of its source thought of it, from 0 to 1; and how much of that is left after some days.

export type Counted = { upvotes: number; comments: number; stars: number };

/** Half of what can be voted on has less (1,708 papers of 68 days): what a paper is worth on which nobody can vote. */
const UNVOTED = 0.3;
const HALF_LIFE_DAYS = 7;
/** A paper has most of its votes after a day; until then it counts as one that nobody could vote on, half as much every 12 hours. */
const VOTING_HALF_DAYS = 0.5;
const MOST_DAYS = 30;

/** Hotness from 0 to 1, whatever the age: x / (x + 20) with x = upvotes + 2·comments + √stars; a comment costs more than a vote, stars grow by the thousand. */
export function hotness({ upvotes, comments, stars }: Counted): number {
  const earned = Math.max(0, upvotes) + 2 * Math.max(0, comments) + Math.sqrt(Math.max(0, stars));
  return earned / (earned + 20);
}

/** Whether anybody can vote on the paper where it was listed, and since when it is news there. */
export type Standing = Counted & { votable: boolean; listedAt: Date };

/**
 * Where a paper stands among others, from 0 to 1: max(`hotness`, 0.3 · f). f is 1 where nobody can vote, so that a paper of arXiv
 * alone stands in the middle, and 0.5 ^ (days / 0.5) where votes are still coming. Digests rank by it and weigh freshness apart,
 * so that age counts once.
 */
export function standing(paper: Standing, at: Date): number {
  return Math.max(hotness(paper), UNVOTED * (paper.votable ? 0.5 ** (daysSince(paper, at) / VOTING_HALF_DAYS) : 1));
}

/**
 * What is trending, from 0 to 1: `standing` · 0.5 ^ (days / 7) with the days since it was listed, from 0 to 30.
 * `src/db/trending.ts` is the same formula for PostgreSQL; a test holds them together.
 */
export function trending(paper: Standing, at: Date): number {
  return standing(paper, at) * 0.5 ** (daysSince(paper, at) / HALF_LIFE_DAYS);
}

const daysSince = ({ listedAt }: Standing, at: Date) =>
  Math.min(MOST_DAYS, Math.max(0, (at.getTime() - listedAt.getTime()) / 86_400_000));
