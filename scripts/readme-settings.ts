// Writes the settings table of README.md and .env.example out of src/config.ts; `--check` only says whether they differ.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { settings } from "../src/config.ts";

const root = path.join(import.meta.dirname, "..");

/** README.md and .env.example as they should be, by path. */
export function expectedFiles(): Map<string, string> {
  const rows = Object.entries(settings).map(([name, { shown, says }]) => `| \`${name}\` | ${shown} | ${says} |`);
  const table = [
    "<!-- settings -->",
    "| setting | default | what |",
    "|---|---|---|",
    ...rows,
    "<!-- /settings -->",
  ].join("\n");
  const readme = path.join(root, "README.md");
  const example = Object.entries(settings).map(
    ([name, { shown, says }]) => `# ${says} Default: ${shown}.\n#${name}=\n`,
  );
  return new Map([
    [readme, readFileSync(readme, "utf8").replace(/<!-- settings -->[\s\S]*<!-- \/settings -->/, () => table)],
    [path.join(root, ".env.example"), `# Every setting of Paperboy; all may stay unset.\n\n${example.join("\n")}`],
  ]);
}

if (process.argv[1] === import.meta.filename) for (const [file, text] of expectedFiles()) writeFileSync(file, text);
