// The stage plan: who is due now, with which papers? Reads readers, matches and what was sent; writes digests; wakes deliver.
import type { Context } from "../src/context.ts";
import { addCard, type CardKey, type CardSet, hasCard } from "../src/core/card-set.ts";
import { nothingReason, quietReason, sourceStatus } from "../src/core/freshness.ts";
import { type Day, type Planned, planReader, WINDOW_DAYS } from "../src/core/plan.ts";
import { numberPapers, rankTopics } from "../src/core/rank.ts";
import { slotAt } from "../src/core/schedule.ts";
import {
  cellIds,
  type DueGroup,
  type DueReader,
  type DueSlot,
  listDueGroups,
  listIdsSince,
  lockCell,
  type Planning,
  planTogether,
  takeDueReaders,
} from "../src/db/due.ts";
import { type Exclusions, openExclusions } from "../src/db/exclusions.ts";
import { listTopicMatches, listWindowPapers } from "../src/db/matches.ts";
import { freezeCards, type NewDigest, writeDigests } from "../src/db/planned.ts";
import { lastRuns } from "../src/db/source-runs.ts";
import { type Likeness, listVoteFactors, openLikeness } from "../src/db/votes.ts";
import { listConfiguredSources } from "../src/sources/sources.ts";
import { stage } from "./stage.ts";

/** Cells planned at once: while PostgreSQL writes one, the next is read and chosen. */
const LANES = 3;
/** Digests a deliver job. */
const RANGE = 1_000;
const DAY_MS = 86_400_000;
/** How long sent papers are kept in the readers' lists: longer than they can be chosen. */
const KEEP_DAYS = WINDOW_DAYS + 2;

type Needs = Pick<Context, "config" | "db" | "queue" | "log">;
type Asked = { now: Date; everyone: boolean; dryRun: boolean };
export type PlanResult = { due: number; planned: number; skipped: number; ranges: { from: number; to: number }[] };

export const plan = stage({
  name: "plan",
  says: "reads readers who are due, matches and what was sent; writes digests; wakes deliver",
  run: async (context, { at }, signal) => {
    await runPlan(context, { now: new Date(at), signal });
  },
});

/**
 * Plans every reader who is due at `now`, in cells of ids that commit one by one; safe to run twice, side by side and after a
 * crash. `everyone` looks at all readers whatever `due_at` says, for replays; `dryRun` decides and writes nothing.
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
  const asked = { now, everyone, dryRun };
  const result: PlanResult = { due: 0, planned: 0, skipped: 0, ranges: [] };
  const cells = await listCells(context, asked);
  if (cells.length === 0) return result;
  const shared = await readDay(context, asked);
  const planAll = async (todo: Cell[], wait: boolean): Promise<Cell[]> => {
    const held: Cell[] = [];
    for (let cell = todo.shift(); cell && !signal?.aborted; cell = todo.shift()) {
      const done = await planCell(context, shared, cell, { ...asked, wait });
      if (!done) held.push(cell);
      else await report(context, result, done);
    }
    return held;
  };
  // The first cell alone: it reads the topics and freezes the cards that nearly all others need too.
  const held = await planAll(cells.splice(0, 1), false);
  const lanes = await Promise.all(Array.from({ length: LANES }, () => planAll(cells, false)));
  // Another planner was in these: whoever it left is planned when it is done.
  await planAll([...held, ...lanes.flat()], true);
  return result;
}

type Cell = { cell: number; readers: number; slots: DueSlot[] };

async function listCells({ db }: Needs, { now, everyone }: Asked): Promise<Cell[]> {
  const slots = new Map<string, DueSlot>();
  const slotOf = ({ timezone, hour, cadence }: DueGroup): DueSlot => {
    const key = `${timezone} ${hour} ${cadence}`;
    const known = slots.get(key);
    if (known) return known;
    const slot = { timezone, hour, cadence, ...slotAt({ timezone, hour, cadence }, now) };
    slots.set(key, slot);
    return slot;
  };
  const cells = new Map<number, Cell>();
  for (const group of await listDueGroups(db, { now, everyone })) {
    const cell = cells.get(group.cell) ?? { cell: group.cell, readers: 0, slots: [] };
    cells.set(group.cell, cell);
    cell.readers += group.readers;
    cell.slots.push(slotOf(group));
  }
  return [...cells.values()];
}

/** What all cells of a run share. */
type Shared = {
  day: Day;
  /** Topics whose matches are in the day's lists. */
  topicIds: Set<number>;
  /** Papers that are not forgotten from the readers' lists; undefined in a replay, which forgets none. */
  kept: Set<number> | undefined;
  exclusions: Exclusions;
  likeness: Likeness;
  /** Cards known to be frozen. */
  frozen: CardSet;
};

