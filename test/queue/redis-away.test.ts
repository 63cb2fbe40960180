// Redis may be away when a process starts and go away while it runs: nothing fails, and the bells ring again when it is back.
import { expect, it } from "vitest";
import { freePort } from "../../src/free-port.ts";
import { openQueue } from "../../src/queue/queue.ts";
import { idle } from "../support/idle.ts";
import { hasRedis, startRedis } from "../support/redis.ts";

const possible = hasRedis || process.env["CI"] ? it : it.skip;

possible("starts without Redis, goes on when it comes, and again after it was away", { timeout: 90_000 }, async () => {
  const port = await freePort();
  const said: string[] = [];
  const log = {
    info: (_detail: object, message: string) => void said.push(message),
    warn: (_detail: object, message: string) => void said.push(message),
  };
  const heard: string[] = [];
  const queue = await openQueue({ redisUrl: `redis://127.0.0.1:${port}` }, log);
  let redis: Awaited<ReturnType<typeof startRedis>> | undefined;
  const rings = async (source: string) => {
    // A ring may be lost while Redis is away; tidy rings again each minute, here each half second.
    for (let tries = 0; !heard.includes(source); tries++) {
      if (tries > 60) throw new Error(`${source} was never heard: ${said.join("; ")}`);
      await queue.ring("ingest", { source });
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  try {
    await queue.work({ ...idle, ingest: async ({ source }) => void heard.push(source) }, 1);
    const rungAt = Date.now();
    await queue.ring("ingest", { source: "nobody hears" });
    expect(Date.now() - rungAt, "a page does not wait long for a ring").toBeLessThan(4_000);
    await expect(queue.ping()).rejects.toThrow();
    redis = await startRedis(port);
    await rings("first");
    await redis.stop();
    await queue.ring("ingest", { source: "lost, perhaps" });
    redis = await startRedis(port);
    await rings("second");
    expect(said.filter((line) => line.startsWith("the queue does not answer")).length).toBeLessThanOrEqual(3);
    expect(said).toContain("the queue answers again");
  } finally {
    await redis?.stop();
    const closedAt = Date.now();
    await queue.close(1_000);
    expect(Date.now() - closedAt, "closing does not wait for an engine that is away").toBeLessThan(8_000);
  }
});
