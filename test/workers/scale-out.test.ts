// Do more machines share one edition? Two and four worker processes on one database and one Redis, nothing twice.
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { openQueue } from "../../src/queue/queue.ts";
import { keys, silent } from "../support/context.ts";
import { useDatabase } from "../support/database.ts";
import { planDigests } from "../support/outbox.ts";
import { hasRedis, startRedis } from "../support/redis.ts";
import type { ServiceProcess } from "../support/service-process.ts";
import { openSmtpServer } from "../support/smtp.ts";

const database = useDatabase();
const DIGESTS = 600;
const RANGE = 50;
const CONNECTIONS = 4;
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

it.skipIf(!hasRedis).each([2, 4])(
  "%i worker processes send one edition together, each digest once, over no more connections than allowed",
  async (workers) => {
    await database.db.execute(sql`truncate subscribers, digests, sent_papers cascade`);
    const redis = await startRedis();
    const smtp = await openSmtpServer({
      async script({ stage }) {
        if (stage === "message") await new Promise((resolve) => setTimeout(resolve, 25));
        return undefined;
      },
    });
    open.push(redis.stop, smtp.close);
    const queue = await openQueue({ redisUrl: redis.url }, silent);
    open.push(() => queue.close(100));
    const clock = { start: Date.parse("2026-03-05T07:00:00Z"), since: Date.now(), speed: 1 };
    const job: ServiceProcess = {
      role: "worker",
      databaseUrl: database.url,
      redisUrl: redis.url,
      smtpUrl: smtp.url,
      secret: keys[0],
      clock,
    };
    const file = path.join(import.meta.dirname, "../support/service-process.ts");
    const children = Array.from(
      { length: workers },
      (): ChildProcess =>
        spawn(process.execPath, ["--import", "tsx", file, JSON.stringify(job)], {
          stdio: ["ignore", "pipe", "inherit"],
        }),
    );
    for (const child of children) open.push(() => child.kill("SIGKILL"));
    await Promise.all(children.map((child) => new Promise((resolve) => child.stdout?.once("data", resolve))));

    const ids = await planDigests(
      database.db,
      Array.from({ length: DIGESTS }, (_, at) => `r${at}@example.org`),
    );
    for (let at = 0; at < ids.length; at += RANGE)
      await queue.ring("deliver", { from: ids[at] ?? 0, to: ids[Math.min(at + RANGE, ids.length) - 1] ?? 0 });
    await expect.poll(() => smtp.received.length, { timeout: 60_000 }).toBe(DIGESTS);
    await expect
      .poll(
        async () =>
          (
            await database.db.execute<{ open: number }>(
              sql`select count(*)::int as open from digests where state <> 'sent'`,
            )
          ).rows[0]?.open,
        { timeout: 10_000 },
      )
      .toBe(0);
    expect(new Set(smtp.received.map(({ to }) => to)).size).toBe(DIGESTS);
    const { rows } = await database.db.execute<{ workers: number }>(
      sql`select count(distinct split_part(claimed_by, '.', 1))::int as workers from digests`,
    );
    // How many got a turn depends on how busy the machine is; that they shared does not.
    expect(rows[0]?.workers).toBeGreaterThanOrEqual(2);
    expect(smtp.peak()).toBeLessThanOrEqual(CONNECTIONS);
  },
  120_000,
);
