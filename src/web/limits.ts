// Who asks too often? Limits per network, address and domain, kept in PostgreSQL so that they hold across machines.
import { createHmac } from "node:crypto";
import type { Request } from "express";
import ipaddr from "ipaddr.js";
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import type { Config } from "../config.ts";
import type { Context } from "../context.ts";

const HOUR = 3_600;
/** Points and seconds of each limit. Sign-ups of one network are enough for a seminar room behind one address. */
const rules = {
  "subscribe-network": { points: 60, duration: HOUR },
  "subscribe-address": { points: 10, duration: HOUR },
  "subscribe-domain": { points: 600, duration: HOUR },
  "links-network": { points: 60, duration: HOUR },
  backtest: { points: 120, duration: HOUR },
  login: { points: 10, duration: 900 },
} as const;
/** Reading that costs us work, for each process on its own: a GET writes nothing, not even a count. */
const reading = { points: 1_200, duration: 60 };
/** A search looks at hundreds of papers. */
const searching = { points: 120, duration: 60 };
type LimitName = keyof typeof rules;

export type Limits = {
  /** Counts one call; the answer is the seconds to wait, or undefined where all is well. Keys are kept as HMACs. */
  hit: (name: LimitName, key: string) => Promise<number | undefined>;
  /** The same for an API read of one network, counted in memory. */
  read: (network: string) => Promise<number | undefined>;
  /** The same for a search. */
  search: (network: string) => Promise<number | undefined>;
};

export function openLimits({ db, keys }: Context): Limits {
  const limiters = new Map(
    Object.entries(rules).map(([name, { points, duration }]) => [
      name,
      new RateLimiterPostgres({
        storeClient: db.$client,
        storeType: "pool",
        tableName: "rate_limits",
        tableCreated: true,
        // Expired rows are deleted every five minutes, by a timer that keeps no process alive.
        clearExpiredByTimeout: true,
        keyPrefix: name,
        points,
        duration,
      }),
    ]),
  );
  const hidden = (key: string) => createHmac("sha256", keys[0]).update(`limit\n${key}`).digest("base64url");
  const inMemory = new RateLimiterMemory(reading);
  const searches = new RateLimiterMemory(searching);
  const ask = async (limiter: RateLimiterMemory | RateLimiterPostgres | undefined, key: string) => {
    try {
      await limiter?.consume(key);
      return undefined;
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
      throw refusal;
    }
  };
  return {
    hit: (name, key) => ask(limiters.get(name), hidden(key)),
    read: (network) => ask(inMemory, network),
    search: (network) => ask(searches, network),
  };
}

/** The network of a request: an IPv4 address, or the first 64 bits of an IPv6 address, which one household has. */
export function networkOf(request: Request): string {
  const text = request.ip ?? "";
  if (!ipaddr.isValid(text)) return "unknown";
  const address = ipaddr.process(text);
  if (address.kind() === "ipv4") return address.toString();
  return address.toByteArray().slice(0, 8).join(".");
}

/** Whether the request comes from this machine or a private network, through no proxy that is not counted. */
export function isNear(request: Request, { TRUST_PROXY }: Config): boolean {
  if (TRUST_PROXY === 0 && (request.get("x-forwarded-for") ?? request.get("forwarded")) !== undefined) return false;
  const text = request.ip ?? "";
  if (!ipaddr.isValid(text)) return false;
  return ["loopback", "private", "uniqueLocal", "linkLocal"].includes(ipaddr.process(text).range());
}

/** Whether the request names this service: an attacker's page may have its own name lead to this machine (DNS rebinding). */
export function isOurName(request: Request, { BASE_URL }: Config): boolean {
  const host = (request.get("host") ?? "").toLowerCase().replace(/:\d{1,5}$/, "");
  return [new URL(BASE_URL).hostname, "localhost"].includes(host) || ipaddr.isValid(host.replace(/^\[|\]$/g, ""));
}
