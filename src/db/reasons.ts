// Why is this paper on these topics? The stored words, and the parts of the score made again from the rules.
import { sql } from "drizzle-orm";
import type { Earned } from "../core/match/explain.ts";
import { listScoreParts } from "../core/match/match.ts";
import { indexPapers } from "../core/match/paper-index.ts";
import { parseRules } from "../core/match/rules.ts";
import { findOpinion, opinionFactor } from "../core/match/second-opinion.ts";
import { listTerms } from "../core/match/surface.ts";
import { compileRules } from "./compiled.ts";
import type { Queryable } from "./connect.ts";
import { findMatchPaper } from "./matches.ts";

type PaperTopic = { slug: string; name: string; score: number; terms: string[] };
/** A topic with what each word or phrase earned. */
export type PaperReason = PaperTopic & Earned;

/** The offered topics of one paper with what each word or phrase earned. */
export async function listPaperReasons(db: Queryable, paperId: number): Promise<PaperReason[]> {
  const paper = await findMatchPaper(db, paperId);
  if (!paper) return [];
  const answer = await db.execute<PaperTopic & { id: number; rules: string }>(
    sql`select topics.id, slug, name, score, terms, rules from matches join topics on topics.id = topic_id
      where paper_id = ${paperId} and owner_id is null and retired_at is null order by score desc, position`,
  );
  const topics = answer.rows.flatMap(({ id, slug, rules: text }) => {
    const parsed = parseRules(text);
    return parsed.kind === "ok" ? [{ id, rules: parsed.rules, opinion: findOpinion(slug) }] : [];
  });
  const compiled = new Map((await compileRules(db, topics)).topics.map((topic) => [topic.id, topic]));
  const index = indexPapers([paper]);
  return answer.rows.map(({ id, rules: _, ...topic }) => {
    const { root, threshold = 0, opinion } = compiled.get(id) ?? {};
    const parts = root ? listScoreParts(index, root, 0) : [];
    const told = parts.map((part) => ({ terms: listTerms([part]), points: part.points * part.weight }));
    const factor = opinion ? opinionFactor(opinion, paper) : 1;
    return { ...topic, threshold, opinion: factor, parts: told.filter(({ points }) => points > 0) };
  });
}
