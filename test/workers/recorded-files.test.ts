// Does every recorded file of arXiv and Hugging Face go in, or is it refused with the right sentence?
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { papers } from "../../src/db/schema.ts";
import { readPaperFiles } from "../../src/sources/files.ts";
import { type IngestRun, importFiles } from "../../workers/ingest.ts";
import { keys, quietQueue, silent } from "../support/context.ts";
import { useDatabase } from "../support/database.ts";
import { findRecorded } from "../support/recorded.ts";

const now = new Date("2026-11-24T12:00:00Z");
const root = findRecorded("arxiv") && findRecorded("huggingface") && findRecorded(".");
const files = root ? ["arxiv", "huggingface"].flatMap((folder) => listFiles(root, folder)) : [];

/** The files that hold no papers or not only papers, and what is said about each; the others are counted. */
const sentences: Record<string, string[]> = {
  "arxiv/api/400__id_abc_s0_m100_b79c8dcf6bc3.xml": [
    "400__id_abc_s0_m100_b79c8dcf6bc3.xml: arXiv says: incorrect id format for abc.",
  ],
  "arxiv/errors/429_rate_exceeded.http": [
    "429_rate_exceeded.http: a recorded answer with status 429 Too Many Requests, which holds no papers.",
  ],
  "arxiv/errors/503_retry_after.http": [
    "503_retry_after.http: a recorded answer with status 503 Service Unavailable, which holds no papers.",
  ],
  "arxiv/feeds/rss_error_bad_archive.xml": [
    "rss_error_bad_archive.xml: arXiv says: Bad archive 'heplat'. Valid archive names are: astro-ph, cond-mat, cs, econ, eess, gr-qc, hep-ex, hep-lat, hep-ph, hep-th, math, math-ph, nlin, nucl-ex, nucl-th, physics, q-bio, q-fin, quant-ph, stat, test.",
  ],
  "arxiv/taxonomy.json": [
    "taxonomy.json: expected a list of daily papers, found an object with groups, archives, categories and category_aliases.",
  ],
  "huggingface/daily/2024-12-11.json": ["2024-12-11.json [0]: expected an object, found text (and 25 more like it)."],
  "huggingface/daily/2025-01-10.json": [
    "2025-01-10.json: expected a list of daily papers, found an object with status, date, count and data.",
  ],
  "huggingface/page.expected.json": [
    "page.expected.json [0]: expected an id, a doi or a url to know the paper by (and 79 more like it).",
  ],
};

/** How many papers a file lists, counted without our readers. */
function countPapers(file: string): number {
  const text = readFileSync(path.join(root ?? "", file), "utf8");
  if (sentences[file]) return 0;
  if (file.endsWith(".xml")) return (text.match(/<(?:item|entry|record)>/g) ?? []).length;
  if (file.endsWith(".txt")) return (text.match(/^\s*• [\d,]+ authors?$/gm) ?? []).length;
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? list.filter((one) => typeof one?.paper?.title === "string").length : 0;
}

describe.skipIf(files.length === 0)("the recorded files", () => {
  const base = useDatabase();
  const open = () => {
    const config = readConfig({ LOG_LEVEL: "silent" });
    return { config, keys, db: base.db, queue: quietQueue(), log: silent, now: () => now };
  };
  const outcomes = new Map<string, IngestRun>();

  test.each(files)("%s", async (file) => {
    const run = await importFiles(open(), [path.join(root ?? "", file)]);
    outcomes.set(file, run);
    expect({ found: run.found, refused: run.refused }).toEqual({
      found: countPapers(file),
      refused: sentences[file] ?? [],
    });
    expect(run.outcome).toBe(sentences[file] ? "failed" : run.found === 0 ? "empty" : "ok");
  });

  test("are listed with their outcomes, one row a paper, and a second time nothing is new", async () => {
    const lines = [...outcomes].map(
      ([file, { found, new: fresh, updated, refused }]) =>
        `${file}: ${refused.length > 0 ? refused.join(" ") : `${found} found, ${fresh} new, ${updated} updated`}`,
    );
    process.stdout.write(`${lines.join("\n")}\n`);
    expect(outcomes.size).toBe(files.length);
    const stored = [...outcomes.values()].reduce((sum, run) => sum + run.new, 0);
    expect(await base.db.$count(papers)).toBe(stored);
    const twice = await base.db.execute(
      sql`select lower(title) from papers where authors <> '{}' group by lower(title), authors having count(*) > 1`,
    );
    expect(twice.rows).toEqual([]);
    const again = await importFiles(
      open(),
      files.map((file) => path.join(root ?? "", file)),
    );
    expect({ new: again.new, refused: again.refused.length }).toEqual({
      new: 0,
      refused: Object.keys(sentences).length,
    });
  });

  test("of Hugging Face put every paper on the day of their name, with its votes", async () => {
    for (const file of files.filter((name) => /daily\/\d{4}-\d{2}-\d{2}\.json$/.test(name))) {
      for await (const { drafts } of readPaperFiles([path.join(root ?? "", file)], now))
        for (const draft of drafts) {
          expect(draft).toMatchObject({ source: "huggingface", listedOn: path.basename(file, ".json") });
          expect(draft.upvotes).toBeGreaterThanOrEqual(0);
          expect(draft.canonicalId).toMatch(/^arxiv:\d{4}\.\d{5}$/);
        }
    }
  });

  test("of arXiv's announcements: new and cross-listed papers are news, replacements are not", async () => {
    for (const file of files.filter((name) => /feeds\//.test(name))) {
      const text = readFileSync(path.join(root ?? "", file), "utf8");
      const types = [...text.matchAll(/<arxiv:announce_type>(\w+)/g)].map(([, type]) => type ?? "");
      const read: string[] = [];
      for await (const { drafts } of readPaperFiles([path.join(root ?? "", file)], now))
        read.push(...drafts.map(({ announce }) => announce));
      expect(read).toEqual(types.map((type) => (type.startsWith("replace") ? "replace" : "new")));
    }
  });
});

function listFiles(folder: string, below: string): string[] {
  const here = path.join(folder, below);
  if (!existsSync(here)) return [];
  return readdirSync(here, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory()
        ? listFiles(folder, path.posix.join(below, entry.name))
        : [path.posix.join(below, entry.name)],
    )
    .sort();
}
