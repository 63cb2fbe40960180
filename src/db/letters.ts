// May this transactional mail be written now? Rows for deliver, with limits so that nobody can be flooded.
import { and, eq, gt, inArray, sql } from "drizzle-orm";
import type { LetterKind } from "../core/digest.ts";
import type { Queryable } from "./connect.ts";
import { RECIPIENT_LOCKS } from "./locks.ts";
import { letters } from "./schema.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How many letters of a kind one address gets: asked for by anybody 1 and 3, by the holder of a signed link 3 and 6. */
const limits: Record<LetterKind, { hour: number; day: number }> = {
  confirm: { hour: 1, day: 3 },
  already: { hour: 1, day: 3 },
  preferences: { hour: 1, day: 3 },
  "change-address": { hour: 3, day: 6 },
  export: { hour: 3, day: 6 },
  erase: { hour: 3, day: 6 },
  "address-changed": { hour: 6, day: 12 },
};

/**
 * Writes a letter to a subscriber, or to `recipient` where that is another address, and returns its id for `deliver`;
 * undefined when the limit for that kind is reached. The caller holds the subscriber's row lock, so that limits count right.
 */
export async function writeLetter(
  transaction: Queryable,
  letter: { kind: LetterKind; subscriberId: number; recipient?: string; now: Date },
): Promise<number | undefined> {
  const { kind, subscriberId, recipient, now } = letter;
  if (recipient !== undefined)
    await transaction.execute(sql`select pg_advisory_xact_lock(${RECIPIENT_LOCKS}, hashtext(${recipient}))`);
  // A letter to another address counts for that address, whoever asked.
  const whose = recipient === undefined ? eq(letters.subscriberId, subscriberId) : eq(letters.recipient, recipient);
  const recent = await transaction
    .select({ createdAt: letters.createdAt })
    .from(letters)
    .where(and(whose, eq(letters.kind, kind), gt(letters.createdAt, new Date(now.getTime() - DAY_MS))));
  const lastHour = recent.filter(({ createdAt }) => createdAt.getTime() > now.getTime() - HOUR_MS).length;
  if (lastHour >= limits[kind].hour || recent.length >= limits[kind].day) return undefined;
  const [row] = await transaction
    .insert(letters)
    .values({ kind, subscriberId, recipient: recipient ?? null, createdAt: now })
    .returning({ id: letters.id });
  return row?.id;
}

/** A letter by its id, for the link that it carries. */
export async function findLetter(db: Queryable, id: number) {
  const [row] = await db.select().from(letters).where(eq(letters.id, id));
  return row;
}

/** Stops letters of these kinds that were not sent yet. */
export async function cancelLetters(transaction: Queryable, subscriberId: number, kinds: LetterKind[]): Promise<void> {
  await transaction
    .update(letters)
    .set({ state: "cancelled" })
    .where(
      and(
        eq(letters.subscriberId, subscriberId),
        inArray(letters.kind, kinds),
        inArray(letters.state, ["planned", "retry"]),
      ),
    );
}
