// The stage plan: who is due now, with which papers? Reads readers, matches and what was sent; writes digests; wakes deliver.
import type { Context } from "../src/context.ts";
import { nothingReason, quietReason, sourceStatus } from "../src/core/ingest/freshness.ts";
import { addCard, type CardSet, hasCard } from "../src/core/plan/card-set.ts";
import { type Day, planReader, WINDOW_DAYS } from "../src/core/plan/plan.ts";
import { numberPapers, rankTopics } from "../src/core/plan/rank.ts";
import { slotAt } from "../src/core/plan/schedule.ts";
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
import { readHistories } from "../src/db/source-runs.ts";
import { type Likeness, listVoteFactors, openLikeness } from "../src/db/votes.ts";
import { listConfiguredSources } from "../src/sources/sources.ts";
import { stage } from "./stage.ts";

/** Cells planned at once: while PostgreSQL writes one, the next is read and chosen. */
const LANES = 3;
const DAY_MS = 86_400_000;
/** How long sent papers are kept in the readers' lists: longer than they can be chosen. */
const KEEP_DAYS = WINDOW_DAYS + 2;

type Needs = Pick<Context, "config" | "db" | "queue" | "log">;
type Asked = { now: Date; everyone: boolean; dryRun: boolean };
export type PlanResult = { due: number; planned: number; skipped: number; ranges: { from: number; to: number }[] };

