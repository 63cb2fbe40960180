// How does an answer take the same time for everybody? By never being faster than a floor that the work stays under.
import { setTimeout as wait } from "node:timers/promises";

const FLOOR_MS = 120;

/** Does the work and waits for the rest of the floor, also when the work fails. */
export async function inSameTime<Result>(work: () => Promise<Result>): Promise<Result> {
  const [result] = await Promise.allSettled([work(), wait(FLOOR_MS)]);
  if (result.status === "rejected") throw result.reason;
  return result.value;
}
