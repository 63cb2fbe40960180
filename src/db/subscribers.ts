// How does somebody become a reader? Sign-up, confirmation and choices; each act can be repeated.
import { eq } from "drizzle-orm";
import { lastingPause, pauseEndsAt } from "../core/plan/pause.ts";
import { nextDueAt } from "../core/plan/schedule.ts";
import type { Choices } from "../core/readers/choices.ts";
import type { TokenKeys } from "../core/tokens.ts";
import type { Database, Queryable } from "./connect.ts";
import { recordEvent } from "./events.ts";
import { writeLetter } from "./letters.ts";
import { subscribers } from "./schema.ts";
import {
  cancelQueuedDigests,
  countActiveTopics,
  listUnknownTopics,
  lockSubscriber,
  lockSubscriberByEmail,
  replaceChosenTopics,
  type Subscriber,
} from "./subscriber-rows.ts";
import { isSuppressed } from "./suppressions.ts";

export type SignUp = {
  /** Normalised. */
  email: string;
  provider: string;
  topics: string[];
  timezone?: string;
  now: Date;
};
/** What the stranger is told is the same for all; `letter` is the id to ring `deliver` with, where a mail goes out. */
export type SignedUp = { kind: "unknown-topic"; slugs: string[] } | { kind: "done"; letter: number | undefined };

/**
 * Asks for a subscription: new and left readers become pending and get a confirmation, pending ones get it again, readers get
 * a mail that says so, suppressed addresses get nothing. Choices of a reader never change here.
 */
export async function signUp(db: Database, keys: TokenKeys, ask: SignUp): Promise<SignedUp> {
  const { email, provider, topics, timezone, now } = ask;
  const zone = timezone === undefined ? {} : { timezone };
  return db.transaction(async (transaction) => {
    const unknown = await listUnknownTopics(transaction, topics);
    if (unknown.length > 0) return { kind: "unknown-topic", slugs: unknown };
    if (await isSuppressed(transaction, keys, email)) return { kind: "done", letter: undefined };
    const [made] = await transaction
      .insert(subscribers)
      .values({ email, provider, createdAt: now, ...zone })
      .onConflictDoNothing()
      .returning({ id: subscribers.id });
    const subscriber = await lockSubscriberByEmail(transaction, email);
    if (!subscriber || subscriber.state === "suppressed") return { kind: "done", letter: undefined };
    const { id, state } = subscriber;
    const asked = state === "pending" || state === "unsubscribed";
    if (asked && topics.length > 0) await replaceChosenTopics(transaction, id, topics);
    if (asked)
      await transaction
        .update(subscribers)
        .set({ state: "pending", confirmedAt: null, unsubscribedAt: null, dueAt: null, pausedUntil: null, ...zone })
        .where(eq(subscribers.id, id));
    if (made || state === "unsubscribed") await recordEvent(transaction, id, "signed-up", now, { again: !made });
    const letter = await writeLetter(transaction, { kind: asked ? "confirm" : "already", subscriberId: id, now });
    return { kind: "done", letter };
  });
}

/** Asks for the link to the preferences: readers get it, pending ones their confirmation again, others nothing. */
export async function askForPreferences(
  db: Database,
  keys: TokenKeys,
  { email, now }: { email: string; now: Date },
): Promise<{ letter: number | undefined }> {
  return db.transaction(async (transaction) => {
    if (await isSuppressed(transaction, keys, email)) return { letter: undefined };
    const subscriber = await lockSubscriberByEmail(transaction, email);
    if (!subscriber || subscriber.state === "suppressed" || subscriber.state === "unsubscribed")
      return { letter: undefined };
    const kind = subscriber.state === "pending" ? "confirm" : "preferences";
    return { letter: await writeLetter(transaction, { kind, subscriberId: subscriber.id, now }) };
  });
}

type Refused = { kind: "unknown-topic"; slugs: string[] } | { kind: "no-topic" } | { kind: "left" } | { kind: "gone" };
export type Confirmed = { kind: "confirmed" | "already"; subscriber: Subscriber } | Refused;

