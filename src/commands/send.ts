// The commands that send and show: send, render.
import type { Command } from "commander";
import { runDeliver } from "../../workers/deliver.ts";
import { runMatch } from "../../workers/match.ts";
import { runPlan } from "../../workers/plan.ts";
import { findDigest, listOpenRanges } from "../db/digests.ts";
import { PlainError } from "../main.ts";
import { answer, day, instant, withContext } from "./support.ts";

export function sendCommands(program: Command): void {
  program
    .command("send")
    .description("plan and deliver all that is due at a moment")
    .option("--at <instant>", "the moment, ISO 8601; default now", instant)
    .option("--dry-run", "decide and say how much, write and send nothing")
    .option("--json", "print one JSON object")
    .action(async (options: { at?: Date; dryRun?: boolean; json?: boolean }) => {
      const now = options.at ?? new Date();
      const dryRun = options.dryRun ?? false;
      const told = await withContext(
        async ({ context }) => {
          await runMatch(context);
          const planned = await runPlan(context, { now, everyone: options.at !== undefined, dryRun });
          const delivered = { sent: 0, failed: 0, uncertain: 0 };
          for (const range of dryRun ? [] : await listOpenRanges(context.db, { now, size: 1_000 })) {
            const result = await runDeliver(context, { ...range, now });
            delivered.sent += result.sent;
            delivered.failed += result.failed;
            delivered.uncertain += result.uncertain;
          }
          const { due, planned: written, skipped } = planned;
          return { due, planned: written, skipped, ...delivered };
        },
        { mail: true, now: () => now },
      );
      answer(options.json, told, [
        `${told.due} due, ${told.planned} planned, ${told.skipped} skipped.`,
        `${told.sent} sent, ${told.failed} failed, ${told.uncertain} uncertain.`,
      ]);
      if (told.failed > 0) process.exitCode = 1;
    });

  program
    .command("render")
    .description("print the very message of an edition")
    .requiredOption("--to <email>", "the reader's address")
    .requiredOption("--date <date>", "the edition, YYYY-MM-DD", day)
    .option("--as <form>", "eml, html or text", "eml")
    .action(async ({ to, date, as }: { to: string; date: string; as: string }) => {
      if (!["eml", "html", "text"].includes(as)) throw new PlainError("--as is eml, html or text.");
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
