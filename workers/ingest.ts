// The stage ingest: what is new at one source? Asks it, stores papers, records the run; wakes match.
import type { Context } from "../src/context.ts";
import type { SourceHistory } from "../src/core/ingest/freshness.ts";
import { hasTexLeft } from "../src/core/ingest/readable.ts";
import { askAgainAt, namedDays, outcomeOf, regularDays, retryAt } from "../src/core/ingest/source-run.ts";
import { listIncompletePapers, storePapers } from "../src/db/papers.ts";
import { endRun, type RunOutcome, readHistories, startRun, withSourceLock } from "../src/db/source-runs.ts";
import { readPaperFiles } from "../src/sources/files.ts";
import type { Http } from "../src/sources/http.ts";
import { type Batch, type Source, SourceError } from "../src/sources/source.ts";
import { findSource } from "../src/sources/sources.ts";
import { stage } from "./stage.ts";

/** A paper whose own source does not know it is asked for on three days only. */
const COMPLETED_FOR_MS = 3 * 86_400_000;
const MOST_COMPLETED = 300;

type Needs = Pick<Context, "config" | "db" | "queue" | "log" | "now">;
export type IngestRun = {
  found: number;
  new: number;
  updated: number;
  /** One sentence for each thing that was not understood. */
  refused: string[];
  /** Of the papers found, how many titles still hold signs of TeX. */
  texLeft: number;
  outcome: RunOutcome | "busy";
  error?: string;
};
type Progress = (done: number, total: number, at: string) => void;

export const ingest = stage({
  name: "ingest",
  async run(context, { source: name }, signal) {
    const source = findSource(name, context.config);
    const now = context.now();
    const history = (await readHistories(context.db, now)).get(name);
    if (source && askAgainAt(source, history, now) > now) return;
    const run = await runIngest(context, { source: name, signal });
    const detail = { source: name, found: run.found, new: run.new, updated: run.updated, refused: run.refused.length };
    if (run.outcome !== "failed") return context.log.info({ ...detail, outcome: run.outcome }, "source asked");
    context.log.warn({ ...detail, error: run.error }, "source failed");
    if (!source) return;
    const again = (await readHistories(context.db, context.now())).get(name)?.nextTryAt;
    if (again)
      await context.queue.ring("ingest", { source: name }, { delayMs: again.getTime() - context.now().getTime() });
  },
});

let shared: Promise<Http> | undefined;
/** The one client of this process, so that its lanes hold for all runs; 20 MB that a process which only sends never needs. */
function sharedHttp(): Promise<Http> {
  shared ??= import("../src/sources/http.ts").then(({ openHttp }) => openHttp());
  return shared;
}

/** Asks one source for the days given (`2026-03-02`, or whole weeks `2026-W10` or months `2026-03`), else since its last run. */
export async function runIngest(
  context: Needs,
  ask: {
    source: string;
    from?: string;
    to?: string;
    onProgress?: Progress | undefined;
    signal?: AbortSignal | undefined;
    http?: Http;
  },
): Promise<IngestRun> {
  const { db } = context;
  const source = findSource(ask.source, context.config);
  // A name that a job still carries and the settings no longer hold.
  if (!source) return nothing(`There is no source ${ask.source}.`);
  const run = await withSourceLock(db, source.name, async () => {
    const now = context.now();
    const history = (await readHistories(db, now)).get(source.name);
    const named = ask.from !== undefined || ask.to !== undefined;
    const days = named ? namedDays(ask.from, ask.to, now) : regularDays(history, source.rereadDays, now);
    if (typeof days === "string") return nothing(days);
    const scheme = named ? undefined : source.completes;
    const since = new Date(now.getTime() - COMPLETED_FOR_MS);
    const incomplete = scheme && (await listIncompletePapers(db, { scheme, since, limit: MOST_COMPLETED }));
    const known = history?.listDay ?? undefined;
    const asked = { ...days, regular: !named, known, now, signal: ask.signal, ...(incomplete && { incomplete }) };
    const batches = source.fetch(asked, ask.http ?? (await sharedHttp()));
    return await recordRun(context, source, batches, { history, onProgress: ask.onProgress });
  });
  return run ?? { ...nothing(`${source.title} is being asked by another process.`), outcome: "busy" };
}

