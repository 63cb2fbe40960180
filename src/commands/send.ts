// The commands that send and show: send, render.
import { type Command, Option } from "commander";
import { runDeliver } from "../../workers/deliver.ts";
import { runMatch } from "../../workers/match.ts";
import { runPlan } from "../../workers/plan.ts";
import type { Context } from "../context.ts";
import { countDigestStates, findDigest, listOpenDigests } from "../db/digests.ts";
import { PlainError } from "../main.ts";
import { showProgress } from "./progress.ts";
import { answer, day, instant, stopSignal, withContext } from "./support.ts";

export function sendCommands(program: Command): void {
  program
    .command("send")
    .description("plan and deliver all that is due at a moment")
    .option("--at <instant>", "the moment, ISO 8601; default now", instant)
    .option("--dry-run", "decide and say how much; no digest is written or sent")
    .option("--json", "print one JSON object")
    .action(async (options: { at?: Date; dryRun?: boolean; json?: boolean }) => {
      const now = options.at ?? new Date();
      const dryRun = options.dryRun ?? false;
      const told = await withContext(
        async ({ context, mailbox }) => {
          if (mailbox)
            console.error(
              "No SMTP_URL is set and no service runs here: the mail is gone when this command ends. render shows it.",
            );
          await runMatch(context, { signal: stopSignal });
          const planned = await runPlan(context, {
            now,
            everyone: options.at !== undefined,
            dryRun,
            signal: stopSignal,
          });
          const { due, planned: written, skipped } = planned;
          return { due, planned: written, skipped, ...(dryRun ? nothingSent : await sendOpen(context, now)) };
        },
        { mail: !dryRun, now: () => now },
      );
      const { due, planned, skipped, sent, failed, uncertain } = told;
      answer(options.json, { due, planned, skipped, sent, failed, uncertain }, [
        `${due} due, ${planned} planned, ${skipped} skipped.`,
        ...(dryRun ? ["No digest was written or sent."] : [`${sent} sent, ${failed} failed, ${uncertain} uncertain.`]),
        ...(told.later > 0 ? [`${told.later} wait for another attempt; the service makes it.`] : []),
      ]);
      if (failed > 0) process.exitCode = 1;
      if (stopSignal.aborted) throw new PlainError("Stopped; what is left goes out with the next send.");
    });

  program
    .command("render")
    .description("print the very message of an edition")
    .requiredOption("--to <email>", "the reader's address")
    .requiredOption("--date <date>", "the edition, YYYY-MM-DD", day)
    .addOption(new Option("--as <form>", "how it is printed").choices(["eml", "html", "text"]).default("eml"))
    .action(async ({ to, date, as }: { to: string; date: string; as: "eml" | "html" | "text" }) => {
      await withContext(
        async ({ context }) => {
          const digest = await findDigest(context.db, { email: to.toLowerCase(), editionDate: date });
          if (!digest) throw new PlainError("There is no edition of that date for that address.");
          if (digest.cards.length === 0)
            throw new PlainError(`Nothing was sent that day: ${digest.reason ?? digest.state}.`);
          const message = await context.mail?.composer.digest(digest);
          if (!message) return;
          if (as === "eml") return void process.stdout.write(message.raw);
          const { readMessage } = await import("../mail/read-message.ts");
          const { html, text } = await readMessage(message.raw);
          if (as === "html" && !html) throw new PlainError("This reader gets plain text: there is no HTML.");
          process.stdout.write((as === "html" ? html : text) || "");
        },
        { mail: true },
      );
    });
}

const nothingSent = { sent: 0, failed: 0, uncertain: 0, later: 0 };
const SLICE = 200;
/** How long a digest that the service claimed before us may stay in the making. */
const OTHERS_MS = 120_000;

/** Sends all that is open and counts what became of it, also where a worker of the service was quicker. */
async function sendOpen(context: Context, now: Date): Promise<typeof nothingSent> {
  const open = await listOpenDigests(context.db, now);
  const result = { ...nothingSent };
  const progress = showProgress("digests");
  try {
    for (let from = 0; from < open.length && !stopSignal.aborted; from += SLICE) {
      progress.show(from, open.length);
      const ids = open.slice(from, from + SLICE);
      const [first = 0, last = first] = [ids[0], ids.at(-1)];
      await runDeliver(context, { from: first, to: last, now, signal: stopSignal });
      const states = await statesOnceSettled(context, ids);
      result.sent += states["sent"] ?? 0;
      result.failed += (states["failed"] ?? 0) + (states["expired"] ?? 0);
      result.uncertain += states["uncertain"] ?? 0;
      result.later += (states["retry"] ?? 0) + (states["planned"] ?? 0) + (states["sending"] ?? 0);
    }
    if (open.length > 0) progress.show(open.length, open.length);
  } finally {
    progress.end();
  }
  return result;
}

async function statesOnceSettled({ db }: Context, ids: number[]): Promise<Record<string, number>> {
  for (let waited = 0; ; waited += 100) {
    const states = await countDigestStates(db, ids);
    if (!states["sending"] || waited > OTHERS_MS || stopSignal.aborted) return states;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
