// The commands that bring papers in: ingest, import.
import type { Command } from "commander";
import { type IngestRun, importFiles, runIngest } from "../../workers/ingest.ts";
import { runMatch } from "../../workers/match.ts";
import { sourceNames } from "../config.ts";
import { namedDays } from "../core/ingest/source-run.ts";
import { findSource } from "../sources/sources.ts";
import { showProgress } from "./progress.ts";
import { answer, period, readSettings, withContext } from "./support.ts";

type Asked = { from?: string; to?: string; json?: boolean };
type Told = { found: number; new: number; updated: number; refused: string[]; matches: number; texLeft: number };

export function ingestCommands(program: Command): void {
  program
    .command("ingest <source>")
    .description("fetch, store and match the papers of a source; default since the last run")
    .option("--from <date>", "first list day, YYYY-MM-DD; whole weeks as YYYY-Www, months as YYYY-MM", period)
    .option("--to <date>", "last list day, week or month", period)
    .option("--json", "print one JSON object")
    .action(async (source: string, { json, ...days }: Asked, command: Command) => {
      const problem = problemOf(source, days);
      if (problem !== undefined) command.error(`error: ${problem}`);
      await withContext(async ({ context }) => {
        const progress = showProgress("papers of");
        const run = await runIngest(context, { source, ...days, onProgress: progress.show });
        progress.end();
        const { matches } = await runMatch(context);
        say(json, toldOf(run, matches));
        if (run.outcome !== "failed" && run.outcome !== "busy") return;
        console.error(run.error ?? "The source failed.");
        process.exitCode = 1;
      });
    });

  program
    .command("import <files...>")
    .description("bring in papers from files: page text, daily_papers JSON, arXiv Atom, RSS, OAI-PMH, JSON lines")
    .option("--json", "print one JSON object")
    .action(async (files: string[], { json }: { json?: boolean }) => {
      await withContext(async ({ context }) => {
        const progress = showProgress("file");
        const run = await importFiles(context, files, progress.show);
        progress.end();
        const { matches } = await runMatch(context);
        say(json, toldOf(run, matches));
        if (run.found === 0 && run.refused.length > 0) process.exitCode = 1;
      });
    });
}

function problemOf(source: string, { from, to }: Asked): string | undefined {
  if (!findSource(source, readSettings()))
    return `There is no source ${source}; there are ${sourceNames.join(", ")} and feeds by URL.`;
  const days = from === undefined && to === undefined ? undefined : namedDays(from, to, new Date());
  return typeof days === "string" ? days : undefined;
}

function toldOf({ found, new: fresh, updated, refused, texLeft }: IngestRun, matches: number): Told {
  return { found, new: fresh, updated, refused, matches, texLeft };
}

function say(json: boolean | undefined, told: Told): void {
  const share = ((100 * told.texLeft) / told.found).toFixed(2);
  answer(json, told, [
    `${told.found} found, ${told.new} new, ${told.updated} updated, ${told.refused.length} refused, ${told.matches} matches.`,
    ...(told.found > 0 ? [`${share} % of the titles have a sign of TeX left (\\, $ or {).`] : []),
    ...told.refused.map((sentence) => `refused: ${sentence}`),
  ]);
}
