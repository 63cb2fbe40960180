// Which addresses are never written to again? By HMAC, so that the list outlives erasure and import and names nobody.
import { eq, inArray } from "drizzle-orm";
import type { SuppressionReason } from "../core/readers/subscriber-state.ts";
import { addressHmac, type TokenKeys } from "../core/tokens.ts";
import type { Queryable } from "./connect.ts";
import { recordEvent } from "./events.ts";
import { subscribers, suppressions } from "./schema.ts";
import { cancelQueuedDigests, lockSubscriberByEmail } from "./subscriber-rows.ts";

/** Whether this normalised address is suppressed, under any key that is still accepted. */
export async function isSuppressed(db: Queryable, keys: TokenKeys, email: string): Promise<boolean> {
  const hmacs = keys.map((key) => addressHmac(key, email));
  const rows = await db
    .select({ reason: suppressions.reason })
    .from(suppressions)
    .where(inArray(suppressions.emailHmac, hmacs))
    .limit(1);
  return rows.length > 0;
}

/**
 * Never writes to this normalised address again: notes its HMAC, stops what is queued and, where there is a subscriber, sets
 * the state. The first reason stands. True when it was not suppressed before.
 */
export async function suppress(
  db: Queryable,
  keys: TokenKeys,
  { email, reason, via, now }: { email: string; reason: SuppressionReason; via: string; now: Date },
): Promise<boolean> {
  return db.transaction(async (transaction) => {
    const subscriber = await lockSubscriberByEmail(transaction, email);
    const known = await isSuppressed(transaction, keys, email);
    if (!known)
      await transaction
        .insert(suppressions)
        .values({ emailHmac: addressHmac(keys[0], email), reason, createdAt: now })
        .onConflictDoNothing();
    if (subscriber && subscriber.state !== "suppressed") {
      await transaction
        .update(subscribers)
        .set({ state: "suppressed", suppressedReason: reason, dueAt: null, pausedUntil: null })
        .where(eq(subscribers.id, subscriber.id));
      await cancelQueuedDigests(transaction, subscriber.id);
    }
    if (!known) await recordEvent(transaction, subscriber?.id ?? null, "suppressed", now, { reason, via });
    return !known;
  });
}
