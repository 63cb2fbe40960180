import { execFileSync, spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const root = path.join(import.meta.dirname, "..");
const cruise = path.join(root, "node_modules/.bin/depcruise");
const arguments_ = ["--config", ".dependency-cruiser.cjs", "--output-type", "json", "src", "workers"];

it("reads the files it judges, and they keep the import rules", () => {
  const report = JSON.parse(execFileSync(cruise, arguments_, { cwd: root, maxBuffer: 64_000_000 }).toString());
  const sources = report.modules.map(({ source }: { source: string }) => source);
  expect(sources).toContain("src/core/paper.ts");
  expect(sources.filter((source: string) => /^(src|workers)\//.test(source)).length).toBeGreaterThan(60);
  expect(report.summary.error).toBe(0);
});

it("refuses a core that knows the web", () => {
  const stray = path.join(root, "src/core/stray-import.ts");
  writeFileSync(stray, 'import "express";\n');
  try {
    const { stdout, status } = spawnSync(cruise, ["--config", ".dependency-cruiser.cjs", "src/core/stray-import.ts"], {
      cwd: root,
    });
    expect(status).not.toBe(0);
    expect(stdout.toString()).toContain("core-is-pure");
  } finally {
    rmSync(stray);
  }
});
