// Which measurement is asked for? `npm run bench -- NAME` runs bench/NAME.ts by its exported `run`.
import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";

const measures = (file: string) =>
  /^export (?:async )?function run\b/m.test(readFileSync(path.join(import.meta.dirname, file), "utf8"));
const names = readdirSync(import.meta.dirname).flatMap((file) =>
  file.endsWith(".ts") && measures(file) ? [file.slice(0, -3)] : [],
);
const [name, ...rest] = process.argv.slice(2);
const found: { run?: (words: string[]) => Promise<void> } =
  name !== undefined && names.includes(name) ? await import(`./${name}.ts`) : {};
if (!found.run) {
  console.error(`Usage: npm run bench -- NAME; NAME is one of ${names.join(", ")}.`);
  process.exit(2);
}
const { length: cores, 0: first } = cpus();
console.log(`${name}: Node ${process.version}, ${cores} cores (${first?.model.trim() ?? "unknown"})`);
await found.run(rest);
