// The service as an operator meets it: told to stop it drains, killed it comes back, beside others it stays up.
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { freePort } from "../src/free-port.ts";
import { type Command, runCommand, startCommand } from "./support/command.ts";

let dataDir = "";
let running: Command[] = [];
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "paperboy-service-"));
});
afterEach(async () => {
  for (const command of running) {
    command.signal("SIGTERM");
    await command.ended;
  }
  running = [];
  expect(await serverPid(), "nobody left PostgreSQL running").toBeUndefined();
  await rm(dataDir, { recursive: true, force: true });
});

async function settings(): Promise<Record<string, string>> {
  // Nobody listens where the sources are asked: the service is offline.
  const nowhere = "http://127.0.0.1:9";
  const sources = { HUGGINGFACE_URL: nowhere, ARXIV_FEED_URL: nowhere, ARXIV_API_URL: nowhere, ARXIV_OAI_URL: nowhere };
  return { DATA_DIR: dataDir, PORT: String(await freePort()), ...sources };
}

async function serverPid(): Promise<number | undefined> {
  const pidFile = await readFile(path.join(dataDir, "postgres/postmaster.pid"), "utf8").catch(() => undefined);
  const pid = Number(pidFile?.split("\n")[0]);
  try {
    if (pid) process.kill(pid, 0);
    return pid || undefined;
  } catch {
    return undefined;
  }
}

it("drains and exits 0 at Ctrl-C in a terminal, with the database up until the end", { timeout: 120_000 }, async () => {
  const service = startCommand(["start"], await settings());
  await service.says("Paperboy answers at");
  service.signal("SIGINT");
  const { code, stderr } = await service.ended;
  expect(stderr).not.toMatch(/terminating connection|administrator command|ECONN/);
  expect(code).toBe(0);
});

it("logs that it started and stopped, a JSON line each, also where it shows no pages", {
  timeout: 120_000,
}, async () => {
  const service = startCommand(["start", "--roles", "scheduler"], await settings());
  await service.says(/"roles":\["scheduler"\].*"started"/);
  service.signal("SIGTERM");
  const { code, stderr } = await service.ended;
  expect(code).toBe(0);
  expect(
    stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).msg),
  ).toEqual(["started", "stopped"]);
});

it("says that .env cannot be read instead of beginning anew without it", { timeout: 60_000 }, async () => {
  await mkdir(path.join(dataDir, ".env"));
  const { code, stderr } = await startCommand(["migrate"], await settings(), dataDir).ended;
  expect({ code, stderr }).toEqual({ code: 1, stderr: "The file .env cannot be read: it is a folder.\n" });
});

it("leaves no half-made database behind when it is stopped while it starts", { timeout: 120_000 }, async () => {
  const given = await settings();
  for (const afterMs of [600, 1_800]) {
    const service = startCommand(["start"], given);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    service.signal("SIGINT");
    expect([0, 130, null]).toContain((await service.ended).code);
  }
  const { code, stderr } = await runCommand(["topics", "list"], given);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect((await readdir(dataDir)).sort()).toEqual(["postgres", "postgres-password", "secret-key"]);
});

it("comes back after kill -9; a command joins it, and a second start says which port is taken", {
  timeout: 120_000,
}, async () => {
  const given = await settings();
  const killed = startCommand(["start"], given);
  await killed.says("Paperboy answers at");
  killed.signal("SIGKILL");
  await killed.ended;
  const again = startCommand(["start"], given);
  running.push(again);
  await again.says("Paperboy answers at");
  const { code, stdout, stderr } = await runCommand(["topics", "list", "--json"], given);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout).topics).toHaveLength(24);
  const second = await runCommand(["start"], given);
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(`cannot listen on 127.0.0.1:${given["PORT"]}: another program listens there`);
  expect((await fetch(`http://127.0.0.1:${given["PORT"]}/readyz`)).status).toBe(200);
});

it("lets many commands share one new data folder", { timeout: 120_000 }, async () => {
  const given = await settings();
  const all = await Promise.all(Array.from({ length: 3 }, () => runCommand(["subscribers", "list", "--json"], given)));
  for (const { code, stdout, stderr } of all)
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '{"count":0,"rows":[]}\n', stderr: "" });
});
