// When does a pause end?
import { Temporal } from "temporal-polyfill";

/** The first instant of a date (`YYYY-MM-DD`) in an IANA zone: from then on digests go out again. */
export function pauseEndsAt(until: string, timezone: string): Date {
  return new Date(Temporal.PlainDate.from(until).toZonedDateTime(timezone).epochMilliseconds);
}
