// Does the service end when npm, which started it, is told to end?
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { freePort } from "../../src/free-port.ts";

it.skipIf(process.platform === "win32")("SIGTERM to npm start ends the service, too", { timeout: 90_000 }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "paperboy-npm-"));
  const port = await freePort();
  const { PATH = "", HOME = "/" } = process.env;
  const settings = { PORT: String(port), DATA_DIR: folder, SOURCES: "huggingface", ROLES: "web" };
  const cwd = path.join(import.meta.dirname, "../..");
  const npm = spawn("npm", ["start"], { cwd, env: { PATH, HOME, ...settings }, stdio: "ignore", detached: true });
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  const until = async (wanted: boolean) => {
    for (let tries = 0; tries < 300 && (await answers()) !== wanted; tries++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    return answers();
  };
  try {
    expect(await until(true)).toBe(true);
    npm.kill("SIGTERM");
    expect(await until(false)).toBe(false);
    // It drains: the database that only it used is stopped as well.
    const running = path.join(folder, "postgres/postmaster.pid");
    for (let tries = 0; tries < 200 && existsSync(running); tries++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(existsSync(running)).toBe(false);
  } finally {
    try {
      process.kill(-(npm.pid ?? 0), "SIGKILL");
    } catch {
      // All of them are gone already.
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
  }
});
