// How do README.md's settings table and .env.example follow src/config.ts? Run `npm run settings`; test/readme.test.ts compares.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { settings } from "../src/config.ts";

const root = path.join(import.meta.dirname, "..");

/** README.md and .env.example as they should be, by path. */
export function expectedFiles(): Map<string, string> {
  const rows = Object.entries(settings).map(
    ([name, { shown, says }]) => `| \`${name}\` | ${cell(shown)} | ${cell(says)} |`,
  );
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

/** Text that Markdown would read as a table's end or as an address, so that it shows as written. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "\\<");
}

if (process.argv[1] === import.meta.filename) for (const [file, text] of expectedFiles()) writeFileSync(file, text);
