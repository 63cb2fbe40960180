// The stage feedback: what came back for a reader? Takes a verified return path's verdict and changes the reader's state.
import type { Context } from "../src/context.ts";
import { findSubscriber } from "../src/db/subscriber-rows.ts";
import { suppress } from "../src/db/suppressions.ts";
import { stage } from "./stage.ts";

export const feedback = stage({
  name: "feedback",
  says: "reads a verdict on one reader's address (hard bounce or complaint); writes their state and the suppression",
  run: (context, { subscriber, verdict }) => runFeedback(context, subscriber, verdict),
});

/** Suppresses the reader for a hard bounce or a complaint; repeatable. */
export async function runFeedback(
  { db, keys, now }: Pick<Context, "db" | "keys" | "now">,
  subscriberId: number,
  reason: "hard" | "complaint",
): Promise<void> {
  const subscriber = await findSubscriber(db, subscriberId);
  if (subscriber) await suppress(db, keys, { email: subscriber.email, reason, via: "feedback", now: now() });
}
