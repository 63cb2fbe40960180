// The command that reads what came back: feedback.
import type { Command } from "commander";
import { takeReturnedMail } from "../../workers/feedback.ts";
import { readMailFiles } from "../mail/mail-files.ts";
import { PlainError } from "../main.ts";
import { reasonOf } from "../reason.ts";
import { showProgress } from "./progress.ts";
import { answer, stopSignal, withContext } from "./support.ts";

const nothingYet = { read: 0, hard: 0, full: 0, complaint: 0, unsubscribe: 0, soft: 0, delayed: 0, automatic: 0 };

export function feedbackCommands(program: Command): void {
  program
    .command("feedback <files...>")
    .description(
      "read bounces, complaints and mails of readers who leave: mails, mbox files or Maildir folders of the bounce mailbox; - is stdin",
    )
    .option("--json", "print one JSON object")
    .action(async (files: string[], { json }: { json?: boolean }) => {
      const told = await withContext(async ({ context }) => {
        const counts = { ...nothingYet, other: 0, unverified: 0, again: 0 };
        const progress = showProgress("mails");
        for (const file of files) {
          try {
            for await (const raw of readMailFiles(file)) {
              if (stopSignal.aborted) break;
              counts[await takeReturnedMail(context, raw)]++;
              counts.read++;
              progress.show(counts.read);
            }
          } catch (cause) {
            throw new PlainError(`${file} cannot be read: ${reasonOf(cause)}.`, { cause });
          }
        }
        progress.end();
        return counts;
      });
      answer(json, told, [
        `${told.read} read: ${told.hard} hard, ${told.full} full, ${told.complaint} complaints, ${told.unsubscribe} unsubscribed.`,
        `${told.soft + told.delayed + told.automatic + told.other + told.again} change nothing, ${told.unverified} bear no return path of ours and are passed over.`,
      ]);
      if (stopSignal.aborted) throw new PlainError("Stopped; run it again for the rest.");
    });
}