async function readDay({ config, db }: Needs, { now, everyone }: Asked): Promise<Shared> {
  const window = { from: new Date(now.getTime() - WINDOW_DAYS * DAY_MS), to: now };
  const sources = listConfiguredSources(config);
  const runs = await lastRuns(db, now);
  return {
    day: {
      now,
      lists: numberPapers(await listWindowPapers(db, window), now),
      quiet: (editionDate) => quietReason(sources, editionDate),
      quietToday: nothingReason(sources.map((source) => sourceStatus(source, runs.get(source.name), now))),
    },
    topicIds: new Set(),
    kept: everyone ? undefined : new Set(await listIdsSince(db, new Date(now.getTime() - KEEP_DAYS * DAY_MS))),
    exclusions: openExclusions(window),
    likeness: openLikeness(window),
    frozen: new Map(),
  };
}

type Done = Omit<PlanResult, "ranges"> & { range: { from: number; to: number } | undefined };

/** Plans one cell in a transaction of its own; undefined where another planner is in it and `wait` is not asked for. */
async function planCell(
  { db }: Needs,
  shared: Shared,
  { cell, slots, readers: expected }: Cell,
  { now, everyone, dryRun, wait }: Asked & { wait: boolean },
): Promise<Done | undefined> {
  const { day, frozen } = shared;
  const cards: CardKey[] = [];
  const done = await planTogether(db, async (planning) => {
    const { transaction } = planning;
    if (!(await lockCell(transaction, cell, { wait }))) return undefined;
    const readers = await takeDueReaders(planning, { cell, slots, readers: expected, now, everyone, dryRun });
    const choose = await openChoice(transaction, shared, { cell, readers, now });
    const digests: NewDigest[] = [];
    const fresh: CardSet = new Map();
    let [due, skipped] = [0, 0];
    for (const reader of readers) {
      const edition = slots[reader.slot]?.edition;
      if (!edition) continue;
      due++;
      if (reader.has) continue;
      const { chosen, more, reason = null } = choose(reader, edition);
      if (reason !== null) skipped++;
      const { paperIds, topicIds } = pairsOf(chosen);
      digests.push({ ...edition, reader, paperIds, topicIds, more, reason });
      for (const { paperId, topicId } of chosen) {
        const card = { editionDate: edition.editionDate, topicId, paperId };
        if (!hasCard(frozen, day.lists, card) && addCard(fresh, day.lists, card)) cards.push(card);
      }
    }
    for (const { ownTopicIds } of readers) for (const topicId of ownTopicIds) day.lists.topics.delete(topicId);
    const range = dryRun ? undefined : await writeDigests(planning, { cell, digests, kept: shared.kept, now });
    if (!dryRun) await freezeCards(transaction, cards);
    return { due, planned: digests.length - skipped, skipped, range };
  });
  if (done && !dryRun) for (const card of cards) addCard(frozen, day.lists, card);
  return done;
}

/** Reads what choosing needs beside the readers themselves: their votes, exclusions and topics. */
async function openChoice(
  transaction: Planning["transaction"],
  { day, topicIds: known, exclusions, likeness }: Shared,
  { cell, readers, now }: { cell: number; readers: DueReader[]; now: Date },
): Promise<(reader: DueReader, edition: NonNullable<DueSlot["edition"]>) => Planned> {
  const factors = await listVoteFactors(transaction, { ...cellIds(cell), now }, likeness);
  const texts = new Set(readers.map(({ excluded }) => excluded));
  texts.delete("");
  const excluded = await exclusions(transaction, texts);
  const wanted = new Set<number>();
  for (const reader of readers) for (const id of reader.topicIds) if (!known.has(id)) wanted.add(id);
  const { firstId: from, lastId: to } = day.lists;
  rankTopics(day.lists, await listTopicMatches(transaction, { topicIds: [...wanted], from, to }));
  const own = new Set(readers.flatMap(({ ownTopicIds }) => ownTopicIds));
  for (const id of wanted) if (!own.has(id)) known.add(id);
  return (reader, edition) => {
    const votes = factors.get(reader.id);
    const without = reader.excluded ? excluded.get(reader.excluded) : undefined;
    return planReader(reader, edition, day, {
      ...(votes ? { votes } : {}),
      ...(without ? { excluded: without } : {}),
    });
  };
}

function pairsOf(chosen: Planned["chosen"]): { paperIds: number[]; topicIds: number[] } {
  return { paperIds: chosen.map(({ paperId }) => paperId), topicIds: chosen.map(({ topicId }) => topicId) };
}

/** Counts a committed cell and rings for its digests, a bounded number a job; what a lost ring leaves, tidy finds. */
async function report({ queue }: Needs, result: PlanResult, { due, planned, skipped, range }: Done): Promise<void> {
  result.due += due;
  result.planned += planned;
  result.skipped += skipped;
  if (!range || planned === 0) return;
  const ranges = [];
  for (let from = range.from; from <= range.to; from += RANGE)
    ranges.push({ from, to: Math.min(from + RANGE - 1, range.to) });
  result.ranges.push(...ranges);
  await Promise.all(ranges.map(({ from, to }) => queue.ring("deliver", { from, to }, { id: `${from}-${to}` })));
}
