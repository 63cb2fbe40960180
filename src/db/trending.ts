// Which papers are trending? The formula of core/plan/hotness.ts as PostgreSQL computes it.
import { sql } from "drizzle-orm";

/** Whether anybody can vote on a row of `papers`: what Hugging Face lists. */
export const votable = sql.raw("(papers.links ? 'huggingface')");

/**
 * Since when a row of `papers` is news: Hugging Face often lists, days later, what arXiv announced; votes come from then on, and
 * its list is as new as if nobody had known the paper before.
 */
export const newsSince = sql.raw("greatest(papers.listed_at, papers.listed_on::timestamp at time zone 'UTC')");

/** `trending` of a row of `papers` at an instant. */
export function trendingAt(at: Date) {
  const days = sql`least(30, greatest(0, extract(epoch from ${at.toISOString()}::timestamptz - ${newsSince})::float8 / 86400))`;
  const earned = sql.raw("(papers.upvotes + 2 * papers.comments + sqrt(papers.stars))");
  return sql`greatest(${earned} / (${earned} + 20),
      0.3::float8 * case when ${votable} then 0.5::float8 ^ (${days} / 0.5) else 1 end)
    * 0.5::float8 ^ (${days} / 7)`;
}
