// What would these rules have brought lately?
import { sql } from "drizzle-orm";
import { explainMatches } from "../core/match/explain.ts";
import { parseRules } from "../core/match/rules.ts";
import { compileOne } from "./compiled.ts";
import type { Queryable } from "./connect.ts";
import { listRecentPapers } from "./matches.ts";

type BacktestMatch = { paperId: number; title: string; listedOn: string; score: number; terms: string[] };
export type Backtest = {
  kind: "ok";
  days: number;
  /** How many papers were looked at. */
  looked: number;
  /** Matches a calendar day. */
  perDay: number;
  verdict: "fine" | "flood" | "nothing";
  matches: BacktestMatch[];
};

const MAX_PAPERS = 5_000;
const FLOOD_A_DAY = 25;
const FLOOD_SHARE = 0.6;

/** Puts rules to the papers of the last `days` days, best match first; warns of a flood (over 25 a day or 60 % of all) or nothing. */
export async function backtest(
  db: Queryable,
  { rules: text, days, now }: { rules: string; days: number; now: Date },
): Promise<Backtest | { kind: "error"; message: string; at: number }> {
  const parsed = parseRules(text);
  if (parsed.kind === "error") return parsed;
  const { compiled, topic } = await compileOne(db, parsed.rules);
  if (!topic.root) return { kind: "error", message: "These words are too common to look for", at: 0 };
  const from = new Date(now.getTime() - days * 86_400_000);
  const papers = await listRecentPapers(db, { from, to: now, limit: MAX_PAPERS });
  const found = explainMatches(papers, compiled).sort((a, b) => b.score - a.score || b.paperId - a.paperId);
  const listed = await db.execute<{ id: number; title: string; listedOn: string }>(
    sql`select id, title, listed_on::text as "listedOn" from papers
      where id = any(${sql.param(found.map(({ paperId }) => paperId))}::int[])`,
  );
  const byId = new Map(listed.rows.map((row) => [row.id, row]));
  const matches = found.flatMap(({ paperId, score, terms }) => {
    const paper = byId.get(paperId);
    return paper ? [{ paperId, title: paper.title, listedOn: paper.listedOn, score, terms }] : [];
  });
  const perDay = matches.length / days;
  const flood = perDay > FLOOD_A_DAY || (papers.length >= 20 && matches.length / papers.length > FLOOD_SHARE);
  const verdict = matches.length === 0 ? "nothing" : flood ? "flood" : "fine";
  return { kind: "ok", days, looked: papers.length, perDay, verdict, matches };
}
