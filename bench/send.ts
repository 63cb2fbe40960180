// How many digests a second, from planned rows to rows marked as sent? Paperboy beside two ordinary ways and smtp-source.
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import type { Digest } from "../src/core/digest.ts";
import { closeDatabase, connectDatabase, migrateDatabase } from "../src/db/connect.ts";
import { findDigest } from "../src/db/digests.ts";
import { startEmbeddedDatabase } from "../src/db/embedded.ts";
import { freePort } from "../src/free-port.ts";
import { openComposer } from "../src/mail/compose.ts";
import { openLint } from "../src/mail/lint.ts";
import type { Job, Sent } from "./contender.ts";
import { median } from "./numbers.ts";
import { fillOutbox } from "./sending-data.ts";

const run_ = promisify(execFile);
const ROUNDS = 5;
const CONNECTIONS = 10;
/** Rounds of about twenty seconds each; the naive way is shorter, for its rate does not change. */
const PER_ROUND = { naive: 300, decent: 1_500, "paperboy rsa": 20_000, "paperboy ed25519": 20_000 };
const LONG = 100_000;
type Way = keyof typeof PER_ROUND;

/** Alternates the ways for five rounds and prints medians; then 100,000 digests in one go, for memory. */
export async function run(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "paperboy-bench-"));
  const server = await startEmbeddedDatabase({ dataDir: folder });
  const keyFile = await writeKeys(folder);
  const sink = await startSink();
  try {
    const needed = ROUNDS * Object.values(PER_ROUND).reduce((sum, count) => sum + count, 0) + LONG;
    await prepare(server.url, needed);
    console.log(`sink: ${sink.name}; ${CONNECTIONS} connections; RSA-2048; ten papers a digest`);
    const messages = await lookAtMessages(server.url, keyFile);
    const results = new Map<string, (Sent & { rate: number })[]>();
    let next = 1;
    for (let round = 0; round < ROUNDS; round++) {
      for (const [way, count] of Object.entries(PER_ROUND) as [Way, number][]) {
        const job = {
          way: way.replace(" ", "-"),
          databaseUrl: server.url,
          smtpUrl: sink.url,
          connections: CONNECTIONS,
          keyFile,
        };
        const sent = await contend({ ...job, from: next, to: next + count - 1 });
        next += count;
        results.set(way, [...(results.get(way) ?? []), { ...sent, rate: count / sent.seconds }]);
      }
      const rate = await smtpSource(sink.url, messages.size);
      if (rate)
        results.set("smtp-source", [...(results.get("smtp-source") ?? []), { rate, seconds: 0, cpuMs: 0, peakMb: 0 }]);
    }
    print(results);
    console.log(
      `messages of ${messages.size} bytes; the last look costs ${messages.lintUs.toFixed(0)} µs of a message's CPU`,
    );
    const job = { way: "paperboy-rsa", databaseUrl: server.url, smtpUrl: sink.url, connections: CONNECTIONS, keyFile };
    const long = await contend({ ...job, from: next, to: next + LONG - 1 });
    console.log(
      `100,000 digests in one go, RSA: ${(LONG / long.seconds).toFixed(0)}/s, peak memory ${long.peakMb.toFixed(0)} MB`,
    );
    await check(server.url, next + LONG - 1);
  } finally {
    sink.process.kill();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Starts one contender in a process of its own and reads its last line. */
export async function contend(job: Job): Promise<Sent> {
  const words = ["--import", "tsx", path.join(import.meta.dirname, "run.ts"), "contender", JSON.stringify(job)];
  const { stdout } = await run_(process.execPath, words, { maxBuffer: 10_000_000 });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Sent;
}

export async function writeKeys(folder: string): Promise<string> {
  const keyFile = path.join(folder, "dkim.pem");
  const pem = { type: "pkcs8", format: "pem" } as const;
  await writeFile(keyFile, generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(pem));
  await writeFile(`${keyFile}-ed`, generateKeyPairSync("ed25519").privateKey.export(pem));
  return keyFile;
}

export async function prepare(url: string, digests: number): Promise<void> {
  const db = connectDatabase(url, 2);
  await migrateDatabase(db);
  await fillOutbox(db.$client, digests);
  await closeDatabase(db);
}

/** smtp-sink of Debian's postfix package where it is, else npm's smtp-server; in a process of its own. */
export async function startSink(): Promise<{ url: string; port: number; name: string; process: ChildProcess }> {
  const port = await freePort();
  const tool = ["/usr/sbin/smtp-sink", "/usr/bin/smtp-sink"].find(existsSync);
  const script = `const {SMTPServer}=require("smtp-server");new SMTPServer({authOptional:true,disabledCommands:["AUTH","STARTTLS"],logger:false,
    onData(s,_,d){s.resume();s.on("end",()=>d())}}).listen(${port},"127.0.0.1")`;
  const process_ = tool
    ? spawn(tool, ["-u", "nobody", `127.0.0.1:${port}`, "1000"], { stdio: "ignore" })
    : spawn(process.execPath, ["-e", script], { stdio: "ignore", cwd: path.join(import.meta.dirname, "..") });
  for (let tries = 0; tries < 100; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.unref();
      setTimeout(() => socket.destroy(), 200).unref();
    });
    if (open) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url: `smtp://127.0.0.1:${port}`, port, name: tool ? "smtp-sink (C)" : "npm smtp-server", process: process_ };
}

