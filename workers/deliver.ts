// The stage deliver: claims digests or a letter, composes, sends, records what the server answered. Wakes nobody.
import type { Context } from "../src/context.ts";
import { type Answer, meaningOf } from "../src/core/answers.ts";
import { decideOutcome } from "../src/core/outcome.ts";
import { type ClaimedDigest, claimDigests, recordOutcome } from "../src/db/digests.ts";
import {
  type ClaimedLetter,
  claimLetter,
  clearSoftBounces,
  countSoftBounce,
  recordLetter,
  slowProvider,
} from "../src/db/outbox.ts";
import { suppress } from "../src/db/suppressions.ts";
import { stage } from "./stage.ts";

const CLAIM = 100;
export type DeliverResult = { sent: number; failed: number; uncertain: number; retried: number };

export const deliver = stage({
  name: "deliver",
  says: "claims digests or a letter, composes, sends, records what the server answered; wakes nobody",
  run: async (context, data, signal) => {
    if ("letter" in data) await deliverLetter(context, data.letter, context.now());
    else await runDeliver(context, { ...data, now: context.now(), signal });
  },
});

/** Sends what is open among the digests from … to …; safe to run twice and side by side, each digest has one claimant. */
export async function runDeliver(
  context: Context,
  { from, to, now, signal }: { from: number; to: number; now: Date; signal?: AbortSignal },
): Promise<DeliverResult> {
  const result: DeliverResult = { sent: 0, failed: 0, uncertain: 0, retried: 0 };
  const counted = { sent: "sent", failed: "failed", uncertain: "uncertain", retry: "retried" } as const;
  while (!signal?.aborted) {
    const claimed = await context.db.transaction((transaction) =>
      claimDigests(transaction, { from, to, limit: CLAIM, now, worker: `${process.pid}` }),
    );
    if (claimed.length === 0) break;
    await Promise.all(
      claimed.map(async (digest) => {
        const state = await deliverDigest(context, digest, now);
        result[counted[state]]++;
      }),
    );
  }
  return result;
}

async function deliverDigest(context: Context, digest: ClaimedDigest, now: Date) {
  const { db, log } = context;
  const answer = await send(context, () => mailOf(context).composer.digest(digest), { digest: digest.id });
  const meaning = meaningOf(answer);
  const outcome = decideOutcome(meaning, digest, now);
  const said = describe(answer);
  if (meaning === "hard") await suppress(db, context.keys, { email: digest.email, reason: "hard", via: "smtp", now });
  if (meaning === "full" && (await countSoftBounce(db, digest.subscriberId, now)))
    await suppress(db, context.keys, { email: digest.email, reason: "hard", via: "mailbox full for weeks", now });
  if (outcome.provider) {
    await slowProvider(db, digest.provider, { ...outcome.provider, reason: said, now });
    log.error(
      { provider: digest.provider, answer: said },
      "a mail provider refuses or slows us down; see doctor and /admin",
    );
  }
  await recordOutcome(db, { id: digest.id, ...outcome.digest, answer: said }, now);
  if (meaning === "sent") await clearSoftBounces(db, [digest.subscriberId]);
  return outcome.digest.state;
}

/** Sends one letter when it is still wanted; a retry is left to tidy. */
export async function deliverLetter(context: Context, id: number, now: Date): Promise<void> {
  const letter = await claimLetter(context.db, id, now);
  if (!letter) return;
  const answer = await send(context, () => mailOf(context).composer.letter(letter), { letter: id });
  const meaning = meaningOf(answer);
  const state =
    meaning === "sent" || meaning === "uncertain" ? "sent" : letterRetries(letter, meaning) ? "retry" : "failed";
  const nextAttemptAt = new Date(now.getTime() + 60_000 * letter.attempts);
  await recordLetter(
    context.db,
    { id, state, answer: describe(answer), ...(state === "retry" ? { nextAttemptAt } : {}) },
    now,
  );
}

const letterRetries = (letter: ClaimedLetter, meaning: string) =>
  letter.attempts < 6 && ["retry", "rate", "policy"].includes(meaning);

/** Composes and sends; a message that cannot be composed fails alone, with its reason. */
async function send(
  context: Context,
  compose: () =>
    | { envelope: { from: string; to: string }; raw: Buffer }
    | Promise<{ envelope: { from: string; to: string }; raw: Buffer }>,
  which: object,
): Promise<Answer> {
  try {
    const { envelope, raw } = await compose();
    return await mailOf(context).transport.send(envelope, raw);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.log.error({ ...which, reason }, "a message could not be made");
    return { kind: "refused", code: 500, response: `not sent: ${reason}`, stage: "compose" } as Answer;
  }
}

function mailOf({ mail }: Context): NonNullable<Context["mail"]> {
  if (!mail) throw new Error("this process was built without mail: only the worker role delivers");
  return mail;
}

function describe(answer: Answer): string {
  return "response" in answer ? answer.response : String(answer.error);
}
