// A real redis-server on a free port for a test file; absent only outside CI, with a printed reason.
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Redis } from "ioredis";
import { freePort } from "../../src/free-port.ts";

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

export async function startRedis(port?: number): Promise<{ url: string; port: number; stop: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), "paperboy-redis-"));
  port ??= await freePort();
  const server = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""], {
    stdio: "ignore",
  });
  const url = `redis://127.0.0.1:${port}`;
  const probe = new Redis(url, { maxRetriesPerRequest: 50 });
  probe.on("error", () => {});
  await probe.ping();
  probe.disconnect();
  return {
    url,
    port,
    async stop() {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
