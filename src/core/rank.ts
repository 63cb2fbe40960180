// Which papers does one reader get, and in which order? The formula, with its reasons.
//
//   value = 0.5 · relevance + 0.3 · hotness + 0.2 · freshness, each from 0 to 1
//     relevance = score / (score + 1): a match twice over the threshold is better than a bare one, ten times hardly better
//     hotness   = what others thought of the paper, whatever its age (core/hotness.ts)
//     freshness = 0.5 ^ (age / 2 days): what came today goes before what fell to the cap yesterday
//   taken = value · 0.8 ^ (papers already taken for that topic): no topic drowns another
//   A vote multiplies the value of papers that share words with the one voted on (core/similar.ts).
//   Near-duplicates share a group; one of a group is taken, and none when one of it was sent.
//   "At least N upvotes" means what it says: a paper that no site has counted has none, and stays away from N = 1 on.
import { clearBit, countBits, setBit, unite } from "./bits.ts";
import { type Counted, hotness } from "./hotness.ts";
import { groupNearDuplicates } from "./near-duplicate.ts";

export type RankedPaper = Counted & { paperId: number; title: string; listedAt: Date };
export type TopicMatch = { paperId: number; topicId: number; score: number };

/** One topic's papers by their number, best first, and the groups they are of. */
type TopicList = { papers: Int32Array; values: Float64Array; groups: Uint32Array; atLeast: Map<number, TopicList> };

/** What all readers of a moment share: the window's papers by a dense number, and lists of those numbers by topic. */
export type TopicLists = {
  paperIds: Int32Array;
  upvotes: Int32Array;
  listedAtMs: Float64Array;
  hotness: Float64Array;
  freshness: Float64Array;
  groups: Int32Array;
  /** Number of a paper id, at id − firstId; −1 where it is not of the window. */
  numbers: Int32Array;
  firstId: number;
  lastId: number;
  topics: Map<number, TopicList>;
  /** Scratch: the round in which a group was last ruled out, and a set of groups; spares both for each reader. */
  seen: Uint32Array;
  round: number;
  open: Uint32Array;
};

/** What choosing needs of one reader. `earlierThanMs`: papers listed at or before it are marked as earlier. */
export type Chooser = {
  topicIds: readonly number[];
  sent: Iterable<number>;
  maxPapers: number;
  minUpvotes: number;
  earlierThanMs: number;
  excluded?: ReadonlySet<number>;
  /** Factor by paper id, from votes; absent means 1. */
  votes?: ReadonlyMap<number, number>;
};
export type Chosen = { paperId: number; topicId: number; earlier: boolean };

const WEIGHTS = { relevance: 0.5, hotness: 0.3, freshness: 0.2 };
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
    listedAtMs: Float64Array.from(sorted, ({ listedAt }) => listedAt.getTime()),
    hotness: Float64Array.from(sorted, hotness),
    freshness: Float64Array.from(sorted, ({ listedAt }) => 0.5 ** (ageDays(listedAt) / HALF_LIFE_DAYS)),
    groups: groupNearDuplicates(sorted.map(({ title }) => title)),
    numbers,
    firstId,
    lastId,
    topics: new Map(),
    seen: new Uint32Array(sorted.length),
    round: 0,
    open: new Uint32Array(Math.ceil(sorted.length / 32)),
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

