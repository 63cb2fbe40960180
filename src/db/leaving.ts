// How does a reader leave, come back, or get less? Opt-out wins: what is queued stops in the same transaction.
import { and, eq, isNull } from "drizzle-orm";
import { lastingPause } from "../core/plan/pause.ts";
import type { TokenKeys } from "../core/tokens.ts";
import type { Database, Queryable } from "./connect.ts";
import { recordEvent } from "./events.ts";
import { cancelLetters } from "./letters.ts";
import { subscribers, subscriptions, topics } from "./schema.ts";
import { cancelQueuedDigests, lockSubscriber, type Subscriber } from "./subscriber-rows.ts";
import { timing } from "./subscribers.ts";
import { isSuppressed } from "./suppressions.ts";

const UNDO_DAYS = 30;

export type Left = { kind: "left" | "already" | "gone" };

/** Ends a subscription and stops what is queued; safe to repeat for ever. `via` says where the wish came from. */
export async function unsubscribe(
  db: Queryable,
  { subscriberId, via, now }: { subscriberId: number; via: string; now: Date },
): Promise<Left> {
  return db.transaction(async (transaction) => {
    const subscriber = await lockSubscriber(transaction, subscriberId);
    if (!subscriber) return { kind: "gone" };
    await cancelQueuedDigests(transaction, subscriberId);
    if (subscriber.state === "unsubscribed" || subscriber.state === "suppressed") return { kind: "already" };
    await cancelLetters(transaction, subscriberId, ["confirm", "already"]);
    await transaction
      .update(subscribers)
      .set({ state: "unsubscribed", unsubscribedAt: now, dueAt: null })
      .where(eq(subscribers.id, subscriberId));
    await recordEvent(transaction, subscriberId, "unsubscribed", now, { via, from: subscriber.state });
    return { kind: "left" };
  });
}

/** Whether somebody who left can still take it back: once confirmed, and at most 30 days ago. */
export function canUndo(subscriber: Subscriber, now: Date): boolean {
  if (subscriber.state !== "unsubscribed" || !subscriber.confirmedAt || !subscriber.unsubscribedAt) return false;
  return now.getTime() - subscriber.unsubscribedAt.getTime() <= UNDO_DAYS * 86_400_000;
}

/** What "less instead" can mean. */
export type Less =
  | { kind: "weekly" }
  | { kind: "fewer"; maxPapers: number }
  | { kind: "pause"; until: string }
  | { kind: "drop-topic"; slug: string };
export type CameBack =
  | { kind: "back"; subscriber: Subscriber }
  | { kind: "too-late" | "pending" | "gone" | "last-topic" };

/** Takes back a leave of the last 30 days; a reader who never left stays as they are. */
export async function undoUnsubscribe(
  db: Database,
  keys: TokenKeys,
  { subscriberId, now }: { subscriberId: number; now: Date },
): Promise<CameBack> {
  return comeBack(db, keys, { subscriberId, now });
}

/** Gives a reader less instead of nothing, also one who left in the last 30 days. */
export async function reduce(
  db: Database,
  keys: TokenKeys,
  { subscriberId, less, now }: { subscriberId: number; less: Less; now: Date },
): Promise<CameBack> {
  return comeBack(db, keys, { subscriberId, now, less });
}

async function comeBack(
  db: Database,
  keys: TokenKeys,
  { subscriberId, less, now }: { subscriberId: number; less?: Less; now: Date },
): Promise<CameBack> {
  return db.transaction(async (transaction) => {
    const subscriber = await lockSubscriber(transaction, subscriberId);
    if (!subscriber || subscriber.state === "suppressed") return { kind: "gone" };
    if (await isSuppressed(transaction, keys, subscriber.email)) return { kind: "gone" };
    if (subscriber.state === "pending") return { kind: "pending" };
    if (subscriber.state === "unsubscribed" && !canUndo(subscriber, now)) return { kind: "too-late" };
    if (less?.kind === "drop-topic") {
      const chosen = await transaction
        .select({ topicId: subscriptions.topicId, slug: topics.slug })
        .from(subscriptions)
        .innerJoin(topics, eq(topics.id, subscriptions.topicId))
        .where(and(eq(subscriptions.subscriberId, subscriberId), isNull(topics.retiredAt)));
      const dropped = chosen.find(({ slug }) => slug === less.slug);
      if (dropped && chosen.length === 1) return { kind: "last-topic" };
      if (dropped)
        await transaction
          .delete(subscriptions)
          .where(and(eq(subscriptions.subscriberId, subscriberId), eq(subscriptions.topicId, dropped.topicId)));
    }
    const next = {
      ...subscriber,
      ...(less?.kind === "weekly" ? { cadence: "weekly" as const } : {}),
      ...(less?.kind === "fewer" ? { maxPapers: Math.min(less.maxPapers, subscriber.maxPapers) } : {}),
    };
    const pausedUntil = less?.kind === "pause" ? less.until : lastingPause(subscriber, now);
    const [row] = await transaction
      .update(subscribers)
      .set({
        cadence: next.cadence,
        maxPapers: next.maxPapers,
        unsubscribedAt: null,
        ...timing(next, pausedUntil, now),
      })
      .where(eq(subscribers.id, subscriberId))
      .returning();
    if (less?.kind === "pause") await cancelQueuedDigests(transaction, subscriberId);
    if (subscriber.state === "unsubscribed") await recordEvent(transaction, subscriberId, "came-back", now);
    if (less) await recordEvent(transaction, subscriberId, "chose-less", now, { what: less.kind });
    // Also a pause that was not asked for on the preference page is one to the audit.
    if (pausedUntil !== null && (less?.kind === "pause" || subscriber.state === "unsubscribed"))
      await recordEvent(transaction, subscriberId, "paused", now, { until: pausedUntil });
    return row ? { kind: "back", subscriber: row } : { kind: "gone" };
  });
}
