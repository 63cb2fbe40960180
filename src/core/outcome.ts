// What becomes of a digest after the server's answer, and how does its mailbox provider fare?
import type { Meaning } from "./answers.ts";

export type Outcome = {
  digest: { state: "sent" | "uncertain" | "retry" | "failed"; nextAttemptAt?: Date };
  provider?: { pausedUntil: Date | null; stopped: boolean };
};

const MINUTE_MS = 60_000;
const BACK_OFF_MINUTES = [1, 5, 15, 30, 60, 120];

/** Decides by the table "what an answer means": `attempts` counts this one; an uncertain digest goes once more, not twice. */
export function decideOutcome(
  meaning: Meaning,
  digest: { attempts: number; uncertainBefore: boolean },
  now: Date,
): Outcome {
  const minutes = BACK_OFF_MINUTES[Math.min(digest.attempts, BACK_OFF_MINUTES.length) - 1] ?? 1;
  const later = new Date(now.getTime() + minutes * MINUTE_MS);
  switch (meaning) {
    case "sent":
      return { digest: { state: "sent" } };
    case "uncertain":
      return digest.uncertainBefore
        ? { digest: { state: "sent" } }
        : { digest: { state: "uncertain", nextAttemptAt: new Date(now.getTime() + MINUTE_MS) } };
    case "retry":
      return { digest: { state: "retry", nextAttemptAt: later } };
    case "rate":
      return {
        digest: { state: "retry", nextAttemptAt: new Date(now.getTime() + 10 * MINUTE_MS) },
        provider: { pausedUntil: new Date(now.getTime() + 10 * MINUTE_MS), stopped: false },
      };
    case "policy":
      return { digest: { state: "retry", nextAttemptAt: later }, provider: { pausedUntil: null, stopped: true } };
    case "full":
    case "hard":
    case "failed":
      return { digest: { state: "failed" } };
  }
}
