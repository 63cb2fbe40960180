// How fast do papers come in? A day of 50, a back-fill of 580 days, and 100,000 records of OAI-PMH in flat memory.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { loadavg, tmpdir } from "node:os";
import path from "node:path";
import { sql } from "drizzle-orm";
import pino from "pino";
import { showProgress } from "../src/commands/progress.ts";
import { readConfig } from "../src/config.ts";
import type { Context } from "../src/context.ts";
import { addDays } from "../src/core/calendar.ts";
import { readTopicsFile } from "../src/core/match/topics-file.ts";
import { closeDatabase, connectDatabase, migrateDatabase } from "../src/db/connect.ts";
import { startEmbeddedDatabase } from "../src/db/embedded.ts";
import { applyTopics } from "../src/db/topics.ts";
import { type Http, openHttp } from "../src/sources/http.ts";
import { runIngest } from "../workers/ingest.ts";
import { runMatch } from "../workers/match.ts";

const RECORDED = path.join(import.meta.dirname, "../../shared/data/huggingface/daily");
const DAY = "2026-05-12";
const REPEATS = 25;
const DAYS = 580;
const PAPERS = 9_600;
const RECORDS = 100_000;
/** arXiv answers about a thousand records at a time. */
const PAGE = 1_000;
const now = new Date("2026-06-05T12:00:00Z");

type Entry = { paper: Record<string, unknown> & { id: string; title: string; summary: string } };
type Bench = { context: Context; http: Http; answer: (answer: (url: URL) => string | undefined) => void };

const parts = { day: oneDay, days: backFill, records };

/** Runs the parts named, else all, each in a process and a database of its own; throws where papers are missing or a goal is not met. */
export async function run(words: string[]): Promise<void> {
  const wanted = words.length > 0 ? words : Object.keys(parts);
  const [only] = wanted;
  if (wanted.length === 1 && only) return await measure(only);
  for (const name of wanted)
    execFileSync(process.execPath, ["--import", "tsx", path.join(import.meta.dirname, "run.ts"), "ingest", name], {
      stdio: "inherit",
    });
}

