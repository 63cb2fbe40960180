// On which days does a source publish a list, when is it due, and if there is none, why?
import { Temporal } from "temporal-polyfill";
import { arxivHoliday } from "./arxiv-holidays.ts";

/** `arxiv` announces Sunday to Thursday evening; `weekdays` lists Monday to Friday (UTC); `any` keeps no calendar. */
export type CalendarName = "arxiv" | "weekdays" | "any";

const EASTERN = "America/New_York";
const FREEZE = { hour: 14 };
const ANNOUNCEMENT = { hour: 20 };
/** From Monday on. */
export const weekdayNames = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
export const monthNames = "January February March April May June July August September October November December".split(
  " ",
);

const plain = (day: string) => Temporal.PlainDate.from(day);

/** Saturday or Sunday, of `YYYY-MM-DD`. */
export function isWeekend(day: string): boolean {
  return plain(day).dayOfWeek > 5;
}

/** `Friday` of `2026-09-18`. */
export function weekdayName(day: string): string {
  return weekdayNames[plain(day).dayOfWeek - 1] ?? "";
}

/** `Friday 18 September` of `2026-09-18`. */
export function dayName(day: string): string {
  const date = plain(day);
  return `${weekdayName(day)} ${date.day} ${monthNames[date.month - 1]}`;
}

/** The day `days` later (or earlier, negative). */
export function addDays(day: string, days: number): string {
  return plain(day).add({ days }).toString();
}

/** All days from … to …, both included, at most `limit` (the latest ones). */
export function listDays(from: string, to: string, limit = 5_000): string[] {
  const days: string[] = [];
  for (let day = to; day >= from && days.length < limit; day = addDays(day, -1)) days.push(day);
  return days.reverse();
}

/** The UTC day of an instant. */
export function utcDay(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/**
 * Why a source has no list with this day (`no list on weekends`, `arXiv keeps Thanksgiving`), or undefined when one is due.
 * A list of arXiv carries the day after its announcement: Thursday's 20:00 Eastern is Friday's list.
 */
export function quietDay(calendar: CalendarName, day: string): string | undefined {
  if (calendar === "any") return undefined;
  if (isWeekend(day)) return "no list on weekends";
  if (calendar === "weekdays") return undefined;
  const evening = plain(day).subtract({ days: 1 });
  const holiday = noAnnouncement(evening);
  return holiday ? `arXiv keeps ${holiday}` : undefined;
}

/** When the list of this day is due to be there: when arXiv's feeds turn (midnight Eastern), 03:00 UTC for Hugging Face. */
function dueAt(calendar: CalendarName, day: string): Date {
  if (calendar === "arxiv") return instant(plain(day).toZonedDateTime({ timeZone: EASTERN, plainTime: { hour: 1 } }));
  return new Date(`${day}T03:00:00Z`);
}

/** When the list of this day counts as late: measured on 68 lists of Hugging Face, the last entry came before 10:00 UTC. */
export function lateAt(calendar: CalendarName, day: string): Date {
  return new Date(dueAt(calendar, day).getTime() + (calendar === "arxiv" ? 4 : 9) * 3_600_000);
}

/** The newest list day that was due by `now`; undefined for a source without calendar. */
export function newestDueDay(calendar: CalendarName, now: Date): string | undefined {
  if (calendar === "any") return undefined;
  for (let back = 0, day = utcDay(now); back < 15; back++, day = addDays(day, -1))
    if (!quietDay(calendar, day) && dueAt(calendar, day) <= now) return day;
  return undefined;
}

/**
 * When arXiv announced, or will announce, a paper submitted at this instant: received until 14:00 Eastern on a working day it is
 * frozen, and the freeze is announced at 20:00 Eastern of that day, Friday's on Sunday (arXiv help, "Availability of submissions").
 */
export function arxivAnnouncedAt(submittedAt: Date): Date {
  const submitted = Temporal.Instant.fromEpochMilliseconds(submittedAt.getTime()).toZonedDateTimeISO(EASTERN);
  let freeze = submitted.toPlainDate();
  if (submitted.hour >= FREEZE.hour) freeze = freeze.add({ days: 1 });
  while (freeze.dayOfWeek > 5 || arxivHoliday(freeze.toString())) freeze = freeze.add({ days: 1 });
  let evening = freeze;
  while (noAnnouncement(evening)) evening = evening.add({ days: 1 });
  return instant(evening.toZonedDateTime({ timeZone: EASTERN, plainTime: ANNOUNCEMENT }));
}

/** The list day of an arXiv announcement: the day that begins at midnight Eastern after it. */
export function arxivListDay(announcedAt: Date): string {
  const local = Temporal.Instant.fromEpochMilliseconds(announcedAt.getTime()).toZonedDateTimeISO(EASTERN);
  return local.add({ hours: 4 }).toPlainDate().toString();
}

/** Why nothing is announced on an evening (Eastern), or undefined: Friday, Saturday, a holiday, Sunday after a Friday holiday. */
function noAnnouncement(evening: Temporal.PlainDate): string | undefined {
  if (evening.dayOfWeek === 5 || evening.dayOfWeek === 6) return "the weekend";
  if (evening.dayOfWeek === 7)
    return arxivHoliday(evening.subtract({ days: 2 }).toString()) ?? arxivHoliday(evening.toString());
  return arxivHoliday(evening.toString());
}

const instant = (at: Temporal.ZonedDateTime) => new Date(at.epochMilliseconds);
