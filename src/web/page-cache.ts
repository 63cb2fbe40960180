// Was this public page made a moment ago? Pages that are the same for everybody are made once a second at most, and nobody waits.
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Request, Response } from "express";

const gzipAsync = promisify(gzip);
const FRESH_MS = 1_000;
/** A page that old is still shown while the next one is made. */
const STALE_MS = 10_000;
const MOST_ENTRIES = 300;

/** A body with its type, HTML where none is said; `modifiedAt` where there is a natural last change. */
type PublicBody = { status?: number; type?: string; body: string; modifiedAt?: Date | undefined };
type Entry = {
  status: number;
  headers: Record<string, string>;
  plain: Buffer;
  zipped: Buffer;
  etag: string;
  modifiedAt: Date | undefined;
};
export type PageCache = {
  /** Answers from the cache or by making the body; ETag, Last-Modified, 304 and gzip are seen to here. */
  send: (request: Request, response: Response, make: () => Promise<PublicBody | undefined>) => Promise<boolean>;
};

/** `clock` counts milliseconds; only ages are taken from it. */
export function pageCache(clock: () => number = () => performance.now()): PageCache {
  type Slot = { entry: Promise<Entry | undefined>; madeAt: number; renewing: boolean };
  const slots = new Map<string, Slot>();

  const build = async (make: () => Promise<PublicBody | undefined>): Promise<Entry | undefined> => {
    const result = await make();
    if (!result) return undefined;
    const plain = Buffer.from(result.body, "utf8");
    const etag = `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`;
    return {
      status: result.status ?? 200,
      plain,
      zipped: await gzipAsync(plain, { level: 6 }),
      etag,
      modifiedAt: result.modifiedAt,
      headers: {
        "Content-Type": result.type ?? "text/html; charset=utf-8",
        "Cache-Control": "public, max-age=0, must-revalidate",
        Vary: "Accept-Encoding",
        ETag: etag,
        ...(result.modifiedAt ? { "Last-Modified": result.modifiedAt.toUTCString() } : {}),
      },
    };
  };

  const keep = (key: string, entry: Promise<Entry | undefined>): void => {
    slots.delete(key);
    slots.set(key, { entry, madeAt: clock(), renewing: false });
    entry.catch(() => slots.delete(key));
    const oldest = slots.size > MOST_ENTRIES ? slots.keys().next().value : undefined;
    if (oldest !== undefined) slots.delete(oldest);
  };

  return {
    async send(request, response, make) {
      const key = request.originalUrl;
      const slot = slots.get(key);
      const age = clock() - (slot?.madeAt ?? Number.NEGATIVE_INFINITY);
      let entry = slot?.entry;
      if (!slot || !entry || age >= STALE_MS) {
        entry = build(make);
        keep(key, entry);
      } else if (age >= FRESH_MS && !slot.renewing) {
        slot.renewing = true;
        const renewed = build(make);
        renewed.then(
          () => keep(key, renewed),
          () => slots.delete(key),
        );
      }
      const found = await entry;
      if (!found) return false;
      response.set(found.headers);
      if (isFresh(request, found)) {
        response.status(304).end();
        return true;
      }
      const zipped = /\bgzip\b/.test(request.get("accept-encoding") ?? "");
      if (zipped) response.set("Content-Encoding", "gzip");
      const body = zipped ? found.zipped : found.plain;
      response.status(found.status).set("Content-Length", String(body.length));
      response.end(request.method === "HEAD" ? undefined : body);
      return true;
    },
  };
}

/** RFC 9110 §13.1: a matching ETag wins over a date. */
function isFresh(request: Request, entry: Entry): boolean {
  if (entry.status !== 200) return false;
  const tags = request.get("if-none-match");
  if (tags !== undefined)
    return tags.split(",").some((tag) => tag.trim().replace(/^W\//, "") === entry.etag || tag.trim() === "*");
  const since = Date.parse(request.get("if-modified-since") ?? "");
  return entry.modifiedAt !== undefined && Math.floor(entry.modifiedAt.getTime() / 1000) * 1000 <= since;
}
