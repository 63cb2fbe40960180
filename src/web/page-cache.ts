// Was this public page made a moment ago? Pages that are the same for everybody are made once a second at most.
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Request, Response } from "express";

const gzipAsync = promisify(gzip);
const FRESH_MS = 1_000;
const MOST_ENTRIES = 300;

/** A body with its type; `modifiedAt` where there is a natural last change. */
type PublicBody = { status?: number; type: string; body: string; modifiedAt?: Date | undefined };
type Entry = {
  madeAt: number;
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
  const entries = new Map<string, Promise<Entry | undefined>>();
  const made = new Map<string, number>();

  const build = async (make: () => Promise<PublicBody | undefined>): Promise<Entry | undefined> => {
    const result = await make();
    if (!result) return undefined;
    const plain = Buffer.from(result.body, "utf8");
    const etag = `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`;
    return {
      madeAt: clock(),
      status: result.status ?? 200,
      plain,
      zipped: await gzipAsync(plain, { level: 6 }),
      etag,
      modifiedAt: result.modifiedAt,
      headers: {
        "Content-Type": result.type,
        "Cache-Control": "public, max-age=0, must-revalidate",
        Vary: "Accept-Encoding",
        ETag: etag,
        ...(result.modifiedAt ? { "Last-Modified": result.modifiedAt.toUTCString() } : {}),
      },
    };
  };

  return {
    async send(request, response, make) {
      const key = request.originalUrl;
      const age = clock() - (made.get(key) ?? Number.NEGATIVE_INFINITY);
      let entry = age < FRESH_MS ? entries.get(key) : undefined;
      if (!entry) {
        entry = build(make);
        entries.delete(key);
        entries.set(key, entry);
        made.set(key, clock());
        entry.catch(() => entries.delete(key));
        const oldest = entries.size > MOST_ENTRIES ? entries.keys().next().value : undefined;
        if (oldest !== undefined) {
          entries.delete(oldest);
          made.delete(oldest);
        }
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
