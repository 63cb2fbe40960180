// The first thing a stranger runs: the demo goes through the whole loop and ends with 0.
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("demo --once signs a reader up, sends the digest and exits 0", { timeout: 60_000 }, async () => {
  const root = path.join(import.meta.dirname, "..");
  const { stdout } = await promisify(execFile)(process.execPath, ["bin/paperboy.js", "demo", "--once"], { cwd: root });
  expect(stdout).toMatch(/Loaded 4\d sample papers/);
  expect(stdout).toContain("The confirmation mail arrived");
  expect(stdout).toMatch(/The digest arrived over SMTP: “.*12 papers on /);
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
