// Which commands are there, and how does each end? Answers on stdout, all else on stderr; an exit code comes back.
import { readFile } from "node:fs/promises";
import { Command, CommanderError } from "commander";
import { ConfigError } from "../config.ts";
import { PlainError } from "../main.ts";
import { reasonOf } from "../reason.ts";
import { auditCommands } from "./audit.ts";
import { doctorCommands } from "./doctor.ts";
import { feedbackCommands } from "./feedback.ts";
import { ingestCommands } from "./ingest.ts";
import { sendCommands } from "./send.ts";
import { serviceCommands } from "./service.ts";
import { subscriberCommands } from "./subscribers.ts";
import { stopSignal } from "./support.ts";
import { topicCommands } from "./topics.ts";

/** Runs the command that these words name; resolves with 0 done, 1 failed with a sentence, 2 wrong usage, 128 + n stopped. */
export async function runProgram(words: string[]): Promise<number> {
  const file = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(await readFile(file, "utf8")) as { version: string };
  const program = new Command("paperboy")
    .description("The research papers that matter to you, in your inbox, every morning.")
    .version(version)
    .exitOverride()
    .showHelpAfterError("(run with --help for what can be said)")
    .configureHelp({ sortSubcommands: false });
  serviceCommands(program);
  ingestCommands(program);
  sendCommands(program);
  topicCommands(program);
  subscriberCommands(program);
  feedbackCommands(program);
  doctorCommands(program);
  auditCommands(program);
  process.exitCode = 0;
  try {
    await program.parseAsync(words, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (process.env["LOG_LEVEL"] === "debug") console.error(error);
  else if (error instanceof ConfigError || error instanceof PlainError) console.error(error.message);
  else console.error(`Failed: ${reasonOf(error)}.`);
  return stopSignal.aborted ? Number(stopSignal.reason) : 1;
}
