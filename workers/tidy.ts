// The stage tidy: rings again for rows that made no progress; deletes what retention says. Wakes match, deliver and feedback.
import type { Context } from "../src/context.ts";
import { deleteOldEditions, listOpenRanges, markUncertain } from "../src/db/digests.ts";
import { deleteOldLetters, easeProviders, listOpenLetters } from "../src/db/outbox.ts";
import { deleteOldRuns } from "../src/db/source-runs.ts";
import { stage } from "./stage.ts";

/** Longer than any one SMTP dialogue may take, so that only a dead worker's letters are found. */
const STUCK_MS = 5 * 60_000;
const RANGE = 500;
const KEEP_DAYS = 90;
const QUIET_MINUTE = 40;

export const tidy = stage({
  name: "tidy",
  run: (context, { at }) => runTidy(context, new Date(at)),
});

/** Finds and rings for everything that a crash, an emptied queue or a lost ring left behind. */
export async function runTidy({ db, queue }: Pick<Context, "db" | "queue">, now: Date): Promise<void> {
  const stuckBefore = new Date(now.getTime() - STUCK_MS);
  const minute = Math.floor(now.getTime() / 60_000);
  await markUncertain(db, now);
  await easeProviders(db, now);
  for (const range of await listOpenRanges(db, { now, size: RANGE }))
    await queue.ring("deliver", range, { id: `${range.from}-${range.to}-${minute}` });
  for (const letter of await listOpenLetters(db, now, stuckBefore))
    await queue.ring("deliver", { letter }, { id: `letter-${letter}-${minute}` });
  await queue.ring("match", {}, { id: `${minute}` });
  await queue.ring("feedback", {}, { id: `${minute}` });
  // Reads whole tables, and nobody waits for it: once an hour, far from the full hours at which readers fall due.
  if (minute % 60 !== QUIET_MINUTE) return;
  const before = new Date(now.getTime() - KEEP_DAYS * 86_400_000);
  await deleteOldEditions(db, before);
  await deleteOldLetters(db, before);
  await deleteOldRuns(db, before);
}
