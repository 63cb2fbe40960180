// The stage plan: who is due now, with which papers? Reads readers, matches and what was sent; writes digests; wakes deliver.
import type { Context } from "../src/context.ts";
import { groupBy } from "../src/core/group.ts";
import { hotness } from "../src/core/hotness.ts";
import { type Day, type Planned, planReader, WINDOW_DAYS } from "../src/core/plan.ts";
import { quietReason } from "../src/core/quiet.ts";
import { prepareTopicLists } from "../src/core/rank.ts";
import { nextDueAt } from "../src/core/schedule.ts";
import { advanceDue, type DueReader, freezeCards, reservePapers, takeDueReaders, writeDigests } from "../src/db/due.ts";
import { listExcludedPapers } from "../src/db/exclusions.ts";
import { listCandidates } from "../src/db/matches.ts";

import { listVoteFactors } from "../src/db/votes.ts";
import { stage } from "./stage.ts";

const CHUNK = 1_000;
/** How long sent paper ids are kept: far over the window, so that replays of other days never repeat a paper. */
const KEEP_SENT_DAYS = 60;
const DAY_MS = 86_400_000;

type Needs = Pick<Context, "config" | "db" | "queue" | "log">;
export type PlanResult = { due: number; planned: number; skipped: number; ranges: { from: number; to: number }[] };

export const plan = stage({
  name: "plan",
  says: "reads readers who are due, matches and what was sent; writes digests; wakes deliver",
  run: async (context, { at }, signal) => {
    await runPlan(context, { now: new Date(at), signal });
  },
});

/**
 * Plans every reader who is due at `now`, in chunks that commit; safe to run twice, side by side and after a crash.
 * `everyone` looks at all readers whatever `due_at` says, for replays; `dryRun` decides and writes nothing.
 */
export async function runPlan(
  context: Needs,
  {
    now,
    everyone = false,
    dryRun = false,
    signal,
  }: { now: Date; everyone?: boolean; dryRun?: boolean; signal?: AbortSignal },
): Promise<PlanResult> {
  const { db, queue } = context;
  const from = new Date(now.getTime() - WINDOW_DAYS * DAY_MS);
  let day: Day | undefined;
  const result: PlanResult = { due: 0, planned: 0, skipped: 0, ranges: [] };
  for (let after = 0; !signal?.aborted; ) {
    const chunk = await db.transaction(async (transaction) => {
      const readers = await takeDueReaders(transaction, { now, after, limit: CHUNK, everyone });
      if (readers.length === 0) return undefined;
      day ??= await readDay(context, from, now);
      const subscriberIds = readers.map(({ id }) => id);
      const factors = await listVoteFactors(transaction, { subscriberIds, from, to: now });
      const texts = readers.map(({ excluded }) => excluded).filter(Boolean);
      const excluded = texts.length > 0 ? await listExcludedPapers(transaction, { texts, from, to: now }) : new Map();
      const plans: { reader: DueReader; planned: Planned }[] = [];
      for (const reader of readers) {
        const votes = factors.get(reader.id);
        const without = excluded.get(reader.excluded);
        const planned = planReader(reader, day, {
          ...(votes ? { votes } : {}),
          ...(without ? { excluded: without } : {}),
        });
        if (planned) plans.push({ reader, planned });
      }
      const written = dryRun ? [] : await writePlans(transaction, plans, now);
      if (!dryRun)
        await advanceDue(
          transaction,
          readers.map((reader) => ({ id: reader.id, dueAt: nextDueAt(reader, now) })),
        );
      return { last: readers.at(-1)?.id ?? after, plans, written };
    });
    if (!chunk) break;
    after = chunk.last;
    result.due += chunk.plans.length;
    const skipped = chunk.plans.filter(({ planned }) => planned.reason !== undefined).length;
    result.skipped += skipped;
    result.planned += dryRun ? chunk.plans.length - skipped : chunk.written.length;
    const ids = chunk.written.map(({ id }) => id);
    if (ids.length === 0) continue;
    const range = { from: Math.min(...ids), to: Math.max(...ids) };
    result.ranges.push(range);
    await queue.ring("deliver", range, { id: `${range.from}-${range.to}` });
  }
  return result;
}

async function readDay({ config, db }: Needs, from: Date, now: Date): Promise<Day> {
  const candidates = await listCandidates(db, { from, to: now });
  const hotnessOf = (paper: (typeof candidates)[number]) => hotness(paper);
  return {
    now,
    lists: prepareTopicLists(candidates, { now, hotnessOf }),
    quiet: (editionDate) => quietReason(config.SOURCES, editionDate),
    quietToday: "nothing matched",
  };
}

async function writePlans(
  transaction: Parameters<typeof writeDigests>[0],
  plans: { reader: DueReader; planned: Planned }[],
  now: Date,
): Promise<{ id: number; subscriberId: number }[]> {
  const rows = plans.map(({ reader, planned }) => ({
    subscriberId: reader.id,
    editionDate: planned.editionDate,
    expiresAt: planned.expiresAt,
    provider: reader.provider,
    paperIds: planned.chosen.map(({ paperId }) => paperId),
    topicIds: planned.chosen.map(({ topicId }) => topicId),
    more: planned.more,
    reason: planned.reason ?? null,
  }));
  const written = await writeDigests(transaction, rows, now);
  const delivered = new Set(written.map(({ subscriberId }) => subscriberId));
  const open = plans.filter(({ reader }) => delivered.has(reader.id));
  await reservePapers(
    transaction,
    open.map(({ reader, planned }) => ({
      subscriberId: reader.id,
      paperIds: planned.chosen.map(({ paperId }) => paperId),
    })),
    new Date(now.getTime() - KEEP_SENT_DAYS * DAY_MS),
  );
  for (const [editionDate, group] of groupBy(open, ({ planned }) => planned.editionDate))
    await freezeCards(
      transaction,
      editionDate,
      group.flatMap(({ planned }) => planned.chosen),
    );
  return written;
}
