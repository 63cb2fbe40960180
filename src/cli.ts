// Which commands are there? Each answers for people, or as one JSON object with --json; logs go to stderr.
import { readFile } from "node:fs/promises";
import { Command, CommanderError } from "commander";
import { ingestCommands } from "./commands/ingest.ts";
import { sendCommands } from "./commands/send.ts";
import { serviceCommands } from "./commands/service.ts";
import { subscriberCommands } from "./commands/subscribers.ts";
import { listenForStop, stopSignal } from "./commands/support.ts";
import { topicCommands } from "./commands/topics.ts";
import { ConfigError } from "./config.ts";
import { PlainError } from "./main.ts";
import { reasonOf } from "./reason.ts";

listenForStop();
// `paperboy … | head` closes the pipe: what is left to say is lost, the work and its cleaning up are not.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};
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

let code: number | undefined;
try {
  await program.parseAsync();
} catch (error) {
  code = report(error);
}
// Said outright, once all is printed: a pool or a timer somewhere must not keep a finished command.
process.stdout.write("", () => process.exit(code ?? process.exitCode ?? 0));

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (process.env["LOG_LEVEL"] === "debug") console.error(error);
  else if (error instanceof ConfigError || error instanceof PlainError) console.error(error.message);
  else console.error(`Failed: ${reasonOf(error)}.`);
  return stopSignal.aborted ? Number(stopSignal.reason) : 1;
}
