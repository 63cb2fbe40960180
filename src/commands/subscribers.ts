// The commands about subscribers: list, show, suppress.
import type { Command } from "commander";
import { readAddress } from "../core/address.ts";
import { listSubscribers, showSubscriber } from "../db/subscriber-lists.ts";
import { suppress } from "../db/suppressions.ts";
import { PlainError } from "../main.ts";
import { answer, wholeNumber, withContext } from "./support.ts";

export function subscriberCommands(program: Command): void {
  const subscribers = program.command("subscribers").description("who reads");
  subscribers
    .command("list")
    .option("--state <state>", "pending, confirmed, paused, unsubscribed or suppressed")
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
    .option("--json", "print one JSON object")
    .action(async (email: string, { json }: { json?: boolean }) => {
      const shown = await withContext(({ context }) => showSubscriber(context.db, normalised(email)));
      if (!shown) throw new PlainError("Nobody with that address.");
      answer(json, shown, JSON.stringify(shown, null, 2));
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
}

function normalised(email: string): string {
  const read = readAddress(email, { allowReserved: true });
  if (read.kind === "error") throw new PlainError(read.message);
  return read.email;
}
