// What happened to a subscriber? The audit trail; never holds an address or a token.
import { and, desc, eq, gt } from "drizzle-orm";
import type { Queryable } from "./connect.ts";
import { events } from "./schema.ts";

export type EventDetail = Record<string, string | number | boolean | null>;
export type SubscriberEvent = { id: number; subscriberId: number | null; kind: string; detail: EventDetail; at: Date };

/** Writes one line of the audit trail; `subscriberId` is null where it is about no one reader. */
export async function recordEvent(
  db: Queryable,
  subscriberId: number | null,
  kind: string,
  at: Date,
  detail: EventDetail = {},
): Promise<void> {
  await db.insert(events).values({ subscriberId, kind, detail, at });
}

/** The latest events, of one subscriber or of all. */
export async function listEvents(
  db: Queryable,
  { subscriberId, limit }: { subscriberId?: number; limit: number },
): Promise<SubscriberEvent[]> {
  return db
    .select()
    .from(events)
    .where(subscriberId === undefined ? undefined : eq(events.subscriberId, subscriberId))
    .orderBy(desc(events.at), desc(events.id))
    .limit(limit);
}

/** Whether something of a kind happened to a subscriber after a moment. */
export async function hasEventSince(
  db: Queryable,
  { subscriberId, kind, since }: { subscriberId: number; kind: string; since: Date },
): Promise<boolean> {
  const which = and(eq(events.subscriberId, subscriberId), eq(events.kind, kind), gt(events.at, since));
  return (await db.select({ id: events.id }).from(events).where(which).limit(1)).length > 0;
}
