// The commands about subscribers: list, show, import, export, suppress, erase.
import { readFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { readAddress } from "../core/readers/address.ts";
import { subscriberStates } from "../core/readers/subscriber-state.ts";
import { eraseSubscriber } from "../db/account.ts";
import { type Imported, importSubscribers, listForExport } from "../db/subscriber-import.ts";
import { listSubscribers, showSubscriber } from "../db/subscriber-lists.ts";
import { findByEmail } from "../db/subscriber-rows.ts";
import { suppress } from "../db/suppressions.ts";
import { PlainError } from "../main.ts";
import { reasonOf } from "../reason.ts";
import { csvHeader, readSubscriberCsv, writeCsvLine } from "../subscriber-csv.ts";
import { showProgress } from "./progress.ts";
import { answer, print, stopSignal, wholeNumber, withContext } from "./support.ts";

const SLICE = 500;

export function subscriberCommands(program: Command): void {
  const subscribers = program.command("subscribers").description("who reads");
  subscribers
    .command("list")
    .description("every reader's address, state and hour")
    .addOption(new Option("--state <state>", "only readers in this state").choices(subscriberStates))
    .option("--limit <n>", "how many rows", wholeNumber, 1_000)
    .option("--json", "print one JSON object")
    .action(async ({ json, ...which }: { state?: string; limit: number; json?: boolean }) => {
      const rows = await withContext(({ context }) => listSubscribers(context.db, which));
      answer(json, { count: rows.length, rows }, [
        ...rows.map(
          ({ email, state, cadence, hour, timezone }) => `${email}\t${state}\t${cadence} at ${hour}:00 ${timezone}`,
        ),
        `${rows.length} subscriber(s).`,
      ]);
    });
  subscribers
    .command("show <email>")
    .description("one reader: choices, last editions and what happened")
    .option("--json", "print one JSON object")
    .action(async (email: string, { json }: { json?: boolean }) => {
      const shown = await withContext(({ context }) => showSubscriber(context.db, normalised(email)));
      if (!shown) throw new PlainError("Nobody with that address.");
      answer(json, shown, JSON.stringify(shown, null, 2));
    });
  subscribers
    .command("import <csv>")
    .description("bring readers in; a reader already known never gets more mail by it, a suppressed address none")
    .option("--json", "print one JSON object")
    .action(async (file: string, { json }: { json?: boolean }) => {
      const { rows, refused } = await readCsv(file);
      const told = await withContext(async ({ context }) => {
        const counts: Imported = { added: 0, changed: 0, unchanged: 0, refused };
        const progress = showProgress("readers");
        for (let from = 0; from < rows.length && !stopSignal.aborted; from += SLICE) {
          progress.show(from, rows.length);
          const some = await importSubscribers(context.db, context.keys, rows.slice(from, from + SLICE), context.now());
          counts.added += some.added;
          counts.changed += some.changed;
          counts.unchanged += some.unchanged;
          counts.refused.push(...some.refused);
        }
        progress.end();
        counts.refused.sort((one, other) => one.line - other.line);
        return counts;
      });
      const { added, changed, unchanged } = told;
      answer(json, told, [
        `${added} added, ${changed} changed, ${unchanged} unchanged, ${refused.length} refused.`,
        ...told.refused.map(({ line, reason }) => `refused: line ${line}: ${reason}`),
      ]);
      if (stopSignal.aborted) throw new PlainError("Stopped; run it again to bring in the rest.");
      if (added + changed + unchanged === 0 && refused.length > 0) process.exitCode = 1;
    });
  subscribers
    .command("export")
    .description("all readers as CSV on stdout, as import takes them")
    .option("--json", "print one JSON object")
    .action(async ({ json }: { json?: boolean }) => {
      await withContext(async ({ context }) => {
        let count = 0;
        await print(json ? '{"rows":[' : csvHeader);
        for await (const some of listForExport(context.db)) {
          if (stopSignal.aborted) throw new PlainError("Stopped; the file is not complete.");
          const before = count === 0 ? "" : ",";
          await print(
            json ? before + some.map((row) => JSON.stringify(row)).join(",") : some.map(writeCsvLine).join(""),
          );
          count += some.length;
        }
        if (json) await print(`],"count":${count}}\n`);
      });
    });
  subscribers
    .command("suppress <email>")
    .description("never write to this address again")
    .option("--json", "print one JSON object")
    .action(async (email: string, { json }: { json?: boolean }) => {
      const suppressed = await withContext(({ context }) =>
        suppress(context.db, context.keys, {
          email: normalised(email),
          reason: "manual",
          via: "command",
          now: context.now(),
        }),
      );
      answer(json, { suppressed }, suppressed ? "Suppressed." : "It was suppressed already.");
    });
  subscribers
    .command("erase <email>")
    .description("delete everything kept about a reader; a suppression stays, by its fingerprint")
    .option("--json", "print one JSON object")
    .action(async (email: string, { json }: { json?: boolean }) => {
      const erased = await withContext(async ({ context: { db, now } }) => {
        const reader = await findByEmail(db, normalised(email));
        return reader !== undefined && eraseSubscriber(db, { subscriberId: reader.id, via: "command", now: now() });
      });
      if (!erased) throw new PlainError("Nobody with that address.");
      answer(json, { erased }, "Erased.");
    });
}

async function readCsv(file: string): Promise<ReturnType<typeof readSubscriberCsv>> {
  try {
    return readSubscriberCsv(await readFile(file, "utf8"));
  } catch (cause) {
    throw new PlainError(`${file} cannot be read: ${reasonOf(cause)}.`, { cause });
  }
}

function normalised(email: string): string {
  const read = readAddress(email, { allowReserved: true });
  if (read.kind === "error") throw new PlainError(read.message);
  return read.email;
}
