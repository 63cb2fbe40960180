// The commands that bring papers in: ingest, import.
import { SingleBar } from "cli-progress";
import type { Command } from "commander";
import { importFiles, runIngest } from "../../workers/ingest.ts";
import { runMatch } from "../../workers/match.ts";
import { answer, day, withContext } from "./support.ts";

type Told = { found: number; new: number; updated: number; refused: string[]; matches: number };

export function ingestCommands(program: Command): void {
  program
    .command("ingest <source>")
    .description("fetch, store and match the papers of a source; default since the last run")
    .option("--from <date>", "first list day, YYYY-MM-DD", day)
    .option("--to <date>", "last list day, YYYY-MM-DD", day)
    .option("--json", "print one JSON object")
    .action(async (source: string, { json, ...days }: { from?: string; to?: string; json?: boolean }) => {
      const told = await withContext(async ({ context }) => {
        const progress = showProgress(json);
        const run = await runIngest(context, { source, ...days, onProgress: progress.show });
        progress.end();
        const { matches } = await runMatch(context);
        return { run, told: { found: run.found, new: run.new, updated: run.updated, refused: run.refused, matches } };
      });
      say(json, told.told);
      if (told.run.outcome === "failed") {
        console.error(told.run.error ?? "The source failed.");
        process.exitCode = 1;
      }
    });

  program
    .command("import <files...>")
    .description("bring in papers from files: page text, daily_papers JSON, arXiv Atom, RSS, OAI-PMH, JSON lines")
    .option("--json", "print one JSON object")
    .action(async (files: string[], { json }: { json?: boolean }) => {
      const told = await withContext(async ({ context }) => {
        const progress = showProgress(json);
        const run = await importFiles(context, files, progress.show);
        progress.end();
        const { matches } = await runMatch(context);
        return { found: run.found, new: run.new, updated: run.updated, refused: run.refused, matches };
      });
      say(json, told);
      if (told.found === 0 && told.refused.length > 0) process.exitCode = 1;
    });
}

function say(json: boolean | undefined, told: Told): void {
  answer(json, told, [
    `${told.found} found, ${told.new} new, ${told.updated} updated, ${told.refused.length} refused, ${told.matches} matches.`,
    ...told.refused.map((sentence) => `refused: ${sentence}`),
  ]);
}

/** A bar on a terminal, nothing elsewhere. */
function showProgress(json: boolean | undefined): { show: (done: number, total?: number) => void; end: () => void } {
  if (json || !process.stderr.isTTY) return { show: () => {}, end: () => {} };
  const bar = new SingleBar({ format: "{bar} {value}/{total}", stream: process.stderr, hideCursor: true });
  let started = false;
  return {
    show(done, total = done) {
      if (!started) bar.start(total, done);
      started = true;
      bar.setTotal(total);
      bar.update(done);
    },
    end: () => bar.stop(),
  };
}
