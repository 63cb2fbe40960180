// The stage match: which topics does each new paper answer? Reads papers with matched_at empty, writes matches.
import type { Context } from "../src/context.ts";
import { explainMatches } from "../src/core/explain.ts";
import type { CompiledTopics } from "../src/core/match-rules.ts";
import { parseRules } from "../src/core/rules.ts";
import { findOpinion } from "../src/core/second-opinion.ts";
import { compileRules } from "../src/db/compiled.ts";
import type { Queryable } from "../src/db/connect.ts";
import { markMatched, replaceMatches, takeUnmatchedPapers } from "../src/db/matches.ts";
import { listMatchedTopics, lockTopics, readTopicsVersion } from "../src/db/topics.ts";
import { stage } from "./stage.ts";

const BATCH = 500;
type Needs = Pick<Context, "db" | "now" | "log">;
type Progress = { papers: number; matches: number };

export const match = stage({
  name: "match",
  says: "reads papers that no topic was put to, writes which topics they answer and by which words; wakes nobody",
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
      const matches = explainMatches(papers, await readCompiledTopics(context, transaction));
      const paperIds = papers.map(({ id }) => id);
      await replaceMatches(transaction, { paperIds, matches });
      await markMatched(transaction, paperIds, context.now());
      return { papers: papers.length, matches: matches.length };
    });
    if (!batch) break;
    done.papers += batch.papers;
    done.matches += batch.matches;
    onProgress?.({ ...done });
  }
  return done;
}

const remembered = new WeakMap<object, { version: string; compiled: CompiledTopics }>();

/** The topics compiled for this database, again only after one changed; rules that cannot be read are logged and left out. */
async function readCompiledTopics({ db, log }: Needs, transaction: Queryable): Promise<CompiledTopics> {
  const version = await readTopicsVersion(transaction);
  const before = remembered.get(db);
  if (before?.version === version) return before.compiled;
  const topics = (await listMatchedTopics(transaction)).flatMap(({ id, slug, rules: text }) => {
    const parsed = parseRules(text);
    if (parsed.kind === "ok")
      return [{ id, rules: parsed.rules, opinion: slug === null ? undefined : findOpinion(slug) }];
    log.warn({ topic: id, problem: parsed.message, at: parsed.at }, "rules cannot be read; the topic matches nothing");
    return [];
  });
  const compiled = await compileRules(transaction, topics);
  remembered.set(db, { version, compiled });
  return compiled;
}
