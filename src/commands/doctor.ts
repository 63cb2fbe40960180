// The command that looks whether all is well: doctor.
import { isIP } from "node:net";
import { type Command, InvalidArgumentError } from "commander";
import { runDoctor } from "../doctor.ts";
import { openDns } from "../mail/dns.ts";
import { buildContext } from "../main.ts";
import { answer, quietly, readSettings, unlessStopped } from "./support.ts";

const marks = { ok: "ok  ", warn: "warn", fail: "FAIL" };

export function doctorCommands(program: Command): void {
  program
    .command("doctor")
    .description("check settings, database, queue, mail server, DNS records and the one-click link; sends nothing")
    .option("--resolver <address>", "the DNS server to ask, ADDRESS or ADDRESS:PORT; default this machine's", resolver)
    .option("--json", "print one JSON object")
    .action(async ({ resolver, json }: { resolver?: string; json?: boolean }) => {
      const checks = await unlessStopped(
        runDoctor({ readSettings, build: (config) => buildContext(quietly(config)), dns: openDns(resolver) }),
      );
      answer(
        json,
        { checks },
        checks.flatMap(({ name, state, says, mend }) => [
          `${marks[state]}  ${name.padEnd(11)}  ${says}`,
          ...(mend ? [`                   ${mend}`] : []),
        ]),
      );
      if (checks.some(({ state }) => state === "fail")) process.exitCode = 1;
    });
}

function resolver(text: string): string {
  const address = /^\[?([^\]]+?)\]?(?::\d{1,5})?$/.exec(text)?.[1] ?? "";
  if (!isIP(address) && !isIP(text)) throw new InvalidArgumentError("It must be an IP address like 1.1.1.1.");
  return text;
}
