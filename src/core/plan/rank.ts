// Which papers does one reader get, and in which order? The formula, with its reasons.
//
//   value = 0.5 · relevance + 0.3 · standing + 0.2 · freshness, each from 0 to 1
//     relevance = score / (score + 1): a match twice over the threshold is better than a bare one, ten times hardly better
//     standing  = what others thought of the paper; 0.3 where nobody can say so (core/plan/hotness.ts)
//     freshness = 0.5 ^ (age / 2 days): what came today goes before what fell to the cap yesterday
//   taken = value · 0.8 ^ (papers already taken for that topic): no topic drowns another
//   A vote multiplies the value of papers that share words with the one voted on (core/match/similar.ts).
//   Near-duplicates share a group (two works of arXiv only under the same words); one of a group is taken, and none when one was sent.
//   "At least N upvotes" means what it says: a paper that no site has counted has none, and stays away from N = 1 on.
import { countUnion, hasBit, setBit } from "../bits.ts";
import { type Standing, standing } from "./hotness.ts";
import { groupNearDuplicates } from "./near-duplicate.ts";

/** `arxiv`: its id is one of arXiv, which gives each work one. */
export type RankedPaper = Standing & { paperId: number; title: string; arxiv?: boolean };
export type TopicMatch = { paperId: number; topicId: number; score: number };

/** One topic's papers by their number, best first, with the group of each, and the groups as a set. */
type TopicList = {
  papers: Int32Array;
  values: Float64Array;
  groups: Int32Array;
  groupSet: Uint32Array;
  /** The same for readers who want a number of upvotes. */
  atLeast: Map<number, TopicList>;
};

/** What all readers of a moment share: the window's papers by a dense number, and lists of those numbers by topic. */
export type TopicLists = {
  paperIds: Int32Array;
  upvotes: Int32Array;
  standings: Float64Array;
  freshness: Float64Array;
  groups: Int32Array;
  /** Number of a paper id, at id − firstId; −1 where it is not of the window. */
  numbers: Int32Array;
  firstId: number;
  lastId: number;
  topics: Map<number, TopicList>;
  scratch: Scratch;
};

/** Spares allocation for each of a million readers. */
type Scratch = {
  /** The round in which a group was last ruled out. */
  seen: Uint32Array;
  round: number;
  /** Groups ruled out in this round, each once. */
  closed: number[];
  /** The groups of each of the reader's topics, and room for a set more. */
  sets: Uint32Array[];
  spare: Uint32Array;
  /** For each of the reader's topics: its list, how far it is used up, and its share after what was taken. */
  lists: TopicList[];
  topicIds: number[];
  at: number[];
  shares: number[];
};

/** What choosing needs of one reader. */
export type Chooser = {
  topicIds: readonly number[];
  sent: readonly number[];
  maxPapers: number;
  minUpvotes: number;
  excluded?: ReadonlySet<number> | undefined;
  /** Factor by paper id, from votes; absent means 1. */
  votes?: ReadonlyMap<number, number> | undefined;
};
/** Paper ids, best first, and at the same place the topic each was chosen for; `more` fell to the cap. */
export type Chosen = { paperIds: number[]; topicIds: number[]; more: number };

const WEIGHTS = { relevance: 0.5, standing: 0.3, freshness: 0.2 };
const HALF_LIFE_DAYS = 2;
const NEXT_OF_TOPIC = 0.8;
/** A topic that matches more is a flood; nobody's digest reaches that deep. */
const PER_TOPIC = 500;
const KEPT_FLOORS = 50;

