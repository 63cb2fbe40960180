// Where are the recorded answers, and what is skipped without them?
import { existsSync } from "node:fs";
import path from "node:path";

const folder = path.join(import.meta.dirname, "../../../shared/data");

/** The path of a recorded file or folder beside the project; undefined, with the reason printed, where it is absent. */
export function findRecorded(...names: string[]): string | undefined {
  const file = path.join(folder, ...names);
  if (existsSync(file)) return file;
  process.stderr.write(`skipped: ../shared/data/${names.join("/")} is not here\n`);
  return undefined;
}
