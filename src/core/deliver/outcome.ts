// What becomes of a digest after the server's answer, and how does its mailbox provider fare?
import type { Meaning } from "../answers.ts";

export type Outcome = {
  digest: { state: "sent" | "uncertain" | "retry" | "failed" | "cancelled"; nextAttemptAt?: Date; lost?: boolean };
  provider?: { pausedUntil: Date | null; stopped: boolean };
};

const MINUTE_MS = 60_000;
const BACK_OFF_MINUTES = [1, 5, 15, 30, 60, 120];
const RATE_REST_MINUTES = 10;

/**
 * Decides by the table "what an answer means": `attempts` counts this one. A digest whose connection was lost goes once more, not
 * twice (`lostBefore`); one whose worker died may never have been handed over, so that a lost connection is its first.
 */
export function decideOutcome(
  meaning: Meaning,
  digest: { attempts: number; uncertainBefore: boolean; lostBefore: boolean },
  now: Date,
): Outcome {
  const after = (minutes: number) => new Date(now.getTime() + minutes * MINUTE_MS);
  const later = after(BACK_OFF_MINUTES[Math.min(digest.attempts, BACK_OFF_MINUTES.length) - 1] ?? 1);
  switch (meaning) {
    case "sent":
      return { digest: { state: "sent" } };
    case "unwanted":
      return { digest: { state: "cancelled" } };
    case "uncertain":
      if (digest.lostBefore) return { digest: { state: "sent" } };
      return { digest: { state: "uncertain", nextAttemptAt: after(1), lost: true } };
    case "unreachable":
    case "retry":
    case "full-now":
      // What may have arrived already stays marked so: one more copy at most is accepted.
      if (digest.uncertainBefore) return { digest: { state: "uncertain", nextAttemptAt: later } };
      return { digest: { state: "retry", nextAttemptAt: later } };
    case "rate":
      return {
        digest: { state: digest.uncertainBefore ? "uncertain" : "retry", nextAttemptAt: after(RATE_REST_MINUTES) },
        provider: { pausedUntil: after(RATE_REST_MINUTES), stopped: false },
      };
    case "policy":
      return {
        digest: { state: digest.uncertainBefore ? "uncertain" : "retry", nextAttemptAt: later },
        provider: { pausedUntil: null, stopped: true },
      };
    case "full":
    case "hard":
    case "failed":
      return { digest: { state: "failed" } };
  }
}
