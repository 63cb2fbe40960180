// Which papers did readers ask to be spared of?
import { matchTopics } from "../core/match.ts";
import { indexPapers } from "../core/paper-index.ts";
import { parseExclusions } from "../core/rules.ts";
import { compileRules } from "./compiled.ts";
import type { Queryable } from "./connect.ts";
import { listRecentPapers } from "./matches.ts";

const MAX_WINDOW = 20_000;

/** For each distinct exclusion text of readers, the papers listed in (from, to] that it leaves out; unreadable texts leave out none. */
export async function listExcludedPapers(
  db: Queryable,
  { texts, from, to }: { texts: string[]; from: Date; to: Date },
): Promise<Map<string, Set<number>>> {
  const excluded = new Map<string, Set<number>>();
  const wanted = [...new Set(texts)].flatMap((text, id) => {
    const parsed = parseExclusions(text);
    if (parsed.kind === "error") return [];
    excluded.set(text, new Set());
    return [{ id, text, rules: parsed.rules }];
  });
  if (wanted.length === 0) return excluded;
  const papers = await listRecentPapers(db, { from, to, limit: MAX_WINDOW });
  const compiled = await compileRules(db, wanted);
  const textOf = new Map(wanted.map(({ id, text }) => [id, text]));
  for (const { topic, paper } of matchTopics(indexPapers(papers), compiled)) {
    const id = papers[paper]?.id;
    if (id !== undefined) excluded.get(textOf.get(topic.id) ?? "")?.add(id);
  }
  return excluded;
}