export const plan = stage({
  name: "plan",
  run: async (context, { at }, signal) => {
    const { due, planned, skipped } = await runPlan(context, { now: new Date(at), signal });
    if (due > 0) context.log.info({ due, planned, skipped }, "readers planned");
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

type Cell = { cell: number; slots: DueSlot[] };

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
    const cell = cells.get(group.cell) ?? { cell: group.cell, slots: [] };
    cells.set(group.cell, cell);
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
  /** Cards known to be frozen, by edition date. */
  frozen: Map<string, CardSet>;
};

async function readDay({ config, db }: Needs, { now, everyone }: Asked): Promise<Shared> {
  const window = { from: new Date(now.getTime() - WINDOW_DAYS * DAY_MS), to: now };
  const sources = listConfiguredSources(config);
  const runs = await readHistories(db, now);
  const quiet = new Map<string, string | undefined>();
  return {
    day: {
      lists: numberPapers(await listWindowPapers(db, window), now),
      quiet: (editionDate) => {
        if (!quiet.has(editionDate)) quiet.set(editionDate, quietReason(sources, editionDate, now));
        return quiet.get(editionDate);
      },
      quietToday: nothingReason(sources.map((source) => sourceStatus(source, runs.get(source.name), now))),
    },
    topicIds: new Set(),
    kept: everyone ? undefined : new Set(await listIdsSince(db, new Date(now.getTime() - KEEP_DAYS * DAY_MS))),
    exclusions: openExclusions(window),
    likeness: openLikeness(window),
    frozen: new Map(),
  };
}

type Card = { editionDate: string; topicId: number; paperId: number };

/** Plans one cell in a transaction of its own; undefined where another planner is in it and `wait` is not asked for. */
async function planCell(
  { db }: Needs,
  shared: Shared,
  { cell, slots }: Cell,
  { now, everyone, dryRun, wait }: Asked & { wait: boolean },
): Promise<PlanResult | undefined> {
  const cards: Card[] = [];
  const done = await planTogether(db, async (planning) => {
    if (!(await lockCell(planning.transaction, cell, { wait }))) return undefined;
    const readers = await takeDueReaders(planning, { cell, slots, now, everyone, dryRun });
    await readWishes(planning.transaction, shared, { cell, readers, now });
    const due = readers.filter(({ slot }) => slots[slot]?.edition);
    const toPlan = due.filter(({ has }) => !has);
    const counted: PlanResult = { due: due.length, planned: 0, skipped: 0, ranges: [] };
    const digests = choose(shared, { slots, readers: toPlan, counted, cards });
    try {
      if (dryRun) {
        for (const _ of digests);
        return counted;
      }
      const ranges = await writeDigests(planning, { cell, digests, count: toPlan.length, kept: shared.kept, now });
      await freezeCards(planning.transaction, cards);
      return { ...counted, ranges };
    } finally {
      // What readers wrote themselves is of no use to other cells.
      for (const { ownTopicIds } of readers) for (const topicId of ownTopicIds) shared.day.lists.topics.delete(topicId);
    }
  });
  for (const { editionDate, topicId, paperId } of cards) {
    const frozen = shared.frozen.get(editionDate) ?? new Map();
    shared.frozen.set(editionDate, frozen);
    addCard(frozen, shared.day.lists, topicId, paperId);
  }
  return done;
}

/** Reads what choosing needs beside the readers themselves: their votes, exclusions and topics. */
async function readWishes(
  transaction: Planning["transaction"],
  { day, topicIds, exclusions, likeness }: Shared,
  { cell, readers, now }: { cell: number; readers: DueReader[]; now: Date },
): Promise<void> {
  const votes = await listVoteFactors(transaction, { ...cellIds(cell), now }, likeness);
  const excluding = readers.filter(({ exclusions }) => exclusions !== "");
  const excluded = await exclusions(
    transaction,
    excluding.map(({ exclusions }) => exclusions),
  );
  for (const reader of excluding) reader.excluded = excluded.get(reader.exclusions);
  if (votes.size > 0) for (const reader of readers) reader.votes = votes.get(reader.id);
  const wanted = new Set<number>();
  for (const reader of readers) for (const id of reader.topicIds) if (!topicIds.has(id)) wanted.add(id);
  const { firstId: from, lastId: to } = day.lists;
  rankTopics(day.lists, await listTopicMatches(transaction, { topicIds: [...wanted], from, to }));
  for (const id of wanted) topicIds.add(id);
  for (const { ownTopicIds } of readers) for (const id of ownTopicIds) topicIds.delete(id);
}

type Choosing = {
  slots: DueSlot[];
  readers: DueReader[];
  /** Where what becomes of them is counted. */
  counted: { planned: number; skipped: number };
  /** Where cards are put that no committed cell of this run has frozen, each once. */
  cards: Card[];
};

/** Chooses for one reader after the other, so that a digest is written before the next is thought of. */
function* choose({ day, frozen }: Shared, { slots, readers, counted, cards }: Choosing): Generator<NewDigest> {
  const { lists } = day;
  const found = new Map<string, CardSet>();
  for (const reader of readers) {
    const edition = slots[reader.slot]?.edition;
    if (!edition) continue;
    const { editionDate } = edition;
    const planned = planReader(reader, editionDate, day);
    if (planned.reason === null) counted.planned++;
    else counted.skipped++;
    const known = frozen.get(editionDate);
    const fresh = found.get(editionDate) ?? new Map<number, Uint32Array>();
    found.set(editionDate, fresh);
    const { paperIds, topicIds } = planned;
    for (let at = 0; at < paperIds.length; at++) {
      const topicId = topicIds[at] ?? 0;
      const paperId = paperIds[at] ?? 0;
      if ((known && hasCard(known, lists, topicId, paperId)) || hasCard(fresh, lists, topicId, paperId)) continue;
      addCard(fresh, lists, topicId, paperId);
      cards.push({ editionDate, topicId, paperId });
    }
    yield { reader, edition, planned };
  }
}

/** Counts a committed cell and rings for its digests; what a lost ring leaves, tidy finds. */
async function report(
  { queue }: Needs,
  result: PlanResult,
  { due, planned, skipped, ranges }: PlanResult,
): Promise<void> {
  result.due += due;
  result.planned += planned;
  result.skipped += skipped;
  result.ranges.push(...ranges);
  await Promise.all(ranges.map(({ from, to }) => queue.ring("deliver", { from, to }, { id: `${from}-${to}` })));
}
