// The embedded PostgreSQL: UTF-8 whatever the locale, joined by a second command, back after kill -9.
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startEmbeddedDatabase } from "../../src/db/embedded.ts";

let dataDir = "";
const pidFile = () => path.join(dataDir, "postgres/postmaster.pid");

async function ask(url: string, question: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query({ text: question, rowMode: "array" });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "paperboy-embedded-"));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

it("speaks UTF-8, is joined by a second command, and goes on when that one stops", async () => {
  const first = await startEmbeddedDatabase({ dataDir });
  try {
    expect(await ask(first.url, "show server_encoding")).toBe("UTF8");
    await ask(first.url, "create table kept as select 'Žofia' as name");
    const second = await startEmbeddedDatabase({ dataDir });
    expect(second.url).toBe(first.url);
    await second.stop();
    expect(await ask(first.url, "select name from kept")).toBe("Žofia");
  } finally {
    await first.stop();
  }
});

it("is left running by the command that started it while another uses it; the last one stops it", async () => {
  const first = await startEmbeddedDatabase({ dataDir });
  const second = await startEmbeddedDatabase({ dataDir });
  await first.stop();
  expect(await ask(second.url, "select 'there'")).toBe("there");
  await second.stop();
  await expect
    .poll(() => ask(second.url, "select 1").catch((error: Error) => error.message), { timeout: 10_000 })
    .toMatch(/ECONNREFUSED/);
});

it("starts again after its server was killed with a stale postmaster.pid left behind", async () => {
  const first = await startEmbeddedDatabase({ dataDir });
  const left = await readFile(pidFile(), "utf8");
  process.kill(Number(left.split("\n")[0]), "SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 300));
  await writeFile(pidFile(), left);
  const second = await startEmbeddedDatabase({ dataDir });
  try {
    expect(await ask(second.url, "select name from kept")).toBe("Žofia");
  } finally {
    await second.stop();
    await first.stop();
  }
});

it.runIf(process.getuid?.() === 0)("runs for root also in a folder that only root may enter", async () => {
  const closed = await mkdtemp(path.join(tmpdir(), "paperboy-closed-"));
  await chmod(closed, 0o700);
  const server = await startEmbeddedDatabase({ dataDir: path.join(closed, "data") });
  try {
    expect(await ask(server.url, "select 'there'")).toBe("there");
  } finally {
    await server.stop();
    await rm(closed, { recursive: true, force: true });
  }
});

it("is started once and stopped once, however many begin and end at the same moment", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "paperboy-crowd-"));
  const comeAndGo = async () => {
    for (let round = 0; round < 3; round++) {
      const server = await startEmbeddedDatabase({ dataDir: folder });
      expect(await ask(server.url, "select 'there'")).toBe("there");
      await server.stop();
    }
  };
  await Promise.all([1, 2, 3, 4].map(comeAndGo));
  await expect(readFile(path.join(folder, "postgres/postmaster.pid"))).rejects.toThrow("ENOENT");
  await rm(folder, { recursive: true, force: true });
});
