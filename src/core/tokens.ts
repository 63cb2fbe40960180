// Who may follow this link, and for what? Signed tokens: purpose and subject inside, HMAC-SHA-256 outside.
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";

/** Keys as UTF-8 strings; the first signs, all verify (rotation). */
export type TokenKeys = readonly [string, ...string[]];

/** One letter a purpose, so that a token for one thing never opens another. */
const purposes = {
  confirm: "c",
  preferences: "p",
  unsubscribe: "u",
  digest: "d",
  feed: "f",
  vote: "v",
  change: "a",
  export: "x",
  erase: "e",
  bounce: "b",
  webhook: "w",
} as const;
export type TokenPurpose = keyof typeof purposes;

export type TokenAnswer =
  | { kind: "valid"; subject: string; issuedAt: Date | undefined }
  | { kind: "expired" }
  | { kind: "unknown" };

/** How long a token of a purpose lives, in milliseconds; absent means for ever (RFC 8058 links never expire). */
const lifetimesMs: Partial<Record<TokenPurpose, number>> = {
  confirm: 72 * 3_600_000,
  change: 3_600_000,
  export: 3_600_000,
  erase: 3_600_000,
};

/** 132 bits of the MAC. */
const MAC_LENGTH = 22;

/**
 * Makes a URL-safe token for `subject` (an id, or ids joined with `.`; `[A-Za-z0-9.]`). Purposes that expire need `issuedAt`.
 * The same input gives the same token.
 */
export function signToken(keys: TokenKeys, purpose: TokenPurpose, subject: string, issuedAt?: Date): string {
  const stamp =
    lifetimesMs[purpose] === undefined ? "" : `-${Math.floor(needed(issuedAt).getTime() / 1000).toString(36)}`;
  const body = `${purposes[purpose]}${subject}${stamp}`;
  return `${body}_${mac(keys[0], body)}`;
}

/** Reads a token of one purpose; anything forged, cut or meant for something else is `unknown`. */
export function verifyToken(keys: TokenKeys, purpose: TokenPurpose, token: string, now: Date): TokenAnswer {
  const match = /^([a-z])([A-Za-z0-9.]{1,64})(?:-([a-z0-9]{1,9}))?_([\w-]{22})$/.exec(token);
  if (!match || match[1] !== purposes[purpose]) return { kind: "unknown" };
  const [, , subject, stamp, given] = match as unknown as [string, string, string, string | undefined, string];
  const body = token.slice(0, -given.length - 1);
  const genuine = keys.some((key) => timingSafeEqual(Buffer.from(mac(key, body)), Buffer.from(given)));
  if (!genuine) return { kind: "unknown" };
  const lifetimeMs = lifetimesMs[purpose];
  if (lifetimeMs === undefined) return { kind: "valid", subject, issuedAt: undefined };
  const issuedAt = new Date(Number.parseInt(stamp ?? "0", 36) * 1000);
  return now.getTime() - issuedAt.getTime() > lifetimeMs ? { kind: "expired" } : { kind: "valid", subject, issuedAt };
}

/** HMAC of a normalised address for the suppression list, 43 characters; the address cannot be read back. */
export function addressHmac(key: string, email: string): string {
  return createHmac("sha256", key).update(`address\n${email}`).digest("base64url");
}

function mac(key: string, body: string): string {
  return createHmac("sha256", secretOf(key)).update(`token\n${body}`).digest("base64url").slice(0, MAC_LENGTH);
}

const secrets = new Map<string, KeyObject>();

/** A key as node:crypto wants it, made once: a digest has half a dozen tokens. */
function secretOf(key: string): KeyObject {
  const known = secrets.get(key) ?? createSecretKey(key, "utf8");
  secrets.set(key, known);
  return known;
}

function needed(issuedAt: Date | undefined): Date {
  if (issuedAt === undefined) throw new Error("a token of a purpose that expires needs the time it was issued");
  return issuedAt;
}
