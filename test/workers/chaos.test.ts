// Is anything lost or doubled when processes, the database and the mail server die at any moment? `npm run chaos` is the long run.
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { closeDatabase, connectDatabase, connectQueue, type Database, migrateDatabase } from "../../src/db/connect.ts";
import { unsubscribe } from "../../src/db/leaving.ts";
import { openQueue } from "../../src/queue/queue.ts";
import { keys, silent } from "../support/context.ts";
import { startMortalServer } from "../support/mortal-server.ts";
import { mulberry32 } from "../support/random.ts";
import type { ServiceProcess } from "../support/service-process.ts";
import { openSmtpServer, type ReceivedMessage } from "../support/smtp.ts";

const long = process.env["CHAOS"] === "long";
const size = long
  ? { readers: 10_000, kills: 24, everyMs: 4_000, messageMs: 40, limitMs: 900_000 }
  : { readers: 400, kills: 4, everyMs: 1_500, messageMs: 60, limitMs: 150_000 };
const seed = Number(process.env["SEED"] ?? 20_261_126);
const SPEED = 20;
const START = Date.parse("2026-03-05T07:00:00Z");

it(
  `${size.readers} digests arrive once each through ${size.kills} kills, with no copy but of what was in flight, and none after leaving`,
  async () => {
    const random = mulberry32(seed);
    const postgres = await startMortalServer(["-c", "jit=off"]);
    const databaseUrl = postgres.url;
    const db = connectDatabase(databaseUrl, 4);
    const since = Date.now();
    const clock = { start: START, since, speed: SPEED };
    const now = () => new Date(START + (Date.now() - since) * SPEED);
    const leaving = new Map<string, number>();
    const dropped = new Set<string>();
    const started: { to: string; at: number }[] = [];
    const smtp = await openSmtpServer({
      async script({ stage, to }) {
        if (stage === "rcpt") started.push({ to, at: Date.now() });
        const dice = random();
        if (stage === "message") await sleep(size.messageMs);
        // Nothing is promised about a server that dies twice over the same message: two copies may have arrived.
        if (stage === "message" && dice < 0.0065 && !dropped.has(to)) {
          dropped.add(to);
          if (dice < 0.0015) await sleep(1_500);
          return "drop";
        }
        if (stage === "message" && dice < 0.02) return "451 4.3.0 not now";
        if (stage === "rcpt" && dice < 0.002) return "close: 421 4.3.2 going away";
        return undefined;
      },
    });
    const children = new Map<string, ChildProcess>();
    /** Who ended without being killed. */
    const ended: string[] = [];
    const launch = (name: string) => {
      const role = name.startsWith("worker") ? "worker" : "scheduler";
      const job: ServiceProcess = { role, databaseUrl, smtpUrl: smtp.url, secret: keys[0], clock };
      const file = path.join(import.meta.dirname, "../support/service-process.ts");
      const child = spawn(process.execPath, ["--import", "tsx", file, JSON.stringify(job)], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      child.once("exit", (code) => {
        if (code !== null) ended.push(`${name}: ${code}`);
      });
      children.set(name, child);
    };
    const inFlight: number[] = [];
    let midway = 0;
    const ledger = new Map<string, string>();
    try {
      await migrateDatabase(db);
      await (await openQueue({ postgres: connectQueue(databaseUrl) }, silent)).close(100);
      await fill(db, size.readers);
      for (const name of ["worker 1", "worker 2", "scheduler"]) launch(name);

      while (smtp.received.length === 0) await sleep(50);
      for (let kill = 0; kill < size.kills; kill++) {
        await sleep(size.everyMs * (0.5 + random()));
        await leave(db, random, leaving, now());
        const victim =
          ["worker 1", "worker 2", "database", "scheduler"][kill < 4 ? kill : Math.floor(random() * 4)] ?? "database";
        inFlight.push(await countUnnoted(db, smtp.taken));
        if (new Set(smtp.received.map(({ to }) => to)).size < 0.95 * size.readers) midway++;
        if (victim === "database") {
          await postgres.kill("notice");
          await sleep(500);
          await postgres.restart();
        } else {
          children.get(victim)?.kill("SIGKILL");
          await sleep(200);
          launch(victim);
        }
      }
      await until(db, size.limitMs);
      const { rows } = await db.execute<{ email: string; says: string }>(
        sql`select email, concat_ws(' ', digests.state, attempts, subscribers.state, answer, reason) as says
          from subscribers left join digests on subscriber_id = subscribers.id`,
      );
      for (const { email, says } of rows) ledger.set(email, says);
    } finally {
      for (const child of children.values()) child.kill("SIGKILL");
      await closeDatabase(db).catch(() => {});
      await smtp.close();
      await postgres.stop();
    }
    const { lost, copies, changed } = judge(smtp.taken, smtp.received, size.readers, leaving);
    const late = started.filter(({ to, at }) => at > (leaving.get(to) ?? Number.POSITIVE_INFINITY) + 250);
    const bound = inFlight.reduce((sum, count) => sum + count, 0);
    console.log(
      `chaos (seed ${seed}): ${size.readers} digests, ${size.kills} kills (${midway} midway) in ${Math.round((Date.now() - since) / 1000)} s; ${leaving.size} left, ${copies} copies (${bound} were in flight), ${lost.length} lost`,
    );
    expect(lost.map((email) => `${email}: ${ledger.get(email)}`)).toEqual([]);
    expect(changed).toEqual([]);
    expect(ended).toEqual([]);
    expect(late).toEqual([]);
    expect(copies).toBeLessThanOrEqual(bound);
    // Else nothing was tried.
    expect(midway).toBeGreaterThanOrEqual(size.kills / 2);
  },
  size.limitMs + 200_000,
);

/** Readers due at 07:00, one topic and eight papers for all; planning is part of the run. */
async function fill(db: Database, readers: number): Promise<void> {
  await db.execute(sql`insert into topics (slug, name, rules) values ('reasoning', 'Reasoning', 'reasoning')`);
  await db.execute(
    sql`insert into papers (canonical_id, source, title, abstract, authors, listed_on, listed_at, matched_at)
      select 'test:' || n, 'test', 'On reasoning, part ' || n || ' about ' || md5(n::text), 'We reason.', '{Ada}', '2026-03-04', '2026-03-04T09:00:00Z', now()
      from generate_series(1, 8) n`,
  );
  await db.execute(
    sql`insert into matches (paper_id, topic_id, score, terms) select papers.id, topics.id, 2, '{reasoning}' from papers, topics`,
  );
  await db.execute(
    sql`insert into subscribers (email, state, hour, timezone, confirmed_at, due_at)
      select 'r' || n || '@example.org', 'confirmed', 7, 'UTC', now(), '2026-03-05T07:00:00Z' from generate_series(1, ${readers}::int) n`,
  );
  await db.execute(
    sql`insert into subscriptions select subscribers.id, topics.id from subscribers, topics where topics.slug = 'reasoning'`,
  );
}

/** A few readers leave, as the page does it; who left, and when it was certain. */
async function leave(db: Database, random: () => number, leaving: Map<string, number>, now: Date): Promise<void> {
  for (let count = 0; count < 5; count++) {
    const nth = 1 + Math.floor(random() * size.readers);
    try {
      const { rows } = await db.execute<{ id: string }>(
        sql`select id from subscribers where email = ${`r${nth}@example.org`}`,
      );
      await unsubscribe(db, { subscriberId: Number(rows[0]?.id), via: "chaos", now });
      leaving.set(`r${nth}@example.org`, Date.now());
    } catch {
      // The database was just killed: nobody was told that they left.
    }
  }
}

/** Messages that the server has and the ledger does not know yet, and those claimed: what a kill now may double. */
async function countUnnoted(db: Database, taken: ReceivedMessage[]): Promise<number> {
  const had = new Set(taken.map(({ to }) => to));
  const { rows } = await db.execute<{ email: string }>(
    sql`select email from digests join subscribers on subscribers.id = subscriber_id where digests.state in ('sending', 'uncertain')`,
  );
  return rows.filter(({ email }) => had.has(email)).length + 4 * 2;
}

function judge(taken: ReceivedMessage[], received: ReceivedMessage[], readers: number, leaving: Map<string, number>) {
  const first = new Map<string, ReceivedMessage>();
  const changed: string[] = [];
  for (const message of taken) {
    const before = first.get(message.to);
    if (before && !before.raw.equals(message.raw)) changed.push(message.to);
    if (!before) first.set(message.to, message);
  }
  const arrived = new Set(received.map(({ to }) => to));
  // What was dropped after the final dot counts as arrived only when it came once more.
  const lost = Array.from({ length: readers }, (_, at) => `r${at + 1}@example.org`).filter(
    (to) => !arrived.has(to) && !leaving.has(to),
  );
  return { lost, changed, copies: received.length - arrived.size };
}

async function until(db: Database, limitMs: number): Promise<void> {
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(500)) {
    const { rows } = await db.execute<{ open: number; planned: number }>(
      sql`select count(*) filter (where state in ('planned', 'sending', 'retry', 'uncertain'))::int as open, count(*)::int as planned from digests`,
    );
    if (rows[0]?.open === 0 && rows[0].planned >= size.readers * 0.9) return;
  }
  const { rows } = await db.execute(
    sql`select state, count(*)::int, min(answer) as answer from digests group by state`,
  );
  throw new Error(`not done after ${limitMs / 1000} s: ${JSON.stringify(rows)}`);
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