async function measure(name: string): Promise<void> {
  const part = Object.entries(parts).find(([known]) => known === name)?.[1];
  if (!part) throw new Error(`there is no part ${name}; there are ${Object.keys(parts).join(", ")}`);
  console.log(`  (other work on the machine: load ${loadavg()[0]?.toFixed(1)})`);
  const dataDir = await mkdtemp(path.join(tmpdir(), "paperboy-bench-"));
  const server = await startEmbeddedDatabase({ dataDir });
  const db = connectDatabase(server.url);
  let answer: (url: URL) => string | undefined = () => undefined;
  const web = createServer((request, response) => {
    const body = answer(new URL(request.url ?? "/", "http://localhost"));
    response.writeHead(body === undefined ? 400 : 200, { "content-type": "application/json" }).end(body ?? "no list");
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  // The pauses that politeness asks for are not measured: they pass at once.
  let waitedMs = 0;
  const http = openHttp({
    now: () => new Date(Date.now() + waitedMs),
    sleep: async (ms) => {
      waitedMs += ms;
    },
  });
  try {
    await migrateDatabase(db);
    const file = readTopicsFile(await readFile(path.join(import.meta.dirname, "../topics.yaml"), "utf8"));
    if (file.kind === "error") throw new Error(file.problems.join("\n"));
    await applyTopics(db, file.topics, now);
    const config = readConfig({ HUGGINGFACE_URL: url, ARXIV_OAI_URL: `${url}/oai`, ARXIV_CATEGORIES: "cs.LG" });
    const queue = {
      ring: async () => {},
      work: async () => {},
      counts: async () => ({}),
      ping: async () => {},
      close: async () => {},
    };
    const log = pino({ level: "silent" });
    const bench: Bench = {
      context: { config, keys: ["bench"], db, queue, log, now: () => now },
      http,
      answer: (given) => {
        answer = given;
      },
    };
    // The records come from few texts, so that what the bench itself holds is small.
    const missed = await part(bench, readEntries(part === records ? 300 : PAPERS));
    if (missed) throw new Error(`missed: ${missed}`);
  } finally {
    web.closeAllConnections();
    web.close();
    await http.close();
    await closeDatabase(db);
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function oneDay({ context, http, answer }: Bench, entries: Entry[]): Promise<string | undefined> {
  const day = listOf(entries.slice(0, 50), 0, DAY);
  answer((url) => (url.searchParams.get("p") ? "[]" : JSON.stringify(day)));
  const times: number[] = [];
  let matches = 0;
  for (let round = 0; round < REPEATS; round++) {
    await context.db.execute(sql`truncate papers, source_runs cascade`);
    const start = performance.now();
    const told = await runIngest(context, { source: "huggingface", from: DAY, to: DAY, http });
    matches = (await runMatch(context)).matches;
    times.push(performance.now() - start);
    if (told.new !== 50) throw new Error(`${told.new} of 50 papers came in: ${told.error ?? told.refused[0]}`);
  }
  const [first = 0, ...warm] = times;
  const middle = warm.toSorted((a, b) => a - b)[warm.length >> 1] ?? 0;
  console.log(`  a day of 50 papers, ingested and matched to 24 topics (${matches} matches), embedded database`);
  console.log(
    `    first ${first.toFixed(0)} ms, then ${middle.toFixed(0)} ms (${Math.min(...warm).toFixed(0)}–${Math.max(...warm).toFixed(0)}, n=${warm.length}); goal 300 ms`,
  );
  return middle < 300 ? undefined : "a day of 50 papers in 300 ms";
}

async function backFill({ context, http, answer }: Bench, entries: Entry[]): Promise<string | undefined> {
  await context.db.execute(sql`truncate papers, source_runs cascade`);
  const days = weekdaysUntil("2026-06-04", DAYS);
  const lists = new Map<string, Entry[]>();
  let papers = 0;
  for (const [index, day] of days.entries()) {
    const size = Math.round(((index + 1) * PAPERS) / DAYS) - papers;
    lists.set(
      day,
      listOf(
        Array.from({ length: size }, (_, n) => entries[(papers + n) % entries.length] as Entry),
        papers,
        day,
      ),
    );
    papers += size;
  }
  let asked = 0;
  answer((url) => {
    asked++;
    const list = lists.get(url.searchParams.get("date") ?? "");
    return list && JSON.stringify(list);
  });
  const progress = showProgress("papers of");
  const start = performance.now();
  const told = await runIngest(context, {
    source: "huggingface",
    from: days[0] ?? "",
    to: days.at(-1) ?? "",
    http,
    onProgress: progress.show,
  });
  progress.end();
  const stored = performance.now() - start;
  const { matches } = await runMatch(context);
  const seconds = (performance.now() - start) / 1_000;
  if (told.new !== papers) throw new Error(`${told.new} of ${papers} papers came in: ${told.error ?? told.refused[0]}`);
  console.log(`  ${DAYS} days, ${papers} papers, ${asked} requests, back-filled with progress`);
  console.log(
    `    ${seconds.toFixed(1)} s = ${(stored / 1_000).toFixed(1)} s ingest + ${(seconds - stored / 1_000).toFixed(1)} s match (${matches} matches); goal 120 s, the network's own time comes on top`,
  );
  return seconds < 120 ? undefined : `${DAYS} days in 120 s`;
}

async function records({ context, http, answer }: Bench, entries: Entry[]): Promise<string | undefined> {
  await context.db.execute(sql`truncate papers, source_runs cascade`);
  answer((url) => {
    const from = Number(url.searchParams.get("resumptionToken") ?? 0);
    const next = from + PAGE < RECORDS ? String(from + PAGE) : "";
    const page = Array.from({ length: PAGE }, (_, n) =>
      writeRecord(from + n, entries[(from + n) % entries.length] as Entry),
    );
    return `<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>${page.join("")}<resumptionToken completeListSize="${RECORDS}">${next}</resumptionToken></ListRecords></OAI-PMH>`;
  });
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  const progress = showProgress("records of");
  const start = performance.now();
  const told = await runIngest(context, {
    source: "arxiv",
    from: "2026-05",
    to: "2026-05",
    http,
    onProgress: progress.show,
  });
  progress.end();
  const seconds = (performance.now() - start) / 1_000;
  clearInterval(watch);
  if (told.new !== RECORDS)
    throw new Error(`${told.new} of ${RECORDS} records came in: ${told.error ?? told.refused[0]}`);
  const megabytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(0);
  console.log(`  ${RECORDS} records of OAI-PMH, ${RECORDS / PAGE} answers, streamed into the database`);
  console.log(
    `    ${seconds.toFixed(1)} s = ${(RECORDS / seconds).toFixed(0)} a second; memory ${megabytes(before)} MB before, ${megabytes(most)} MB at most; goal 300 MB`,
  );
  return most < 300 * 1024 * 1024 ? undefined : `${RECORDS} records in 300 MB`;
}

/** Entries under ids and a day of their own. */
function listOf(entries: Entry[], first: number, day: string): Entry[] {
  return entries.map(({ paper, ...outer }, n) => ({
    ...outer,
    paper: { ...paper, id: idOf(first + n), submittedOnDailyAt: `${day}T0${n % 10}:00:00.000Z` },
  }));
}

function writeRecord(number: number, { paper }: Entry): string {
  const id = idOf(number);
  const text = (value: string) => value.replace(/[<&]/g, (sign) => (sign === "<" ? "&lt;" : "&amp;"));
  return `<record><header><identifier>oai:arXiv.org:${id}</identifier><datestamp>2026-05-02</datestamp></header><metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>${id}</id><created>2026-05-01</created><authors><author><keyname>Erd\\H{o}s</keyname><forenames>Paul</forenames></author><author><keyname>Lovelace</keyname><forenames>Ada</forenames></author></authors><title>${text(paper.title)} $x_{${number}}$</title><categories>cs.LG</categories><abstract>${text(paper.summary)}</abstract></arXiv></metadata></record>`;
}

const idOf = (number: number) => `${2401 + Math.floor(number / 90_000)}.${10_000 + (number % 90_000)}`;

function weekdaysUntil(last: string, count: number): string[] {
  const days: string[] = [];
  for (let day = last; days.length < count; day = addDays(day, -1))
    if (![0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay())) days.unshift(day);
  return days;
}

/** Recorded entries where they are, else made-up ones of the same length. */
function readEntries(most: number): Entry[] {
  const entries: Entry[] = [];
  for (const name of existsSync(RECORDED) ? readdirSync(RECORDED).sort().reverse() : []) {
    if (entries.length >= most) break;
    const list: unknown = JSON.parse(readFileSync(path.join(RECORDED, name), "utf8"));
    if (Array.isArray(list)) entries.push(...(list as Entry[]).filter(({ paper }) => paper?.title && paper.summary));
  }
  if (entries.length >= Math.min(most, 1_000)) return entries;
  console.log("  (recorded papers are not here: made-up texts)");
  const line = (length: number, seed: number) =>
    Array.from({ length }, (_, n) => `word${(seed * 31 + n * n * 7) % 5_000}`).join(" ");
  return Array.from({ length: 1_000 }, (_, n) => ({
    paper: { id: "x", title: line(10, n), summary: line(180, n), upvotes: n % 50 },
  }));
}
