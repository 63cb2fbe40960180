// When can a reader next expect a digest? The first of their hours on a day for which any source has a list.
import { quietReason } from "../core/ingest/freshness.ts";
import { localDay, nextDueAt } from "../core/plan/schedule.ts";
import type { Subscriber } from "../db/subscriber-rows.ts";
import { expected } from "./format.ts";
import type { Web } from "./web.ts";

/** `Mon 16 Mar 2026, 07:00` in the reader's zone; undefined for who gets none. */
export function nextDigest(web: Web, subscriber: Subscriber): string | undefined {
  const { timezone, dueAt } = subscriber;
  if (!dueAt) return undefined;
  const isQuiet = (at: Date) => quietReason(web.extras.sources ?? [], localDay(timezone, at), at) !== undefined;
  let at = dueAt;
  // No quiet time is as long as this.
  for (let tries = 0; tries < 14 && isQuiet(at); tries++) at = nextDueAt(subscriber, at);
  return expected(at, timezone);
}
