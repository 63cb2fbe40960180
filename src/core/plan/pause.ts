// When does a pause end, and does it still last?
import { Temporal } from "temporal-polyfill";
import { localDay } from "./schedule.ts";

/** The first instant of a date (`YYYY-MM-DD`) in an IANA zone: from then on digests go out again. */
export function pauseEndsAt(until: string, timezone: string): Date {
  return new Date(Temporal.PlainDate.from(until).toZonedDateTime(timezone).epochMilliseconds);
}

/** The date until which a reader's pause still lasts at `now`; null where there is none or it is over. */
export function lastingPause(reader: { pausedUntil: string | null; timezone: string }, now: Date): string | null {
  const { pausedUntil, timezone } = reader;
  return pausedUntil !== null && pausedUntil > localDay(timezone, now) ? pausedUntil : null;
}
