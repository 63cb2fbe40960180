// The commands about topics: topics list, check, apply, backtest; evaluate.
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Command } from "commander";
import { runMatch } from "../../workers/match.ts";
import { readLabelledPapers } from "../core/match/evaluate.ts";
import { readTopicsFile } from "../core/match/topics-file.ts";
import { backtest } from "../db/backtest.ts";
import { evaluateTopics } from "../db/labelled.ts";
import { applyTopics, listOfferedTopics } from "../db/topics.ts";
import { PlainError } from "../main.ts";
import { answer, stopSignal, wholeNumber, withContext } from "./support.ts";

export function topicCommands(program: Command): void {
  const topics = program.command("topics").description("the topics on offer");
  topics
    .command("list")
    .description("slug, name and area of each")
    .option("--json", "print one JSON object")
    .action(async ({ json }: { json?: boolean }) => {
      const offered = await withContext(({ context }) => listOfferedTopics(context.db));
      answer(
        json,
        { topics: offered },
        offered.map(({ slug, name, area }) => `${slug}\t${name}\t${area}`),
      );
    });
  topics
    .command("check <file>")
    .description("say what is wrong with a topics file")
    .option("--json", "print one JSON object")
    .action(async (file: string, { json }: { json?: boolean }) => {
      const read = await readFileOrSay(file);
      answer(json, { topics: read }, `${read.length} topics, all well.`);
    });
  topics
    .command("apply <file>")
    .description("offer the topics of a file and put them to the recent papers")
    .option("--json", "print one JSON object")
    .action(async (file: string, { json }: { json?: boolean }) => {
      const read = await readFileOrSay(file);
      const told = await withContext(async ({ context }) => {
        await applyTopics(context.db, read, context.now());
        const { papers, matches } = await runMatch(context, { signal: stopSignal });
        return { papers, matches, kept: path.resolve(context.config.TOPICS_FILE) === path.resolve(file) };
      });
      answer(
        json,
        { topics: read.map(({ slug }) => slug), papers: told.papers, matches: told.matches },
        `${read.length} topics on offer, put to ${told.papers} papers: ${told.matches} matches.`,
      );
      if (!told.kept)
        console.error("The next start offers the topics of TOPICS_FILE again; set it to this file to keep these.");
    });
  topics
    .command("backtest <rules>")
    .description("what rules would have matched in the last days")
    .option("--days <n>", "how many days", wholeNumber, 7)
    .option("--json", "print one JSON object")
    .action(async (rules: string, { days, json }: { days: number; json?: boolean }) => {
      const told = await withContext(({ context }) => backtest(context.db, { rules, days, now: context.now() }));
      if (told.kind === "error") throw new PlainError(`${told.message} (at character ${told.at + 1})`);
      const { matches } = told;
      answer(json, { topics: [], matches }, [
        `${matches.length} papers, ${told.perDay.toFixed(1)} a day (${told.verdict}).`,
        ...matches.map(({ title }) => title),
      ]);
    });

  program
    .command("evaluate <file>")
    .description("precision, recall and F1 of the topics on labelled papers")
    .option("--json", "print one JSON object")
    .action(async (file: string, { json }: { json?: boolean }) => {
      const labelled = readLabelledPapers(await readText(file));
      if (labelled.kind === "error") throw new PlainError(`${file}: ${labelled.message}`);
      const told = await withContext(
        async ({ context }) => evaluateTopics(context.db, await listOfferedTopics(context.db), labelled.papers),
        { topics: "of the file" },
      );
      const percent = (value: number) => value.toFixed(3);
      answer(json, told, [
        `micro  precision ${percent(told.precision)}  recall ${percent(told.recall)}  F1 ${percent(told.f1)}`,
        ...Object.entries(told.topics).map(
          ([name, { precision, recall, f1, positives }]) =>
            `${percent(precision)}  ${percent(recall)}  ${percent(f1)}  ${String(positives).padStart(3)}  ${name}`,
        ),
      ]);
    });
}

async function readFileOrSay(file: string) {
  const read = readTopicsFile(await readText(file));
  if (read.kind === "error") throw new PlainError(`${file} needs a look:\n  ${read.problems.join("\n  ")}`);
  return read.topics;
}

async function readText(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause) => {
    throw new PlainError(`${file} cannot be read.`, { cause });
  });
}
