// What do commands share? Settings from the environment and .env, a context that is always closed, and one way to answer.
import { InvalidArgumentError } from "commander";
import { config as readDotenv } from "dotenv";
import { type Config, readConfig } from "../config.ts";
import { namedDays } from "../core/ingest/source-run.ts";
import { isDate } from "../core/weeks.ts";
import { type Built, buildContext, PlainError } from "../main.ts";
import { reasonOf } from "../reason.ts";

/** The settings of this process; `.env` fills in what the environment does not say. Throws one sentence when it cannot be read. */
export function readSettings(): Config {
  const { error } = readDotenv({ quiet: true });
  // Without its settings a service would begin anew beside the one that was meant.
  if (error && (error as NodeJS.ErrnoException).code !== "ENOENT")
    throw new PlainError(`The file .env cannot be read: ${reasonOf(error)}.`, { cause: error });
  return readConfig(process.env);
}

const stopping = new AbortController();
/** Aborts at the first Ctrl-C, SIGTERM or SIGHUP; its reason is the exit code, 128 and the signal's number. */
export const stopSignal: AbortSignal = stopping.signal;
/** What a command may still take to end by itself. */
const GRACE_MS = 5_000;

/** From now on a first signal asks the command to end in order; a second one ends the process at once. */
export function listenForStop(): void {
  for (const [signal, code] of [["SIGINT", 130] as const, ["SIGTERM", 143] as const, ["SIGHUP", 129] as const])
    process.on(signal, () => {
      if (stopSignal.aborted) process.exit(code);
      stopping.abort(code);
    });
  if (process.env["npm_lifecycle_event"] !== undefined) listenForNpm();
}

/** npm hands a SIGTERM to the shell between it and us, and that shell ends without a word to us. */
function listenForNpm(): void {
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    if (!stopSignal.aborted) stopping.abort(143);
  }, 500);
  timer.unref();
}

/** Resolves when the process is told to stop. */
export async function untilStopped(): Promise<void> {
  if (!stopSignal.aborted)
    await new Promise((resolve) => stopSignal.addEventListener("abort", resolve, { once: true }));
}

/** The work's result, unless the process is told to stop and the work does not end by itself soon after. */
export async function unlessStopped<Result>(work: Promise<Result>, graceMs = GRACE_MS): Promise<Result> {
  work.catch(() => {});
  const late = untilStopped().then(async () => {
    await new Promise((resolve) => setTimeout(resolve, graceMs).unref());
    throw new PlainError("Stopped before it was done.");
  });
  late.catch(() => {});
  return Promise.race([work, late]);
}

/** Commands log only warnings, unless more is asked for. */
export function quietly(config: Config): Config {
  return { ...config, LOG_LEVEL: config.LOG_LEVEL === "info" ? "warn" : config.LOG_LEVEL };
}

/** Runs a command's work on a built context and closes it, whatever happens. */
export async function withContext<Result>(
  work: (built: Built) => Promise<Result>,
  needs: { mail?: boolean; now?: () => Date; topics?: "of the file" } = {},
): Promise<Result> {
  const built = await buildContext(quietly(readSettings()), needs);
  try {
    return await unlessStopped(work(built));
  } finally {
    await built.close();
  }
}

/** Writes to stdout and waits until it is taken, or until nobody reads any more. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

/** Prints one JSON object, or the lines for people. */
export function answer(asJson: boolean | undefined, value: object, lines: string | string[]): void {
  if (asJson) console.log(JSON.stringify(value));
  else for (const line of [lines].flat()) console.log(line);
}

/** ISO 8601; without a zone it is UTC, whatever zone this machine is in. */
export function instant(text: string): Date {
  const form = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(text);
  const at = form ? new Date(`${form[1]}T${form[2] ?? "00:00"}${form[3] ?? "Z"}`) : new Date(Number.NaN);
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError("It must be a moment like 2026-03-02T07:00:00Z.");
  return at;
}

export function day(text: string): string {
  if (!isDate(text)) throw new InvalidArgumentError("It must be a date like 2026-03-02.");
  return text;
}

/** A day, a whole week or a whole month, as `ingest` takes them. */
export function period(text: string): string {
  if (typeof namedDays(text, text, new Date()) === "string")
    throw new InvalidArgumentError("It must be a day like 2026-03-02, a week like 2026-W10 or a month like 2026-03.");
  return text;
}

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1 to 99999.");
  return Number(text);
}
