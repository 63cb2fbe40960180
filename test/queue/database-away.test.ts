// The queue on PostgreSQL when the server is killed: no process ends by it, and the bells ring again when it is back.
import { spawn } from "node:child_process";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectQueue } from "../../src/db/connect.ts";
import { openQueue } from "../../src/queue/queue.ts";
import { idle } from "../support/idle.ts";
import { type MortalServer, startMortalServer } from "../support/mortal-server.ts";

const log = { info: () => {}, warn: () => {} };
let server: MortalServer;
beforeAll(async () => {
  server = await startMortalServer();
});
afterAll(() => server.stop());
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it("outlives a database that is killed again and again, and works when it is back", { timeout: 120_000 }, async () => {
  const file = path.join(import.meta.dirname, "../support/queue-process.ts");
  const child = spawn(process.execPath, ["--import", "tsx", file, server.url], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      said += chunk;
    });
  const hears = async (words: string, ring: () => Promise<void> = async () => {}) => {
    for (const late = Date.now() + 20_000; !said.includes(words); await sleep(100)) {
      expect({ ended: child.exitCode, said: child.exitCode === null ? "" : said }).toEqual({ ended: null, said: "" });
      expect(Date.now(), `waited 20 seconds for: ${words}; heard: ${said.slice(-500)}`).toBeLessThan(late);
      await ring();
    }
  };
  try {
    await hears("ready");
    for (let kill = 0; kill < 5; kill++) {
      await sleep(100 + 61 * kill);
      await server.kill(kill % 2 ? "die too" : "notice");
      await sleep(200);
      await server.restart();
      const queue = await openQueue({ postgres: connectQueue(server.url) }, log);
      await hears(`the one that stays heard ${kill}`, () => queue.ring("ingest", { source: `${kill}` }));
      await queue.close(100);
    }
  } finally {
    child.kill("SIGKILL");
  }
});

it("is told of once when it goes away and once when it is back, each time", { timeout: 60_000 }, async () => {
  const said: string[] = [];
  const say = (_detail: object, message: string) => void said.push(message);
  const queue = await openQueue({ postgres: connectQueue(server.url) }, { info: say, warn: say });
  try {
    await queue.work(idle, 1);
    for (const time of [1, 2]) {
      await server.kill("notice");
      await expect.poll(() => said.length, { timeout: 10_000 }).toBe(2 * time - 1);
      await server.restart();
      await expect.poll(() => said.length, { timeout: 10_000 }).toBe(2 * time);
    }
    const [away, back] = ["the queue does not answer; trying again until it does", "the queue answers again"];
    expect(said).toEqual([away, back, away, back]);
  } finally {
    await queue.close(100);
  }
});
