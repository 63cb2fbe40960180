// The stage match: which topics does each new paper answer? Reads papers with matched_at empty, writes matches.
import type { Context } from "../src/context.ts";
import { explainInParts } from "../src/core/match/explain.ts";
import type { CompiledTopics } from "../src/core/match/match-rules.ts";
import { parseRules } from "../src/core/match/rules.ts";
import { findOpinion } from "../src/core/match/second-opinion.ts";
import { compileRules } from "../src/db/compiled.ts";
import type { Queryable } from "../src/db/connect.ts";
import { markMatched, replaceMatches, takeUnmatchedPapers } from "../src/db/matches.ts";
import { listMatchedTopics, lockTopics, readTopicsVersion } from "../src/db/topics.ts";
import { stage } from "./stage.ts";

const BATCH = 500;
/** Of a reader's own topic, so many papers of a batch are kept, the best: twice what the longest digest holds. */
const MOST_OF_SAVED = 100;
type Needs = Pick<Context, "db" | "now" | "log">;
type Progress = { papers: number; matches: number };

export const match = stage({
  name: "match",
  run: async (context, _data, signal) => {
    await runMatch(context, { signal });
  },
});

/** Puts every topic to every unmatched paper; safe to run twice and side by side. Says how much it did. */
export async function runMatch(
  context: Needs,
  { onProgress, signal }: { onProgress?: (done: Progress) => void; signal?: AbortSignal } = {},
): Promise<Progress> {
  const done = { papers: 0, matches: 0 };
  while (!signal?.aborted) {
    const batch = await context.db.transaction(async (transaction) => {
      await lockTopics(transaction, "to read");
      const papers = await takeUnmatchedPapers(transaction, BATCH);
      if (papers.length === 0) return undefined;
      const parts = explainInParts(papers, await readCompiledTopics(context, transaction), { most: MOST_OF_SAVED });
      const paperIds = papers.map(({ id }) => id);
      const matches = await replaceMatches(transaction, { paperIds, parts });
      await markMatched(transaction, paperIds, context.now());
      return { papers: papers.length, matches };
    });
    if (!batch) break;
    done.papers += batch.papers;
    done.matches += batch.matches;
    onProgress?.({ ...done });
  }
  return done;
}

/** `asked` is how many things all topics asked when they were last compiled together. */
type Remembered = { version: string; compiled: CompiledTopics; rules: Map<number, string>; asked: number };
const remembered = new WeakMap<object, Remembered>();

/** The topics compiled for this database; only those whose rules changed are compiled again. Unreadable rules are logged and left out. */
async function readCompiledTopics({ db, log }: Needs, transaction: Queryable): Promise<CompiledTopics> {
  const version = await readTopicsVersion(transaction);
  const last = remembered.get(db);
  if (last?.version === version) return last.compiled;
  // What topics that are gone asked stays known; when it outweighs the rest, all are compiled anew.
  const before = last && last.compiled.known.size <= 2 * last.asked + 1_000 ? last : undefined;
  const topics = await listMatchedTopics(transaction);
  const rules = new Map(topics.map(({ id, slug, rules: text }) => [id, `${slug ?? ""}\n${text}`]));
  const isKept = (id: number) => before?.rules.get(id) === rules.get(id);
  const changed = topics.flatMap(({ id, slug, rules: text }) => {
    if (isKept(id)) return [];
    const parsed = parseRules(text);
    if (parsed.kind === "ok")
      return [
        { id, rules: parsed.rules, opinion: slug === null ? undefined : findOpinion(slug), saved: slug === null },
      ];
    log.warn({ topic: id, problem: parsed.message, at: parsed.at }, "rules cannot be read; the topic matches nothing");
    return [];
  });
  const kept = before?.compiled.topics.filter(({ id }) => isKept(id)) ?? [];
  const earlier = before && { kept, known: before.compiled.known, uses: before.compiled.guards.uses };
  const compiled = await compileRules(transaction, changed, earlier);
  remembered.set(db, { version, compiled, rules, asked: before?.asked ?? compiled.known.size });
  return compiled;
}
