// The commands that run or prepare the service: start, demo, migrate.
import { type Command, InvalidArgumentError } from "commander";
import { ConfigError, type Role, readConfig } from "../config.ts";
import { start } from "../main.ts";
import { answer, readSettings, unlessStopped, untilStopped, withContext } from "./support.ts";

export function serviceCommands(program: Command): void {
  program
    .command("start")
    .description("run the service until it is told to stop, then drain")
    .option("--roles <roles>", "web, scheduler, worker, separated by commas", rolesOf)
    .action(async ({ roles }: { roles?: Role[] }) => {
      const config = readSettings();
      const running = await start({ ...config, ...(roles ? { ROLES: roles } : {}) });
      if (running.url) console.error(`Paperboy answers at ${config.BASE_URL}`);
      if (running.built.mailbox) console.error("No SMTP_URL is set: mail stays in the built-in mailbox at /mailbox.");
      await untilStopped();
      await running.stop();
    });

  program
    .command("demo")
    .description("the whole loop on sample papers, offline, in a throw-away folder")
    .option("--once", "exit when the digest has arrived")
    .option("--port <port>", "port of the pages; default a free one", (text) => {
      if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError("It must be a port number.");
      return Number(text);
    })
    .action(async ({ once, port }: { once?: boolean; port?: number }) => {
      const { runDemo } = await import("../demo.ts");
      await unlessStopped(runDemo({ once: once ?? false, port: port ?? 0, untilStopped }), 10_000);
    });

  program
    .command("migrate")
    .description("bring the database schema up to date")
    .option("--json", "print one JSON object")
    .action(async ({ json }: { json?: boolean }) => {
      const applied = await withContext(async (built) => built.applied);
      answer(json, { applied }, applied === 0 ? "The schema is up to date." : `Applied ${applied} migration(s).`);
    });
}

function rolesOf(text: string): Role[] {
  try {
    return readConfig({ ROLES: text }).ROLES;
  } catch (error) {
    throw error instanceof ConfigError ? new InvalidArgumentError("Each must be web, scheduler or worker.") : error;
  }
}
