// What do commands share? Settings from the environment and .env, a context that is always closed, and one way to answer.
import { InvalidArgumentError } from "commander";
import { config as readDotenv } from "dotenv";
import { type Config, readConfig } from "../config.ts";
import { type Built, buildContext } from "../main.ts";

/** The settings of this process; `.env` fills in what the environment does not say. */
export function readSettings(): Config {
  readDotenv({ quiet: true });
  return readConfig(process.env);
}

/** Runs a command's work on a built context and closes it, whatever happens; commands log only warnings. */
export async function withContext<Result>(
  work: (built: Built) => Promise<Result>,
  needs: { mail?: boolean; now?: () => Date } = {},
): Promise<Result> {
  const config = readSettings();
  const built = await buildContext(
    { ...config, LOG_LEVEL: config.LOG_LEVEL === "info" ? "warn" : config.LOG_LEVEL },
    needs,
  );
  try {
    return await work(built);
  } finally {
    await built.close();
  }
}

/** Prints one JSON object, or the lines for people. */
export function answer(asJson: boolean | undefined, value: object, lines: string | string[]): void {
  if (asJson) console.log(JSON.stringify(value));
  else for (const line of [lines].flat()) console.log(line);
}

export function instant(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError("It must be a moment like 2026-03-02T07:00:00Z.");
  return at;
}

export function day(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError("It must be a date like 2026-03-02.");
  return text;
}

/** A day, a whole week or a whole month, as `ingest` takes them. */
export function period(text: string): string {
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(text) || /^\d{4}-W(0[1-9]|[1-4]\d|5[0-3])$/.test(text)) return text;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError("It must be a day like 2026-03-02, a week like 2026-W10 or a month like 2026-03.");
  return text;
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}
