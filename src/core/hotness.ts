// How hot is a paper? What readers of its source thought of it, from 0 to 1, whatever its age.

export type Counted = { upvotes: number; comments: number; stars: number };

/**
 * Hotness from 0 to 1: h = x / (x + 20) with x = upvotes + 2·comments + √stars. A comment costs more than a vote, stars grow
 * by the thousand. Freshness is ranked apart, so that age counts once.
 */
export function hotness({ upvotes, comments, stars }: Counted): number {
  const earned = Math.max(0, upvotes) + 2 * Math.max(0, comments) + Math.sqrt(Math.max(0, stars));
  return earned / (earned + 20);
}
