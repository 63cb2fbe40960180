// The first thing a stranger runs: the demo goes through the whole loop and ends with 0.
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { clockOnWorkdays, runDemo } from "../src/demo.ts";

it("demo --once signs a reader up, sends the digest and exits 0", { timeout: 60_000 }, async () => {
  const root = path.join(import.meta.dirname, "..");
  const { stdout } = await promisify(execFile)(process.execPath, ["bin/paperboy.js", "demo", "--once"], { cwd: root });
  expect(stdout).toMatch(/Loaded 4\d sample papers/);
  expect(stdout).toContain("The confirmation mail arrived");
  expect(stdout).toMatch(/The digest arrived over SMTP: “.*12 papers on /);
});

it("the digest arrives on a weekend too", { timeout: 60_000 }, async () => {
  const said: string[] = [];
  const began = performance.now();
  await runDemo({
    once: true,
    port: 0,
    untilStopped: () => new Promise(() => {}),
    now: () => new Date(Date.parse("2026-11-29T23:00:00Z") + performance.now() - began),
    say: (line) => said.push(line),
  });
  expect(said.at(-1)).toMatch(/The digest arrived over SMTP: “Fri 27 Nov: 12 papers on /);
});

it.each([
  ["2026-11-27T23:59:59Z", "2026-11-27T23:59:59Z"],
  ["2026-11-28T10:00:00Z", "2026-11-27T10:00:00Z"],
  ["2026-11-29T23:00:00Z", "2026-11-27T23:00:00Z"],
  ["2026-11-30T00:00:00Z", "2026-11-30T00:00:00Z"],
])("at %s the demo's clock says %s", (now, shown) => {
  expect(clockOnWorkdays(() => new Date(now))()).toEqual(new Date(shown));
});

it("a wrong setting stops every command with all problems in sentences", async () => {
  const root = path.join(import.meta.dirname, "..");
  const env = { ...process.env, PORT: "ninety", LOG_LEVEL: "loud" };
  const failed = await promisify(execFile)(process.execPath, ["bin/paperboy.js", "migrate"], { cwd: root, env }).catch(
    (error) => error,
  );
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("PORT must be a whole number");
  expect(failed.stderr).toContain("LOG_LEVEL must be debug, info, warn, error or silent");
});
