// Which (edition, topic, paper) cards are known? One bit each, for millions of questions.
import { hasBit, setBit } from "./bits.ts";
import { numberOf, type TopicLists } from "./rank.ts";

/** Bits by edition date and topic, over the numbers of the window's papers. */
export type CardSet = Map<string, Map<number, Uint32Array>>;
export type CardKey = { editionDate: string; topicId: number; paperId: number };

export function hasCard(set: CardSet, lists: TopicLists, { editionDate, topicId, paperId }: CardKey): boolean {
  const bits = set.get(editionDate)?.get(topicId);
  return bits !== undefined && hasBit(bits, numberOf(lists, paperId));
}

/** Adds a card; false where it was known. */
export function addCard(set: CardSet, lists: TopicLists, { editionDate, topicId, paperId }: CardKey): boolean {
  const topics = set.get(editionDate) ?? new Map<number, Uint32Array>();
  set.set(editionDate, topics);
  const bits = topics.get(topicId) ?? new Uint32Array(lists.open.length);
  topics.set(topicId, bits);
  const number = numberOf(lists, paperId);
  if (hasBit(bits, number)) return false;
  setBit(bits, number);
  return true;
}