/** The very messages of the first digests: their mean size, which smtp-source then sends, and what the last look at one costs. */
async function lookAtMessages(databaseUrl: string, keyFile: string): Promise<{ size: number; lintUs: number }> {
  const db = connectDatabase(databaseUrl, 1);
  const baseUrl = "https://papers.example.org";
  const keys = ["a-key-of-at-least-thirty-two-characters"] as const;
  const composer = await openComposer({
    baseUrl,
    keys,
    from: "Paperboy <digest@papers.example.org>",
    replyTo: "digest@papers.example.org",
    postalAddress: undefined,
    bounceDomain: "papers.example.org",
    leaveDomain: undefined,
    dkim: { domain: "papers.example.org", selector: "paperboy", rsaKeyPem: await readFile(keyFile, "utf8") },
  });
  const lint = openLint({ baseUrl, keys, domain: "papers.example.org", signed: true });
  const digests: { digest: Digest; message: { head: string; body: string }; size: number }[] = [];
  for (let id = 1; id <= 50; id++) {
    const digest = await findDigest(db, { id });
    if (!digest) continue;
    const raw = (await composer.digest(digest)).raw.toString("latin1");
    const bodyAt = raw.indexOf("\r\n\r\n") + 4;
    digests.push({ digest, message: { head: raw.slice(0, bodyAt), body: raw.slice(bodyAt) }, size: raw.length });
  }
  await closeDatabase(db);
  const look = () => {
    for (let round = 0; round < 40; round++)
      for (const { digest, message, size } of digests) lint(message, { digest, htmlSize: size });
  };
  // A sending process has looked at thousands before.
  look();
  const cpu = process.cpuUsage();
  look();
  const { user, system } = process.cpuUsage(cpu);
  const size = Math.round(digests.reduce((sum, { size }) => sum + size, 0) / digests.length);
  return { size, lintUs: (user + system) / (40 * digests.length) };
}

async function smtpSource(url: string, size: number): Promise<number | undefined> {
  const tool = ["/usr/sbin/smtp-source", "/usr/bin/smtp-source"].find(existsSync);
  if (!tool) return undefined;
  const count = 10_000;
  const startedAt = performance.now();
  const words = [
    "-d",
    "-s",
    String(CONNECTIONS),
    "-m",
    String(count),
    "-l",
    String(size),
    "-f",
    "a@example.org",
    "-t",
    "b@example.org",
  ];
  const done = spawnSync(tool, [...words, new URL(url).host], { stdio: "ignore" });
  if (done.status !== 0) throw new Error(`smtp-source ended with ${done.status}`);
  return count / ((performance.now() - startedAt) / 1_000);
}

/** Every digest of every way is marked as sent. */
async function check(url: string, last: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query("select count(*)::int as count from digests where id <= $1 and state <> 'sent'", [
    last,
  ]);
  await client.end();
  if (rows[0].count !== 0) throw new Error(`${rows[0].count} digests were not sent`);
  console.log(`all ${last.toLocaleString("en")} digests are marked as sent`);
}

function print(results: Map<string, (Sent & { rate: number })[]>): void {
  const rateOf = (way: string) => median((results.get(way) ?? []).map(({ rate }) => rate));
  const physical = rateOf("smtp-source");
  console.log(
    "| way | digests/s (median, min–max) | CPU ms each | peak MB | × decent | × smtp-source |\n|---|---|---|---|---|---|",
  );
  for (const [way, rounds] of results) {
    const rates = rounds.map(({ rate }) => rate);
    const [low, high] = [Math.min(...rates), Math.max(...rates)];
    const own = way !== "smtp-source";
    console.log(
      `| ${way} | ${rateOf(way).toFixed(0)} (${low.toFixed(0)}–${high.toFixed(0)}) | ${own ? median(rounds.map(({ cpuMs }) => cpuMs)).toFixed(2) : "–"} | ${own ? median(rounds.map(({ peakMb }) => peakMb)).toFixed(0) : "–"} | ${(rateOf(way) / rateOf("decent")).toFixed(1)} | ${physical ? (rateOf(way) / physical).toFixed(2) : "–"} |`,
    );
  }
}