/** The papers of one reader, best first, and how many more would have been right but fell to the cap. */
export function choosePapers(lists: TopicLists, reader: Chooser): { chosen: Chosen[]; more: number } {
  const { groups, seen, paperIds } = lists;
  const { excluded, minUpvotes, votes } = reader;
  if (lists.round === 0xffffffff) {
    seen.fill(0);
    lists.round = 0;
  }
  const round = ++lists.round;
  const closed: number[] = [];
  const close = (number: number) => {
    const group = groups[number] ?? 0;
    seen[group] = round;
    closed.push(group);
  };
  for (const paperId of reader.sent) {
    const number = numberOf(lists, paperId);
    if (number >= 0) close(number);
  }
  const heads: Head[] = [];
  for (const topicId of reader.topicIds) {
    const whole = lists.topics.get(topicId);
    if (!whole) continue;
    const list = minUpvotes > 0 ? withUpvotes(lists, whole, minUpvotes) : whole;
    heads.push({ topicId, list: votes && votes.size > 0 ? voted(lists, list, votes) : list, at: 0, share: 1 });
  }
  const isOpen = (number: number): boolean =>
    seen[groups[number] ?? 0] !== round && !(excluded?.has(paperIds[number] ?? 0) ?? false);

  const chosen: Chosen[] = [];
  while (chosen.length < reader.maxPapers) {
    let best: Head | undefined;
    let bestValue = -1;
    for (const head of heads) {
      const { papers, values } = head.list;
      while (head.at < papers.length && !isOpen(papers[head.at] ?? 0)) head.at++;
      if (head.at === papers.length) continue;
      const value = (values[head.at] ?? 0) * head.share;
      if (value > bestValue) {
        best = head;
        bestValue = value;
      }
    }
    if (!best) break;
    const number = best.list.papers[best.at++] ?? 0;
    best.share *= NEXT_OF_TOPIC;
    close(number);
    const earlier = (lists.listedAtMs[number] ?? 0) <= reader.earlierThanMs;
    chosen.push({ paperId: paperIds[number] ?? 0, topicId: best.topicId, earlier });
  }
  return { chosen, more: excluded ? walkRest(heads, isOpen, close) : countRest(lists.open, heads, closed) };
}

/** The number of a paper id; −1 where it is not of the window. */
export function numberOf({ numbers, firstId }: TopicLists, paperId: number): number {
  return numbers[paperId - firstId] ?? -1;
}

function matchValue({ hotness, freshness }: TopicLists, number: number, score: number): number {
  const relevance = score / (score + 1);
  return (
    WEIGHTS.relevance * relevance +
    WEIGHTS.hotness * (hotness[number] ?? 0) +
    WEIGHTS.freshness * (freshness[number] ?? 0)
  );
}

type Head = { topicId: number; list: TopicList; at: number; share: number };
type Valued = { number: number; value: number };
const bestFirst = (a: Valued, b: Valued) => b.value - a.value || b.number - a.number;

function makeList({ groups, open }: TopicLists, sorted: Valued[]): TopicList {
  const best = sorted.slice(0, PER_TOPIC);
  const list = {
    papers: Int32Array.from(best, ({ number }) => number),
    values: Float64Array.from(best, ({ value }) => value),
    groups: new Uint32Array(open.length),
    atLeast: new Map(),
  };
  for (const { number } of best) setBit(list.groups, groups[number] ?? 0);
  return list;
}

/** How many groups these topics hold beside those that are closed. */
function countRest(open: Uint32Array, heads: Head[], closed: number[]): number {
  open.fill(0);
  for (const { list } of heads) unite(open, list.groups);
  for (const group of closed) clearBit(open, group);
  return countBits(open);
}

/** The same, paper by paper, for a reader who excludes some. */
function walkRest(heads: Head[], isOpen: (number: number) => boolean, close: (number: number) => void): number {
  let more = 0;
  for (const { list, at } of heads)
    for (let next = at; next < list.papers.length; next++) {
      const number = list.papers[next] ?? 0;
      if (!isOpen(number)) continue;
      close(number);
      more++;
    }
  return more;
}

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
  const items = valued(list, (number) => votes.get(lists.paperIds[number] ?? 0) ?? 1).sort(bestFirst);
  return {
    ...list,
    papers: Int32Array.from(items, ({ number }) => number),
    values: Float64Array.from(items, ({ value }) => value),
  };
}

function valued({ papers, values }: TopicList, factor: (number: number) => number = () => 1): Valued[] {
  return Array.from(papers, (number, at) => ({ number, value: (values[at] ?? 0) * factor(number) }));
}
