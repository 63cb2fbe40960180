// Which (topic, paper) cards of an edition are known? One bit each, for millions of questions.
import { hasBit, setBit } from "../bits.ts";
import { numberOf, type TopicLists } from "./rank.ts";

/** Bits by topic, over the numbers of the window's papers. */
export type CardSet = Map<number, Uint32Array>;

export function hasCard(set: CardSet, lists: TopicLists, topicId: number, paperId: number): boolean {
  const bits = set.get(topicId);
  return bits !== undefined && hasBit(bits, numberOf(lists, paperId));
}

export function addCard(set: CardSet, lists: TopicLists, topicId: number, paperId: number): void {
  const bits = set.get(topicId) ?? new Uint32Array(Math.ceil(lists.paperIds.length / 32));
  set.set(topicId, bits);
  setBit(bits, numberOf(lists, paperId));
}
