// The same promises on both engines: every ring is answered, an id folds repeats, a failed job comes again, close drains.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openQueue, type Queue, type Workers } from "../../src/queue/queue.ts";
import { useDatabase } from "../support/database.ts";
import { hasRedis, startRedis } from "../support/redis.ts";

const database = useDatabase();
const log = { info: () => {}, warn: () => {} };
const idle: Workers = {
  ingest: async () => {},
  match: async () => {},
  plan: async () => {},
  deliver: async () => {},
  feedback: async () => {},
  tidy: async () => {},
};

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
    let queue: Queue;
    const answered: string[] = [];
    let failures = 0;

    beforeAll(async () => {
      redis = engine === "redis" ? await startRedis() : undefined;
      queue = await openQueue({ redisUrl: redis?.url, databaseUrl: database.url }, log);
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

    it("counts its jobs and answers a ping", async () => {
      await queue.ping();
      expect(Object.keys(await queue.counts()).sort()).toEqual(["deliver", "pipeline"]);
    });
  },
);
