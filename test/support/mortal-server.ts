// A PostgreSQL of a test's own that is killed at any moment and comes back on the same data, under the same address.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { startEmbeddedDatabase } from "../../src/db/embedded.ts";
import { openProxy } from "./proxy.ts";

export type MortalServer = {
  url: string;
  /** kill -9 of the postmaster; its processes notice and end with a last word, or die with it and what they had not written. */
  kill: (processes: "notice" | "die too") => Promise<void>;
  restart: () => Promise<void>;
  stop: () => Promise<void>;
};

export async function startMortalServer(flags: string[] = []): Promise<MortalServer> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "paperboy-mortal-"));
  let server = await startEmbeddedDatabase({ dataDir, flags });
  let watch = await connect(server.url);
  const proxy = await openProxy(() => new URL(server.url));
  return {
    url: Object.assign(new URL(server.url), { port: String(proxy.port) }).href,
    async kill(processes) {
      const pidFile = await readFile(path.join(dataDir, "postgres/postmaster.pid"), "utf8");
      const { rows } = await watch.query<{ pid: number }>("select pid from pg_stat_activity");
      kill(Number(pidFile.split("\n")[0]));
      if (processes === "die too") for (const { pid } of rows) kill(pid);
    },
    async restart() {
      for (let tries = 0; ; tries++) {
        try {
          server = await startEmbeddedDatabase({ dataDir, flags });
          watch = await connect(server.url);
          return;
        } catch (error) {
          if (tries === 20) throw error;
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
      }
    },
    async stop() {
      await proxy.close();
      await server.stop({ force: true });
      await watch.end().catch(() => {});
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  return client;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself just now.
  }
}
