// How fast are the pages? Front page, topic, search and sign-up beside a bare Express handler, and the first paint on a phone.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { sql } from "drizzle-orm";
import express from "express";
import pino from "pino";
import { readConfig } from "../src/config.ts";
import type { Context } from "../src/context.ts";
import { addDays } from "../src/core/calendar.ts";
import { readTopicsFile } from "../src/core/match/topics-file.ts";
import { closeDatabase, connectDatabase, connectQueue, type Database, migrateDatabase } from "../src/db/connect.ts";
import { startEmbeddedDatabase } from "../src/db/embedded.ts";
import { storePapers } from "../src/db/papers.ts";
import { applyTopics } from "../src/db/topics.ts";
import { openQueue } from "../src/queue/queue.ts";
import { readSamples } from "../src/sources/samples.ts";
import { createApp, serve } from "../src/web/app.ts";
import { findChromium, openBrowser } from "../test/support/browser.ts";
import { runMatch } from "../workers/match.ts";
import { median } from "./numbers.ts";
import type { Load, Measured } from "./web-load.ts";

const PAPERS = 10_000;
const SUBSCRIBERS = 100_000;
const A_DAY = 50;
const ROUNDS = 3;
/** Half a minute for the front page and what stands beside it, a third of that for the others. */
const SECONDS = { front: 10, other: 4 };
const TODAY = "2026-03-13";
const WORDS = [
  "model",
  "diffusion",
  '"language model"',
  "robot OR agent",
  "retrieval -survey",
  "benchmark",
  "graph",
  "speech",
];

export async function run(): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "paperboy-bench-"));
  const embedded = await startEmbeddedDatabase({ dataDir });
  const db = connectDatabase(embedded.url);
  const log = pino({ level: "silent" });
  const queue = await openQueue({ postgres: connectQueue(embedded.url) }, log);
  const config = readConfig({ TRUST_PROXY: "1", LOG_LEVEL: "silent", BASE_URL: "http://127.0.0.1" });
  const now = () => new Date(`${TODAY}T15:00:00Z`);
  const context: Context = { config, keys: ["a-key-of-at-least-thirty-two-characters"], log, db, queue, now };
  try {
    await migrateDatabase(db);
    await fillDatabase(context);
    const serving = await serve(createApp(context), { host: "127.0.0.1", port: 0 });
    await compare(serving.url);
    await weigh(serving.url);
    await paint(serving.url);
    await serving.close(100);
  } finally {
    await queue.close(100);
    await closeDatabase(db);
    await embedded.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Invented papers, fifty a day with the samples' words; readers with three topics each. */
async function fillDatabase(context: Context): Promise<void> {
  const { db, now } = context;
  const { readFile } = await import("node:fs/promises");
  const file = readTopicsFile(await readFile(context.config.TOPICS_FILE, "utf8"));
  if (file.kind === "error") throw new Error(file.problems.join("\n"));
  await applyTopics(db, file.topics, now());
  for (let back = 0; back * A_DAY < PAPERS; back++) {
    const day = addDays(TODAY, -back);
    const samples = await readSamples(day);
    const drafts = Array.from({ length: A_DAY }, (_, at) => {
      const { canonicalId, title, ...sample } = samples[(at + back) % samples.length] ?? samples[0] ?? missing();
      return {
        ...sample,
        canonicalId: `${canonicalId}-${back}-${at}`,
        title: `${title} ${back}.${at}`,
        upvotes: (at * 37) % 200,
      };
    });
    await storePapers(db, drafts, now());
  }
  const { matches } = await runMatch(context);
  await insertReaders(db);
  console.log(`${PAPERS} papers with ${matches} matches, ${SUBSCRIBERS} subscribers`);
}

async function insertReaders(db: Database): Promise<void> {
  await db.execute(
    sql`insert into subscribers (email, provider, state, created_at, confirmed_at, due_at)
      select 'r' || n || '@host' || n % 1000 || '.example', 'host' || n % 1000 || '.example', 'confirmed', now(), now(),
        now() + interval '1 day' from generate_series(1, ${SUBSCRIBERS}::int) n`,
  );
  await db.execute(
    sql`insert into subscriptions (subscriber_id, topic_id) select subscribers.id, topics.id from subscribers, topics
      where (subscribers.id + topics.position) % 8 = 0 on conflict do nothing`,
  );
  await db.execute(sql`analyze`);
}

const missing = (): never => {
  throw new Error("there are no samples");
};

async function compare(url: string): Promise<void> {
  const length = (await (await fetch(url)).text()).length;
  const body = "x".repeat(length);
  // Without an ETag the bare handler hashes nothing: the faster of the two to stand beside.
  const bare = await serve(
    express()
      .disable("etag")
      .get("/", (_request, response) => {
        response.type("html").send(body);
      }),
    { host: "127.0.0.1", port: 0 },
  );
  const search = WORDS.map((words) => `/search?q=${encodeURIComponent(words)}`);
  const loads: [string, Omit<Load, "seconds">][] = [
    [`bare Express, ${length} bytes`, { url: bare.url, connections: 20, rate: 0, paths: ["/"] }],
    ["front page", { url, connections: 20, rate: 0, paths: ["/"] }],
    ["topic page", { url, connections: 20, rate: 0, paths: ["/topics/language-models"] }],
    ["search, 8 queries in turn", { url, connections: 20, rate: 0, paths: search }],
    ["subscribe", { url, connections: 20, rate: 0, paths: "subscribe" }],
    ["front page at 100 a second", { url, connections: 20, rate: 100, paths: ["/"] }],
    ["topic page at 100 a second", { url, connections: 20, rate: 100, paths: ["/topics/language-models"] }],
    ["search at 100 a second", { url, connections: 20, rate: 100, paths: search }],
    ["subscribe at 100 a second", { url, connections: 50, rate: 100, paths: "subscribe" }],
  ];
  const rounds = new Map<string, (Measured & { cpuMs: number })[]>(loads.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, load] of loads)
      rounds.get(name)?.push(await measure({ ...load, seconds: isFront(name) ? SECONDS.front : SECONDS.other }));
  await bare.close(100);
  console.log("\n| what | requests/s | p50 ms | p99 ms | CPU ms an answer | failed |\n|---|---|---|---|---|---|");
  for (const [name, all] of rounds) {
    const cell = (pick: (one: Measured & { cpuMs: number }) => number) => spread(all.map(pick));
    const failed = all.reduce((sum, one) => sum + one.failed, 0);
    console.log(
      `| ${name} | ${cell((m) => m.perSecond)} | ${cell((m) => m.p50)} | ${cell((m) => m.p99)} | ${cell((m) => m.cpuMs)} | ${failed} |`,
    );
  }
  const rate = (name: string) => median((rounds.get(name) ?? []).map(({ perSecond }) => perSecond));
  console.log(
    `\nThe front page reaches ${Math.round((100 * rate("front page")) / rate(loads[0]?.[0] ?? ""))} % of the bare handler.`,
  );
}

