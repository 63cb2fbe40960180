// When does a reader's next digest fall due? Local hours in IANA zones; both clock changes handled by Temporal.
import { Temporal } from "temporal-polyfill";
import { addDays, isWeekend, utcDay } from "../calendar.ts";
import type { Cadence } from "../digest.ts";

export type Schedule = { timezone: string; hour: number; cadence: Cadence };

/** Whether a cadence has an edition on a local day (`YYYY-MM-DD`): weekly means Monday, weekdays Monday to Friday. */
export function hasEdition(cadence: Cadence, day: string): boolean {
  const weekday = Temporal.PlainDate.from(day).dayOfWeek;
  if (cadence === "weekly") return weekday === 1;
  return cadence === "daily" || weekday <= 5;
}

/**
 * The first instant after `after` at which an edition falls due. An hour that a clock change skips moves to the next
 * one that exists; an hour that comes twice counts the first time (Temporal's `compatible`, RFC 5545 §3.3.5).
 */
export function nextDueAt(schedule: Schedule, after: Date): Date {
  let day = localDay(schedule.timezone, after);
  for (let step = 0; step < 16; step++) {
    const due = dueAt(schedule, day);
    if (due.getTime() > after.getTime() && hasEdition(schedule.cadence, day)) return due;
    day = addDays(day, 1);
  }
  throw new Error(
    `no edition within two weeks of ${after.toISOString()} for ${schedule.cadence} in ${schedule.timezone}`,
  );
}

/**
 * The edition that is due at `now`: today's (local) when its hour has come, else none. An edition missed on an earlier
 * day is not caught up: its papers come with the next one.
 */
export function editionAt(
  schedule: Schedule,
  now: Date,
): { editionDate: string; dueAt: Date; expiresAt: Date } | undefined {
  const editionDate = localDay(schedule.timezone, now);
  if (!hasEdition(schedule.cadence, editionDate)) return undefined;
  const due = dueAt(schedule, editionDate);
  if (due.getTime() > now.getTime()) return undefined;
  return { editionDate, dueAt: due, expiresAt: dueAt(schedule, addDays(editionDate, 1)) };
}

/** What a schedule has at a moment, the same for all who share it; Temporal is slow, so it is asked once for each. */
export type Slot = {
  /** The local day. */
  today: string;
  nextDueAt: Date;
  /** The edition whose hour has come; `coversFrom`: what was listed by then belonged to the edition before. */
  edition?: { editionDate: string; expiresAt: Date; coversFrom: Date };
};

/** Where a schedule stands at `now`. */
export function slotAt(schedule: Schedule, now: Date): Slot {
  const slot: Slot = { today: localDay(schedule.timezone, now), nextDueAt: nextDueAt(schedule, now) };
  const due = editionAt(schedule, now);
  if (due) {
    const { editionDate, expiresAt } = due;
    slot.edition = { editionDate, expiresAt, coversFrom: dueBefore(schedule, editionDate) };
  }
  return slot;
}

/** When the edition before this one fell due, over days without a list. */
function dueBefore(schedule: Schedule, editionDate: string): Date {
  let day = addDays(editionDate, -1);
  for (let days = 1; days < 8 && !(hasEdition(schedule.cadence, day) && hasList(schedule, day)); days++)
    day = addDays(day, -1);
  return dueAt(schedule, day);
}

/** Not on a weekend, but where the day begins before UTC's: there Saturday morning brings Friday's list. */
function hasList(schedule: Schedule, day: string): boolean {
  const begun = utcDay(dueAt(schedule, day));
  return !isWeekend(day) || (begun < day && !isWeekend(begun));
}

/** The local day of an instant, `YYYY-MM-DD`. */
export function localDay(timezone: string, at: Date): string {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timezone).toPlainDate().toString();
}

function dueAt({ timezone, hour }: Schedule, day: string): Date {
  const local = Temporal.PlainDate.from(day).toPlainDateTime({ hour });
  return new Date(local.toZonedDateTime(timezone, { disambiguation: "compatible" }).epochMilliseconds);
}
