// The same promises on both engines: every ring is answered, an id folds repeats, a failed job comes again, close drains.
import { spawn } from "node:child_process";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectQueue } from "../../src/db/connect.ts";
import { openQueue, type Queue } from "../../src/queue/queue.ts";
import { useDatabase } from "../support/database.ts";
import { idle } from "../support/idle.ts";
import { hasRedis, startRedis } from "../support/redis.ts";

/** A queue of its own for each: another database, or another of Redis' numbers. */
const places = { shared: useDatabase(), closing: useDatabase(), killed: useDatabase(), fresh: useDatabase() };
const log = { info: () => {}, warn: () => {} };

async function until(done: () => boolean): Promise<void> {
  for (let waited = 0; !done(); waited += 20) {
    if (waited > 15_000) throw new Error("waited 15 seconds in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const engines = ["postgresql", "redis"] as const;
if (!hasRedis) console.warn("redis-server is not installed: the queue is tried on PostgreSQL only");

describe.each(engines.filter((engine) => engine === "postgresql" || hasRedis || process.env["CI"]))(
  "the queue on %s",
  (engine) => {
    let redis: Awaited<ReturnType<typeof startRedis>> | undefined;
    const urlOf = (place: keyof typeof places) =>
      redis ? `${redis.url}/${Object.keys(places).indexOf(place)}` : places[place].url;
    const open = (place: keyof typeof places) =>
      openQueue(redis ? { redisUrl: urlOf(place) } : { postgres: connectQueue(urlOf(place)) }, log);
    let queue: Queue;
    const answered: string[] = [];
    let failures = 0;

    beforeAll(async () => {
      redis = engine === "redis" ? await startRedis() : undefined;
      queue = await open("shared");
      await queue.work(
        {
          ...idle,
          ingest: async ({ source }) => {
            answered.push(source);
          },
          plan: async ({ at }) => {
            if (failures++ === 0) throw new Error("once");
            answered.push(at);
          },
          deliver: async (data) => {
            answered.push("letter" in data ? `letter ${data.letter}` : `${data.from}-${data.to}`);
          },
        },
        2,
      );
    });
    afterAll(async () => {
      await queue.close();
      await redis?.stop();
    });

    it("answers every ring, in both lanes", async () => {
      for (let number = 0; number < 20; number++) await queue.ring("ingest", { source: `s${number}` });
      await queue.ring("deliver", { from: 1, to: 9 });
      await queue.ring("deliver", { letter: 4 });
      await until(() => answered.length === 22);
      expect(new Set(answered)).toContain("letter 4");
      expect(answered.filter((name) => name.startsWith("s")).sort()).toHaveLength(20);
    });

    it("folds rings with the same id, also after the first was answered", async () => {
      const before = answered.length;
      await queue.ring("ingest", { source: "tick" }, { id: "t1" });
      await until(() => answered.length === before + 1);
      await queue.ring("ingest", { source: "tick" }, { id: "t1" });
      await queue.ring("ingest", { source: "after" }, { id: "t2" });
      await until(() => answered.includes("after"));
      expect(answered.filter((name) => name === "tick")).toHaveLength(1);
    });

    it("tries a failed job again", async () => {
      await queue.ring("plan", { at: "2026-03-02T07:00:00.000Z" });
      await until(() => answered.includes("2026-03-02T07:00:00.000Z"));
      expect(failures).toBe(2);
    });

    it("answers a delayed ring not before its time", async () => {
      const rungAt = Date.now();
      await queue.ring("ingest", { source: "later" }, { delayMs: 1_000 });
      await until(() => answered.includes("later"));
      expect(Date.now() - rungAt).toBeGreaterThanOrEqual(1_000);
    });

    it("lets a running job finish when it closes, tells it so, and takes no other", async () => {
      const done: string[] = [];
      const closing = await open("closing");
      await closing.work(
        {
          ...idle,
          ingest: async ({ source }, signal) => {
            done.push(`${source} began`);
            await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
            await new Promise((resolve) => setTimeout(resolve, 300));
            done.push(`${source} ended`);
          },
        },
        1,
      );
      await closing.ring("ingest", { source: "first" });
      await until(() => done.length === 1);
      await closing.ring("ingest", { source: "second" });
      await closing.close();
      expect(done).toEqual(["first began", "first ended"]);
    });

    it("gives the job of a killed worker to another within seconds", { timeout: 60_000 }, async () => {
      const doomed = spawn(
        process.execPath,
        ["--import", "tsx", path.join(import.meta.dirname, "../support/doomed-worker.ts"), engine, urlOf("killed")],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      let said = "";
      doomed.stdout.on("data", (chunk) => {
        said += chunk;
      });
      await until(() => said.includes("ready"));
      const other = await open("killed");
      try {
        await other.ring("match", {}, { id: "once" });
        await until(() => said.includes("took it"));
        const ended = new Promise((resolve) => doomed.once("exit", resolve));
        doomed.kill("SIGKILL");
        await ended;
        const killedAt = Date.now();
        let again = 0;
        await other.work({ ...idle, match: async () => void again++ }, 1);
        await until(() => again > 0);
        expect(Date.now() - killedAt).toBeLessThan(15_000);
      } finally {
        doomed.kill("SIGKILL");
        await other.close(1_000);
      }
    });

    it("may be opened by many processes at once on an engine that never saw it", async () => {
      const opened = await Promise.all([1, 2, 3].map(() => open("fresh")));
      const heard: string[] = [];
      await opened[0]?.work({ ...idle, ingest: async ({ source }) => void heard.push(source) }, 1);
      await opened[2]?.ring("ingest", { source: "hello" });
      await until(() => heard.length === 1);
      await Promise.all(opened.map((queue) => queue.close(1_000)));
    });

    it("counts its jobs and answers a ping", async () => {
      await queue.ping();
      expect(Object.keys(await queue.counts()).sort()).toEqual(["deliver", "pipeline"]);
    });
  },
);
