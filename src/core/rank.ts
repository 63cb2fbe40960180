// Which papers does one reader get, and in which order? The formula, with its reasons.
//
//   value = 0.5 · relevance + 0.3 · hotness + 0.2 · freshness, each from 0 to 1
//     relevance = score / (score + 1): a match twice over the threshold is better than a bare one, ten times hardly better
//     hotness   = given by the caller (core/hotness.ts): what others thought of the paper for its age
//     freshness = 0.5 ^ (age / 2 days): what came today goes before what fell to the cap yesterday
//   taken = value · 0.8 ^ (papers already taken for that topic): no topic drowns another
//   A vote multiplies the value of papers that share words with the one voted on (core/similar.ts).
//   Near-duplicates share a group; one of a group is taken, and none when one of it was sent.
import { groupNearDuplicates } from "./near-duplicate.ts";

export type RankedCandidate = {
  paperId: number;
  topicId: number;
  score: number;
  title: string;
  upvotes: number;
  listedAt: Date;
};

/** What all readers share: papers by a dense number, topics as lists of those numbers with the best first. */
export type TopicLists = {
  paperIds: Int32Array;
  upvotes: Int32Array;
  listedAtMs: Float64Array;
  groups: Int32Array;
  numberOf: Map<number, number>;
  topics: Map<number, { papers: Int32Array; values: Float64Array }>;
  /** Scratch: the round in which a group was last ruled out; spares a set for each reader. */
  seen: Uint32Array;
  round: number;
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

/** The value of one match, from 0 to 1. */
export function matchValue(score: number, hotness: number, ageDays: number): number {
  const relevance = score / (score + 1);
  const freshness = 0.5 ** (Math.max(0, ageDays) / HALF_LIFE_DAYS);
  return WEIGHTS.relevance * relevance + WEIGHTS.hotness * hotness + WEIGHTS.freshness * freshness;
}

/** Sorts the window's matches once for all readers, at most `perTopic` a topic; `hotnessOf` answers from 0 to 1. */
export function prepareTopicLists<Candidate extends RankedCandidate>(
  candidates: Candidate[],
  { now, hotnessOf, perTopic = 500 }: { now: Date; hotnessOf: (candidate: Candidate) => number; perTopic?: number },
): TopicLists {
  const numberOf = new Map<number, number>();
  const papers: Candidate[] = [];
  for (const candidate of candidates.toSorted((a, b) => a.paperId - b.paperId)) {
    if (numberOf.has(candidate.paperId)) continue;
    numberOf.set(candidate.paperId, papers.length);
    papers.push(candidate);
  }
  const hotness = papers.map(hotnessOf);
  const byTopic = new Map<number, { number: number; value: number }[]>();
  for (const { paperId, topicId, score, listedAt } of candidates) {
    const number = numberOf.get(paperId) ?? 0;
    const value = matchValue(score, hotness[number] ?? 0, (now.getTime() - listedAt.getTime()) / 86_400_000);
    const list = byTopic.get(topicId);
    if (list) list.push({ number, value });
    else byTopic.set(topicId, [{ number, value }]);
  }
  const topics: TopicLists["topics"] = new Map();
  for (const [topicId, list] of byTopic) {
    const best = list.sort((a, b) => b.value - a.value || b.number - a.number).slice(0, perTopic);
    topics.set(topicId, {
      papers: Int32Array.from(best, ({ number }) => number),
      values: Float64Array.from(best, ({ value }) => value),
    });
  }
  const groups = groupNearDuplicates(papers.map(({ title }) => title));
  return {
    paperIds: Int32Array.from(papers, ({ paperId }) => paperId),
    upvotes: Int32Array.from(papers, ({ upvotes }) => upvotes),
    listedAtMs: Float64Array.from(papers, ({ listedAt }) => listedAt.getTime()),
    groups,
    numberOf,
    topics,
    seen: new Uint32Array(papers.length),
    round: 0,
  };
}

/** The papers of one reader, best first, and how many more would have been right but fell to the cap. */
export function choosePapers(lists: TopicLists, reader: Chooser): { chosen: Chosen[]; more: number } {
  const { groups, seen, upvotes, paperIds } = lists;
  if (lists.round === 0xffffffff) {
    seen.fill(0);
    lists.round = 0;
  }
  const round = ++lists.round;
  for (const paperId of reader.sent) {
    const number = lists.numberOf.get(paperId);
    if (number !== undefined) seen[groups[number] ?? 0] = round;
  }
  const heads: Head[] = [];
  for (const topicId of reader.topicIds) {
    const list = lists.topics.get(topicId);
    if (list) heads.push({ topicId, ...voted(list, lists, reader.votes), at: 0, share: 1 });
  }
  const isOpen = (number: number): boolean =>
    seen[groups[number] ?? 0] !== round &&
    (upvotes[number] ?? 0) >= reader.minUpvotes &&
    !(reader.excluded?.has(paperIds[number] ?? 0) ?? false);

  const chosen: Chosen[] = [];
  while (chosen.length < reader.maxPapers) {
    let best: Head | undefined;
    let bestValue = -1;
    for (const head of heads) {
      while (head.at < head.papers.length && !isOpen(head.papers[head.at] ?? 0)) head.at++;
      if (head.at === head.papers.length) continue;
      const value = (head.values[head.at] ?? 0) * head.share;
      if (value > bestValue) {
        best = head;
        bestValue = value;
      }
    }
    if (!best) break;
    const number = best.papers[best.at++] ?? 0;
    best.share *= NEXT_OF_TOPIC;
    seen[groups[number] ?? 0] = round;
    const earlier = (lists.listedAtMs[number] ?? 0) <= reader.earlierThanMs;
    chosen.push({ paperId: paperIds[number] ?? 0, topicId: best.topicId, earlier });
  }
  return { chosen, more: countRest(heads, isOpen, (number) => (seen[groups[number] ?? 0] = round)) };
}

type Head = { topicId: number; papers: Int32Array; values: Float64Array; at: number; share: number };

function countRest(heads: Head[], isOpen: (number: number) => boolean, close: (number: number) => void): number {
  let more = 0;
  for (const { papers, at } of heads)
    for (let next = at; next < papers.length; next++) {
      const number = papers[next] ?? 0;
      if (!isOpen(number)) continue;
      close(number);
      more++;
    }
  return more;
}

/** A topic's list in the order that a reader's votes give it. */
function voted(
  list: { papers: Int32Array; values: Float64Array },
  { paperIds }: TopicLists,
  votes: ReadonlyMap<number, number> | undefined,
): { papers: Int32Array; values: Float64Array } {
  if (!votes || votes.size === 0) return list;
  const items = Array.from(list.papers, (number, at) => ({
    number,
    value: (list.values[at] ?? 0) * (votes.get(paperIds[number] ?? 0) ?? 1),
  })).sort((a, b) => b.value - a.value || b.number - a.number);
  return {
    papers: Int32Array.from(items, ({ number }) => number),
    values: Float64Array.from(items, ({ value }) => value),
  };
}
