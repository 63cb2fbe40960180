// Which papers does the demo show? Invented ones, marked as samples, on whatever day they are wanted.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { readAbstract, readableName, readableTitle } from "../core/ingest/readable.ts";
import type { PaperDraft } from "../core/paper.ts";

const file = path.join(import.meta.dirname, "../../samples/papers.json");
const sample = z.object({
  id: z.string(),
  title: z.string(),
  abstract: z.string(),
  authors: z.array(z.string()),
  organization: z.string().nullable(),
  categories: z.array(z.string()),
  upvotes: z.number(),
  comments: z.number(),
  stars: z.number(),
  /** The hour (UTC) at which it was listed. */
  hour: z.number(),
});

/** The sample papers (source `sample`, ids `sample:01` …) as if they had been listed on `listDay`, `YYYY-MM-DD`. */
export async function readSamples(listDay: string): Promise<PaperDraft[]> {
  const samples = z.array(sample).parse(JSON.parse(await readFile(file, "utf8")));
  return samples.map(({ id, hour, organization, title, abstract, authors, ...counts }) => ({
    ...counts,
    source: "sample",
    canonicalId: `sample:${id}`,
    title: readableTitle(title),
    ...readAbstract(abstract),
    authors: authors.map(readableName),
    ...(organization && { organization }),
    keywords: [],
    links: {},
    listedOn: listDay,
    listedAt: new Date(`${listDay}T${String(hour).padStart(2, "0")}:00:00Z`),
    announce: "new",
  }));
}