/** Reads files of any format that sources write; damaged files and papers are refused in sentences, the others go in. */
export async function importFiles(context: Needs, files: string[], onProgress?: Progress): Promise<IngestRun> {
  const batches = readPaperFiles(files, context.now());
  return await recordRun(context, { name: "import", title: "The files" }, batches, { history: undefined, onProgress });
}

async function recordRun(
  { db, queue, now }: Needs,
  source: Pick<Source, "name" | "title">,
  batches: AsyncIterable<Batch>,
  { history, onProgress }: { history: SourceHistory | undefined; onProgress: Progress | undefined },
): Promise<IngestRun> {
  const startedAt = now();
  const id = await startRun(db, source.name, startedAt);
  const total = { found: 0, new: 0, updated: 0 };
  const refused: string[] = [];
  let texLeft = 0;
  const asides = new Set<string>();
  const tally = { news: 0, repeated: 0, claimedDay: undefined as string | undefined };
  const lists = new Map<string, Set<string>>();
  let failure: unknown;
  try {
    for await (const batch of batches) {
      const stored = await storePapers(db, batch.drafts, now());
      total.found += batch.drafts.length;
      total.new += stored.new;
      total.updated += stored.updated;
      refused.push(...batch.refused, ...stored.refused);
      if (batch.aside) for (const sentence of batch.refused) asides.add(sentence);
      texLeft += batch.drafts.filter(({ title }) => hasTexLeft(title)).length;
      countNews(batch, stored.repeated, tally, lists);
      onProgress?.(batch.done, batch.total, batch.at);
    }
  } catch (error) {
    failure = error;
  }
  const ended =
    failure === undefined
      ? outcomeOf({ ...total, ...tally, refused: refused.filter((one) => !asides.has(one)) }, source, history)
      : failed(failure, startedAt, now());
  const retry = failure instanceof SourceError ? failure.retryAt : undefined;
  const listDay = [...lists.keys()].sort().at(-1);
  await endRun(
    db,
    id,
    {
      ...total,
      refused: refused.length,
      outcome: ended.outcome,
      error: ended.error ?? null,
      listDay: listDay ?? null,
      listed: lists.get(listDay ?? "")?.size ?? 0,
      nextTryAt: ended.outcome === "failed" ? retryAt(history, now(), retry) : null,
    },
    now(),
  );
  if (total.new + total.updated > 0)
    await queue.ring("match", {}, { id: `after-${source.name.replace(/\W/g, "-")}-${id}` });
  if (failure !== undefined && !(failure instanceof SourceError) && !isAbort(failure)) throw failure;
  return { ...total, refused, texLeft, ...ended };
}

/** Counts what a batch lists as news, and by list day unless all of it was known from earlier days. */
function countNews(
  { drafts, listDay }: Batch,
  repeated: number,
  tally: { news: number; repeated: number; claimedDay: string | undefined },
  lists: Map<string, Set<string>>,
): void {
  const listed = drafts.filter(({ announce }) => announce === "new");
  // A list whose papers all bear earlier days is yesterday's list under today's name.
  const earlier = listDay === undefined ? 0 : listed.filter(({ listedOn }) => listedOn < listDay).length;
  const seenBefore = Math.max(repeated, earlier);
  tally.news += listed.length;
  tally.repeated += seenBefore;
  if (listDay === undefined) return;
  if (tally.claimedDay === undefined || listDay > tally.claimedDay) tally.claimedDay = listDay;
  if (seenBefore === listed.length) return;
  const list = lists.get(listDay) ?? new Set();
  for (const { canonicalId, listedOn } of listed) if (listedOn === listDay) list.add(canonicalId);
  lists.set(listDay, list);
}

function failed(failure: unknown, startedAt: Date, now: Date): { outcome: "failed"; error: string } {
  if (failure instanceof SourceError) return { outcome: "failed", error: failure.message };
  if (isAbort(failure)) return { outcome: "failed", error: "Paperboy was stopped before the answer was read." };
  const seconds = Math.round((now.getTime() - startedAt.getTime()) / 1000);
  return { outcome: "failed", error: `Something went wrong on our side after ${seconds} s; the log says what.` };
}

const isAbort = (error: unknown) => error instanceof Error && error.name === "AbortError";
const nothing = (error: string): IngestRun => ({
  found: 0,
  new: 0,
  updated: 0,
  refused: [],
  texLeft: 0,
  outcome: "failed",
  error,
});