/** Numbers the window's papers once for all readers; topics are added by `rankTopics`. */
export function numberPapers(papers: readonly RankedPaper[], now: Date): TopicLists {
  const sorted = papers.toSorted((a, b) => a.paperId - b.paperId);
  const firstId = sorted[0]?.paperId ?? 0;
  const lastId = sorted.at(-1)?.paperId ?? -1;
  const numbers = new Int32Array(lastId - firstId + 1).fill(-1);
  for (const [number, { paperId }] of sorted.entries()) numbers[paperId - firstId] = number;
  const ageDays = (listedAt: Date) => Math.max(0, now.getTime() - listedAt.getTime()) / 86_400_000;
  return {
    paperIds: Int32Array.from(sorted, ({ paperId }) => paperId),
    upvotes: Int32Array.from(sorted, ({ upvotes }) => upvotes),
    standings: Float64Array.from(sorted, (paper) => standing(paper, now)),
    freshness: Float64Array.from(sorted, ({ listedAt }) => 0.5 ** (ageDays(listedAt) / HALF_LIFE_DAYS)),
    groups: groupNearDuplicates(
      sorted.map(({ title }) => title),
      sorted.map(({ arxiv = false }) => arxiv),
    ),
    numbers,
    firstId,
    lastId,
    topics: new Map(),
    scratch: {
      seen: new Uint32Array(sorted.length),
      round: 0,
      closed: [],
      lists: [],
      sets: [],
      spare: new Uint32Array(Math.ceil(sorted.length / 32)),
      topicIds: [],
      at: [],
      shares: [],
    },
  };
}

/** Sorts matches into topic lists, best first, at most 500 a topic; papers that are not of the window are passed over. */
export function rankTopics(lists: TopicLists, matches: Iterable<TopicMatch>): void {
  const byTopic = new Map<number, { number: number; value: number }[]>();
  for (const { paperId, topicId, score } of matches) {
    const number = numberOf(lists, paperId);
    if (number < 0) continue;
    const value = matchValue(lists, number, score);
    const list = byTopic.get(topicId);
    if (list) list.push({ number, value });
    else byTopic.set(topicId, [{ number, value }]);
  }
  for (const [topicId, list] of byTopic) lists.topics.set(topicId, makeList(lists, list.sort(bestFirst)));
}

// The functions below run for each reader: they make no closures, which cost more than what they do.

/** The papers of one reader, best first, and how many more would have been right but fell to the cap. */
export function choosePapers(all: TopicLists, reader: Chooser): Chosen {
  const { scratch, paperIds } = all;
  const { seen, closed, lists, topicIds, at, shares } = scratch;
  const { excluded, maxPapers } = reader;
  const round = nextRound(scratch);
  for (const paperId of reader.sent) {
    const number = numberOf(all, paperId);
    if (number >= 0) closeGroup(scratch, all.groups[number] ?? 0);
  }
  openLists(all, reader);
  const chosen: Chosen = { paperIds: [], topicIds: [], more: 0 };
  while (chosen.paperIds.length < maxPapers) {
    let best = -1;
    let bestValue = -1;
    for (let nth = 0; nth < lists.length; nth++) {
      const { papers, groups, values } = lists[nth] ?? none;
      let place = at[nth] ?? 0;
      while (
        place < papers.length &&
        (seen[groups[place] ?? 0] === round || excluded?.has(paperIds[papers[place] ?? 0] ?? 0))
      )
        place++;
      at[nth] = place;
      if (place === papers.length) continue;
      const value = (values[place] ?? 0) * (shares[nth] ?? 0);
      if (value > bestValue) {
        best = nth;
        bestValue = value;
      }
    }
    if (best < 0) break;
    const { papers, groups } = lists[best] ?? none;
    const place = at[best] ?? 0;
    at[best] = place + 1;
    shares[best] = (shares[best] ?? 0) * NEXT_OF_TOPIC;
    closeGroup(scratch, groups[place] ?? 0);
    chosen.paperIds.push(paperIds[papers[place] ?? 0] ?? 0);
    chosen.topicIds.push(topicIds[best] ?? 0);
  }
  chosen.more = excluded ? walkRest(all, excluded) : countRest(scratch);
  closed.length = 0;
  return chosen;
}

function nextRound(scratch: Scratch): number {
  if (scratch.round === 0xffffffff) {
    scratch.seen.fill(0);
    scratch.round = 0;
  }
  return ++scratch.round;
}

function closeGroup({ seen, round, closed }: Scratch, group: number): void {
  if (seen[group] === round) return;
  seen[group] = round;
  closed.push(group);
}