/** Confirms a pending reader with the choices made; a second time changes nothing. `wording` names what was agreed to. */
export async function confirm(
  db: Database,
  { subscriberId, choices, wording, now }: { subscriberId: number; choices: Choices; wording: string; now: Date },
): Promise<Confirmed> {
  return db.transaction(async (transaction) => {
    const subscriber = await lockSubscriber(transaction, subscriberId);
    if (!subscriber || subscriber.state === "suppressed") return { kind: "gone" };
    if (subscriber.state === "unsubscribed") return { kind: "left" };
    if (subscriber.state !== "pending") return { kind: "already", subscriber };
    const refused = await chooseTopics(transaction, subscriberId, choices.topics);
    if (refused) return refused;
    const next = { ...subscriber, ...columns(choices) };
    const [row] = await transaction
      .update(subscribers)
      .set({
        ...columns(choices),
        state: "confirmed",
        confirmedAt: now,
        unsubscribedAt: null,
        pausedUntil: null,
        consent: wording,
        dueAt: nextDueAt(next, now),
      })
      .where(eq(subscribers.id, subscriberId))
      .returning();
    await recordEvent(transaction, subscriberId, "confirmed", now, { wording, cadence: next.cadence });
    return row ? { kind: "confirmed", subscriber: row } : { kind: "gone" };
  });
}

export type Saved = { kind: "saved"; subscriber: Subscriber } | { kind: "pending" } | Refused;

/** Saves what a reader chose; what the choices leave out stays. A pause stops what is queued, its end lets digests go on. */
export async function savePreferences(
  db: Database,
  { subscriberId, choices, now }: { subscriberId: number; choices: Choices; now: Date },
): Promise<Saved> {
  return db.transaction(async (transaction) => {
    const subscriber = await lockSubscriber(transaction, subscriberId);
    if (!subscriber || subscriber.state === "suppressed") return { kind: "gone" };
    if (subscriber.state === "unsubscribed") return { kind: "left" };
    if (subscriber.state === "pending") return { kind: "pending" };
    const refused = await chooseTopics(transaction, subscriberId, choices.topics);
    if (refused) return refused;
    const next = { ...subscriber, ...columns(choices) };
    const pausedUntil = choices.pausedUntil === undefined ? subscriber.pausedUntil : choices.pausedUntil;
    const paused = lastingPause({ ...next, pausedUntil }, now) !== null;
    const [row] = await transaction
      .update(subscribers)
      .set({ ...columns(choices), ...timing(next, paused ? pausedUntil : null, now) })
      .where(eq(subscribers.id, subscriberId))
      .returning();
    if (paused) await cancelQueuedDigests(transaction, subscriberId);
    if (paused !== (subscriber.state === "paused"))
      await recordEvent(transaction, subscriberId, paused ? "paused" : "resumed", now, { until: pausedUntil });
    await recordEvent(transaction, subscriberId, "preferences-saved", now, { fields: Object.keys(choices).join(",") });
    return row ? { kind: "saved", subscriber: row } : { kind: "gone" };
  });
}

/** State, pause and next moment of a reader who is confirmed and, where `pausedUntil` is a date, pauses until then. */
export function timing(
  schedule: Pick<Subscriber, "timezone" | "hour" | "cadence">,
  pausedUntil: string | null,
  now: Date,
): Pick<Subscriber, "state" | "pausedUntil" | "dueAt"> {
  if (pausedUntil === null) return { state: "confirmed", pausedUntil: null, dueAt: nextDueAt(schedule, now) };
  const justBefore = new Date(pauseEndsAt(pausedUntil, schedule.timezone).getTime() - 1);
  return { state: "paused", pausedUntil, dueAt: nextDueAt(schedule, justBefore) };
}

async function chooseTopics(
  transaction: Queryable,
  subscriberId: number,
  slugs: string[] | undefined,
): Promise<Refused | undefined> {
  const unknown = await listUnknownTopics(transaction, slugs ?? []);
  if (unknown.length > 0) return { kind: "unknown-topic", slugs: unknown };
  const { offered, saved } = await countActiveTopics(transaction, subscriberId);
  if ((slugs?.length ?? offered) + saved === 0) return { kind: "no-topic" };
  if (slugs) await replaceChosenTopics(transaction, subscriberId, slugs);
  return undefined;
}

function columns(choices: Choices): Partial<Subscriber> {
  const { topics: _topics, pausedUntil: _pausedUntil, ...rest } = choices;
  return rest;
}
