// What does one reader get now: a digest, or a quiet day with its reason?
import { type Chooser, type Chosen, choosePapers, type TopicLists } from "./rank.ts";

/** How far back a paper may have been listed to be chosen, in days; Monday's weekly edition reaches the Monday before. */
export const WINDOW_DAYS = 8;

/** `reason`: why nothing is sent; null when something is. */
export type Planned = Chosen & { reason: string | null };
export type Day = {
  lists: TopicLists;
  /** Why an edition of this local day has no list to tell of; undefined on days with news. */
  quiet: (editionDate: string) => string | undefined;
  /** What is said where nothing was found for a reader. */
  quietToday: string;
};

/** Decides for one reader whose edition of this date is due. The same reader, date and day give the same plan. */
export function planReader(reader: Chooser, editionDate: string, day: Day): Planned {
  const quiet = day.quiet(editionDate);
  if (quiet !== undefined) return nothing(quiet);
  if (reader.topicIds.length === 0) return nothing("no topic chosen");
  const { paperIds, topicIds, more } = choosePapers(day.lists, reader);
  if (paperIds.length > 0) return { paperIds, topicIds, more, reason: null };
  if (reader.minUpvotes === 0) return nothing(day.quietToday);
  const { more: hidden } = choosePapers(day.lists, { ...reader, maxPapers: 0, minUpvotes: 0 });
  return nothing(hidden > 0 ? tooFewUpvotes(hidden, reader.minUpvotes) : day.quietToday);
}

function nothing(reason: string): Planned {
  return { paperIds: [], topicIds: [], more: 0, reason };
}

const tooFewUpvotes = (papers: number, minUpvotes: number) =>
  `${papers === 1 ? "1 paper" : `${papers} papers`} matched, none with ${minUpvotes} ${minUpvotes === 1 ? "upvote" : "upvotes"} or more`;
