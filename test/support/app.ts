// The web application as a test meets it: real HTTP, real database, real queue, a driven clock.
import pino from "pino";
import { afterAll, beforeAll } from "vitest";
import { type Config, readConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { links } from "../../src/core/links.ts";
import { connectQueue } from "../../src/db/connect.ts";
import { openQueue, type Queue } from "../../src/queue/queue.ts";
import { createApp, type Serving, serve } from "../../src/web/app.ts";
import type { Extras } from "../../src/web/web.ts";
import { useDatabase } from "./database.ts";

export const testKey = "a-key-of-at-least-thirty-two-characters-for-tests";

/** One application for a test file; `rings` lists what web rang for. */
export function useApp(settings: Record<string, string> = {}, extras: Extras = {}) {
  const database = useDatabase();
  const state: { context?: Context; serving?: Serving; queue?: Queue; now: Date } = {
    now: new Date("2026-03-05T09:00:00Z"),
  };
  const rings: { name: string; data: unknown }[] = [];
  const lines: string[] = [];

  beforeAll(async () => {
    const config: Config = readConfig({ LOG_LEVEL: "debug", ...settings });
    const log = pino({ level: config.LOG_LEVEL }, { write: (line: string) => lines.push(line) });
    const queue = await openQueue({ postgres: connectQueue(database.url) }, log);
    state.queue = queue;
    const listening: Queue = {
      ...queue,
      ring: async (name, data, options) => {
        rings.push({ name, data });
        await queue.ring(name, data, options);
      },
    };
    const context: Context = { config, keys: [testKey], log, db: database.db, queue: listening, now: () => state.now };
    state.context = context;
    state.serving = await serve(createApp(context, extras), { host: "127.0.0.1", port: 0 });
  });
  afterAll(async () => {
    await state.serving?.close(100);
    await state.queue?.close(100);
  });

  const needed = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("the application is ready inside tests and hooks only");
    return value;
  };
  return {
    rings,
    /** What was logged, as JSON lines. */
    lines,
    get db() {
      return database.db;
    },
    databaseUrl: database.url,
    get context() {
      return needed(state.context);
    },
    get url() {
      return needed(state.serving).url;
    },
    get now() {
      return state.now;
    },
    set now(at: Date) {
      state.now = at;
    },
    /** Paths of signed links, below the application's own URL. */
    get paths() {
      return links("", [testKey]);
    },
    get(path: string, options: RequestInit = {}): Promise<Response> {
      return fetch(needed(state.serving).url + path, { redirect: "manual", ...options });
    },
    /** Posts a form as a browser does. */
    post(path: string, fields: Record<string, string | string[]> = {}, options: RequestInit = {}): Promise<Response> {
      const body = new URLSearchParams();
      for (const [name, value] of Object.entries(fields))
        for (const one of Array.isArray(value) ? value : [value]) body.append(name, one);
      return fetch(needed(state.serving).url + path, { method: "POST", redirect: "manual", body, ...options });
    },
  };
}
export type TestApp = ReturnType<typeof useApp>;
