// Which papers did readers ask to be spared of?
import { matchTopics } from "../core/match/match.ts";
import { indexPapers, type PaperIndex } from "../core/match/paper-index.ts";
import type { PaperWords } from "../core/match/paper-words.ts";
import { parseExclusions } from "../core/match/rules.ts";
import { compileRules } from "./compiled.ts";
import type { Queryable } from "./connect.ts";
import { listRecentPapers } from "./matches.ts";

const MAX_WINDOW = 20_000;

/** For each of these exclusion texts, the ids of papers that it leaves out; unreadable texts leave out none. */
export type Exclusions = (db: Queryable, texts: Iterable<string>) => Promise<ReadonlyMap<string, ReadonlySet<number>>>;

/** Looks at the papers listed in (from, to] once, and at each text once, however many readers wrote it. */
export function openExclusions({ from, to }: { from: Date; to: Date }): Exclusions {
  const known = new Map<string, Set<number>>();
  let indexed: { papers: PaperWords[]; index: PaperIndex } | undefined;
  return async (db, texts) => {
    const wanted = [...new Set(texts)].flatMap((text, id) => {
      if (known.has(text)) return [];
      const parsed = parseExclusions(text);
      if (parsed.kind === "ok") return [{ id, text, rules: parsed.rules }];
      known.set(text, new Set());
      return [];
    });
    if (wanted.length === 0) return known;
    if (!indexed) {
      const papers = await listRecentPapers(db, { from, to, limit: MAX_WINDOW });
      indexed = { papers, index: indexPapers(papers) };
    }
    const { papers, index } = indexed;
    const compiled = await compileRules(db, wanted);
    const found = new Map(wanted.map(({ id }) => [id, new Set<number>()]));
    for (const { topic, papers: excluded } of matchTopics(index, compiled))
      for (const paper of excluded) found.get(topic.id)?.add(papers[paper]?.id ?? 0);
    // Only now: others may ask for the same text meanwhile.
    for (const { id, text } of wanted) known.set(text, found.get(id) ?? new Set());
    return known;
  };
}
