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
  return (await listSuppressed(db, keys, [email])).size > 0;
}

/** Those of these normalised addresses that are suppressed, under any key that is still accepted. */
export async function listSuppressed(db: Queryable, keys: TokenKeys, emails: string[]): Promise<Set<string>> {
  const addresses = new Map(emails.flatMap((email) => keys.map((key) => [addressHmac(key, email), email] as const)));
  const rows = await db
    .select({ hmac: suppressions.emailHmac })
    .from(suppressions)
    .where(inArray(suppressions.emailHmac, [...addresses.keys()]));
  return new Set(rows.flatMap(({ hmac }) => addresses.get(hmac) ?? []));
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