function openLists(all: TopicLists, { topicIds, minUpvotes, votes }: Chooser): void {
  const { scratch } = all;
  let count = 0;
  for (const topicId of topicIds) {
    let list = all.topics.get(topicId);
    if (!list) continue;
    if (minUpvotes > 0) list = withUpvotes(all, list, minUpvotes);
    if (votes && votes.size > 0) list = voted(all, list, votes);
    scratch.lists[count] = list;
    scratch.topicIds[count] = topicId;
    scratch.at[count] = 0;
    scratch.shares[count] = 1;
    count++;
  }
  scratch.lists.length = count;
}

/** How many groups the topics hold beside those that are closed. */
function countRest({ lists, sets, closed, spare }: Scratch): number {
  sets.length = lists.length;
  for (let nth = 0; nth < lists.length; nth++) sets[nth] = (lists[nth] ?? none).groupSet;
  let count = countUnion(sets, spare);
  for (let at = 0; at < closed.length; at++) if (isIn(sets, closed[at] ?? 0)) count--;
  return count;
}

function isIn(sets: readonly Uint32Array[], group: number): boolean {
  for (let nth = 0; nth < sets.length; nth++) if (hasBit(sets[nth] ?? none.groupSet, group)) return true;
  return false;
}

/** The same, paper by paper, for a reader who excludes some. */
function walkRest({ scratch, paperIds }: TopicLists, excluded: ReadonlySet<number>): number {
  let more = 0;
  for (let nth = 0; nth < scratch.lists.length; nth++) {
    const { papers, groups } = scratch.lists[nth] ?? none;
    for (let place = scratch.at[nth] ?? 0; place < papers.length; place++) {
      const group = groups[place] ?? 0;
      if (scratch.seen[group] === scratch.round || excluded.has(paperIds[papers[place] ?? 0] ?? 0)) continue;
      closeGroup(scratch, group);
      more++;
    }
  }
  return more;
}

/** The number of a paper id; −1 where it is not of the window. */
export function numberOf({ numbers, firstId }: TopicLists, paperId: number): number {
  return numbers[paperId - firstId] ?? -1;
}

function matchValue({ standings, freshness }: TopicLists, number: number, score: number): number {
  const relevance = score / (score + 1);
  return (
    WEIGHTS.relevance * relevance +
    WEIGHTS.standing * (standings[number] ?? 0) +
    WEIGHTS.freshness * (freshness[number] ?? 0)
  );
}

type Valued = { number: number; value: number };
const bestFirst = (a: Valued, b: Valued) => b.value - a.value || b.number - a.number;

function makeList({ groups }: Pick<TopicLists, "groups">, sorted: Valued[]): TopicList {
  const best = sorted.slice(0, PER_TOPIC);
  const list: TopicList = {
    papers: Int32Array.from(best, ({ number }) => number),
    values: Float64Array.from(best, ({ value }) => value),
    groups: Int32Array.from(best, ({ number }) => groups[number] ?? 0),
    groupSet: new Uint32Array(Math.ceil(groups.length / 32)),
    atLeast: new Map(),
  };
  for (const group of list.groups) setBit(list.groupSet, group);
  return list;
}

const none: TopicList = {
  papers: new Int32Array(),
  values: new Float64Array(),
  groups: new Int32Array(),
  groupSet: new Uint32Array(),
  atLeast: new Map(),
};

/** A topic's list without papers under a number of upvotes; kept for the next reader who asks for as many. */
function withUpvotes(lists: TopicLists, list: TopicList, minUpvotes: number): TopicList {
  const known = list.atLeast.get(minUpvotes);
  if (known) return known;
  const kept = valued(list).filter(({ number }) => (lists.upvotes[number] ?? 0) >= minUpvotes);
  const made = makeList(lists, kept);
  if (list.atLeast.size < KEPT_FLOORS) list.atLeast.set(minUpvotes, made);
  return made;
}

/** A topic's list in the order that a reader's votes give it. */
function voted(lists: TopicLists, list: TopicList, votes: ReadonlyMap<number, number>): TopicList {
  const items = valued(list, (number) => votes.get(lists.paperIds[number] ?? 0) ?? 1);
  return makeList(lists, items.sort(bestFirst));
}

function valued({ papers, values }: TopicList, factor: (number: number) => number = () => 1): Valued[] {
  return Array.from(papers, (number, at) => ({ number, value: (values[at] ?? 0) * factor(number) }));
}
