// Was this one-time link used before? A used link is kept as a digest, so that the table opens nothing.
import { createHash } from "node:crypto";
import { eq } from "drizzle-orm";
import type { Queryable } from "./connect.ts";
import { usedTokens } from "./schema.ts";

const digestOf = (token: string) => createHash("sha256").update(token).digest("base64url");

export async function isTokenUsed(db: Queryable, token: string): Promise<boolean> {
  const rows = await db
    .select({ usedAt: usedTokens.usedAt })
    .from(usedTokens)
    .where(eq(usedTokens.token, digestOf(token)));
  return rows.length > 0;
}

/** Uses a token up; false when it was used before, also by a request at the same moment. */
export async function useToken(transaction: Queryable, token: string, now: Date): Promise<boolean> {
  const written = await transaction
    .insert(usedTokens)
    .values({ token: digestOf(token), usedAt: now })
    .onConflictDoNothing()
    .returning({ token: usedTokens.token });
  return written.length > 0;
}
