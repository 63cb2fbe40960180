// What does one reader get now: a digest, a quiet day with its reason, or nothing yet?
import { type Chooser, type Chosen, choosePapers, type TopicLists } from "./rank.ts";
import { addDays, editionAt, hasEdition, isWeekend, type Schedule } from "./schedule.ts";

/** How far back a paper may have been listed to be chosen, in days; Monday's weekly edition reaches the Monday before. */
export const WINDOW_DAYS = 8;

export type Reader = Schedule & {
  id: number;
  maxPapers: number;
  minUpvotes: number;
  topicIds: number[];
  sent: number[];
};
export type Planned = {
  editionDate: string;
  expiresAt: Date;
  chosen: Chosen[];
  more: number;
  /** Why nothing is sent; absent when something is. */
  reason?: string;
};
export type Day = {
  now: Date;
  lists: TopicLists;
  quiet: (editionDate: string) => string | undefined;
  quietToday: string;
};

/** Decides for one reader; undefined when no edition of theirs is due. The same reader, day and lists give the same plan. */
export function planReader(
  reader: Reader,
  day: Day,
  extra: Pick<Chooser, "excluded" | "votes"> = {},
): Planned | undefined {
  const edition = editionAt(reader, day.now);
  if (!edition) return undefined;
  const { editionDate, expiresAt } = edition;
  const nothing = (reason: string): Planned => ({ editionDate, expiresAt, chosen: [], more: 0, reason });
  const quiet = day.quiet(editionDate);
  if (quiet) return nothing(quiet);
  if (reader.topicIds.length === 0) return nothing("no topic chosen");
  const earlierThanMs = previousDue(reader, editionDate, edition.dueAt);
  const { topicIds, sent, maxPapers, minUpvotes } = reader;
  const { chosen, more } = choosePapers(day.lists, { topicIds, sent, maxPapers, minUpvotes, earlierThanMs, ...extra });
  return chosen.length === 0 ? nothing(day.quietToday) : { editionDate, expiresAt, chosen, more };
}

/** When the reader's edition before this one fell due, over weekends without lists, in milliseconds. */
function previousDue(schedule: Schedule, editionDate: string, dueAt: Date): number {
  let day = addDays(editionDate, -1);
  let days = 1;
  while (days < 8 && (!hasEdition(schedule.cadence, day) || isWeekend(day))) {
    day = addDays(day, -1);
    days++;
  }
  return dueAt.getTime() - days * 86_400_000;
}
