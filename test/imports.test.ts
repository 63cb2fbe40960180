// Are the import rules held, and would a broken one be found? Both asked of dependency-cruiser itself.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";

const root = path.join(import.meta.dirname, "..");
const report = z.object({
  modules: z.array(z.object({ source: z.string() })),
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })),
  }),
});

it("reads the files it judges, and they keep the import rules", () => {
  const { files, violations } = cruise(root);
  expect(files).toContain("src/core/paper.ts");
  expect(files.length).toBeGreaterThan(60);
  expect(violations).toEqual([]);
});

it("finds each kind of forbidden import", () => {
  const house = mkdtempSync(path.join(tmpdir(), "paperboy-imports-"));
  try {
    for (const name of ["package.json", "tsconfig.json", ".dependency-cruiser.cjs"])
      cpSync(path.join(root, name), path.join(house, name));
    symlinkSync(path.join(root, "node_modules"), path.join(house, "node_modules"));
    write(house, "src/core/pure.ts", 'import "express";\nimport "node:fs";\n');
    write(house, "src/core/one.ts", 'import "./two.ts";\n');
    write(house, "src/core/two.ts", 'import "./one.ts";\nimport "./gone.ts";\n');
    write(house, "src/core/paper.ts", 'import "./plan/rank.ts";\n');
    write(house, "src/core/plan/rank.ts", 'import "../match/match.ts";\n');
    write(house, "src/core/match/match.ts", "");
    write(
      house,
      "src/db/rows.ts",
      'import "bullmq";\nimport "../mail/transport.ts";\nimport "../../workers/plan.ts";\n',
    );
    write(house, "src/mail/transport.ts", "");
    write(house, "src/web/page.ts", 'import "../mail/transport.ts";\n');
    write(house, "workers/plan.ts", 'import "./deliver.ts";\n');
    write(house, "workers/deliver.ts", "");
    const { violations } = cruise(house);
    for (const expected of [
      "core-is-pure: src/core/pure.ts → express",
      "core-is-pure: src/core/pure.ts → fs",
      "only-web-knows-express: src/core/pure.ts → express",
      "core-of-all-knows-no-stage: src/core/paper.ts → src/core/plan/rank.ts",
      "core-of-a-stage-stands-alone: src/core/plan/rank.ts → src/core/match/match.ts",
      "no-circular: src/core/one.ts → src/core/two.ts",
      "resolvable: src/core/two.ts → ./gone.ts",
      "only-queue-knows-bullmq: src/db/rows.ts → bullmq",
      "one-outside-thing-each: src/db/rows.ts → src/mail/transport.ts",
      "only-roots-import-workers: src/db/rows.ts → workers/plan.ts",
      "web-never-mails: src/web/page.ts → src/mail/transport.ts",
      "a-stage-never-imports-a-stage: workers/plan.ts → workers/deliver.ts",
    ])
      expect(violations).toContain(expected);
  } finally {
    rmSync(house, { recursive: true });
  }
});

function cruise(folder: string): { files: string[]; violations: string[] } {
  const { stdout } = spawnSync(
    path.join(root, "node_modules/.bin/depcruise"),
    ["--config", ".dependency-cruiser.cjs", "--output-type", "json", "src", "workers"],
    { cwd: folder, maxBuffer: 64_000_000, encoding: "utf8" },
  );
  const { modules, summary } = report.parse(JSON.parse(stdout));
  return {
    files: modules.map(({ source }) => source).filter((source) => /^(src|workers)\//.test(source)),
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${library(to)}`),
  };
}

/** `…/node_modules/express/index.js` as `express`; any other path as it is. */
function library(to: string): string {
  return /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(to)?.[1] ?? to;
}

function write(house: string, file: string, text: string): void {
  mkdirSync(path.dirname(path.join(house, file)), { recursive: true });
  writeFileSync(path.join(house, file), text);
}