const isFront = (name: string) => /bare|front/.test(name);

/** `cpuMs`: this process's own time for each answer; unlike the rates it does not hang on what else the machine does. */
async function measure(load: Load): Promise<Measured & { cpuMs: number }> {
  const before = process.cpuUsage();
  const file = path.join(import.meta.dirname, "web-load.ts");
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", file, JSON.stringify(load)]);
  const { user, system } = process.cpuUsage(before);
  const measured = JSON.parse(stdout) as Measured;
  return { ...measured, cpuMs: (user + system) / 1_000 / Math.max(1, measured.answered) };
}

/** What a phone fetches for the front page, as it travels. */
async function weigh(url: string): Promise<void> {
  const html = await (await fetch(url)).text();
  const assets = [...html.matchAll(/(?:href|src)="(\/(?:static|favicon)[^"]*)"/g)].map(([, found]) => found ?? "");
  const sizes = await Promise.all(
    ["/", ...assets].map(async (at) => {
      // Node's fetch unpacks; the length on the wire is the header's.
      const answer = await fetch(url + at, { headers: { "accept-encoding": "gzip" } });
      const body = await answer.arrayBuffer();
      return {
        at: at.split("?")[0],
        bytes: Number(answer.headers.get("content-length") ?? body.byteLength),
        plain: body.byteLength,
      };
    }),
  );
  const sum = sizes.reduce((total, { bytes }) => total + bytes, 0);
  const each = sizes.map(({ at, bytes, plain }) => `${at} ${bytes} (${plain} unpacked)`).join(", ");
  console.log(`\nThe whole front page weighs ${sum} bytes on the wire: ${each}.`);
}

/** First contentful paint at 390 pixels on a processor four times slower than this one. */
async function paint(url: string): Promise<void> {
  const executable = findChromium();
  if (!executable) return;
  const browser = await openBrowser(executable);
  const paints: number[] = [];
  const tasks: number[] = [];
  for (let round = 0; round < 5; round++) {
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    await page.goto(url, { waitUntil: "load" });
    paints.push(await page.evaluate<number>(`performance.getEntriesByName("first-contentful-paint")[0].startTime`));
    const { metrics } = await session.send("Performance.getMetrics");
    tasks.push(1_000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN));
    await page.close();
  }
  await browser.close();
  console.log(
    `First contentful paint at 4× slower: ${spread(paints)} ms; processor time of the page until loaded: ${spread(tasks)} ms.`,
  );
}

function spread(values: number[]): string {
  const round = (value: number) => Number(value.toPrecision(3)).toLocaleString("en");
  return `${round(median(values))} (${round(Math.min(...values))}–${round(Math.max(...values))}, n=${values.length})`;
}
