// What does one reader get now: a digest, or a quiet day with its reason?
import { type Chooser, type Chosen, choosePapers, type TopicLists } from "./rank.ts";
import type { Slot } from "./schedule.ts";

/** How far back a paper may have been listed to be chosen, in days; Monday's weekly edition reaches the Monday before. */
export const WINDOW_DAYS = 8;

export type Reader = Pick<Chooser, "topicIds" | "sent" | "maxPapers" | "minUpvotes">;
export type Planned = {
  chosen: Chosen[];
  more: number;
  /** Why nothing is sent; absent when something is. */
  reason?: string;
};
export type Day = {
  now: Date;
  lists: TopicLists;
  /** Why an edition of this local day has no list to tell of; undefined on days with news. */
  quiet: (editionDate: string) => string | undefined;
  /** What is said where nothing was found for a reader. */
  quietToday: string;
};

/** Decides for one reader whose edition is due. The same reader, edition, day and lists give the same plan. */
export function planReader(
  reader: Reader,
  { editionDate, coversFrom }: NonNullable<Slot["edition"]>,
  day: Day,
  extra: Pick<Chooser, "excluded" | "votes"> = {},
): Planned {
  const nothing = (reason: string): Planned => ({ chosen: [], more: 0, reason });
  const quiet = day.quiet(editionDate);
  if (quiet) return nothing(quiet);
  if (reader.topicIds.length === 0) return nothing("no topic chosen");
  const { topicIds, sent, maxPapers, minUpvotes } = reader;
  const chooser = { topicIds, sent, maxPapers, minUpvotes, earlierThanMs: coversFrom.getTime(), ...extra };
  const { chosen, more } = choosePapers(day.lists, chooser);
  if (chosen.length > 0) return { chosen, more };
  if (minUpvotes === 0) return nothing(day.quietToday);
  const { more: hidden } = choosePapers(day.lists, { ...chooser, maxPapers: 0, minUpvotes: 0 });
  return nothing(hidden > 0 ? tooFewUpvotes(hidden, minUpvotes) : day.quietToday);
}

const tooFewUpvotes = (papers: number, minUpvotes: number) =>
  `${papers === 1 ? "1 paper" : `${papers} papers`} matched, none with ${minUpvotes} ${minUpvotes === 1 ? "upvote" : "upvotes"} or more`;
