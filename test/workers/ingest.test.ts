// Does the stage ingest store, count and record what a source answered?
import { sql } from "drizzle-orm";
import { beforeEach, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { papers, sourceRuns } from "../../src/db/schema.ts";
import { readHistories } from "../../src/db/source-runs.ts";
import { importFiles, ingest, runIngest } from "../../workers/ingest.ts";
import { keys, quietQueue, silent } from "../support/context.ts";
import { useDatabase } from "../support/database.ts";
import { driveClock, openTestHttp, startSource } from "../support/fake-source.ts";

const base = useDatabase();
beforeEach(async () => {
  await base.db.execute(sql`truncate papers, source_runs cascade`);
});

const entry = (id: string, listed: string, upvotes = 1) => ({
  paper: {
    id,
    title: `Paper ${id}`,
    summary: "An abstract.",
    authors: [{ name: "Ada Lovelace" }],
    submittedOnDailyAt: listed,
    upvotes,
  },
  numComments: 2,
});

async function openTest(start: string, lists: Record<string, unknown[]>) {
  const source = await startSource((url) => {
    const list = lists[url.searchParams.get("date") ?? ""];
    return list ? { body: JSON.stringify(list) } : { status: 400, body: '{"error":"no list"}' };
  });
  const clock = driveClock(start);
  const http = openTestHttp(clock);
  const config = readConfig({ HUGGINGFACE_URL: source.url, LOG_LEVEL: "silent" });
  const queue = quietQueue();
  const context = { config, keys, db: base.db, queue, log: silent, now: clock.now };
  const run = (days: { from?: string; to?: string } = {}) =>
    runIngest(context, { source: "huggingface", ...days, http });
  return { source, clock, http, queue, context, run, lists };
}

test("a day ingested twice adds nothing the second time and refreshes the counts; match is rung", async () => {
  const { run, lists, queue } = await openTest("2026-03-03T12:00:00Z", {
    "2026-03-02": [entry("2603.00001", "2026-03-02T02:00:00Z"), entry("2603.00002", "2026-03-02T03:00:00Z")],
  });
  const days = { from: "2026-03-02", to: "2026-03-02" };
  expect(await run(days)).toEqual({ found: 2, new: 2, updated: 0, refused: [], texLeft: 0, outcome: "ok" });
  lists["2026-03-02"] = [entry("2603.00001", "2026-03-02T02:00:00Z", 50), entry("2603.00002", "2026-03-02T03:00:00Z")];
  expect(await run(days)).toEqual({ found: 2, new: 0, updated: 1, refused: [], texLeft: 0, outcome: "ok" });
  expect(queue.rings.map(({ name }) => name)).toEqual(["match", "match"]);
  const rows = await base.db.select().from(papers).orderBy(papers.canonicalId);
  expect(
    rows.map(({ canonicalId, upvotes, comments, listedOn }) => [canonicalId, upvotes, comments, listedOn]),
  ).toEqual([
    ["arxiv:2603.00001", 50, 2, "2026-03-02"],
    ["arxiv:2603.00002", 1, 2, "2026-03-02"],
  ]);
});

test("a regular run asks for the days since the last list and three before", async () => {
  const { run, source, clock } = await openTest("2026-03-03T12:00:00Z", {
    "2026-03-02": [entry("2603.00001", "2026-03-02T02:00:00Z")],
  });
  await run();
  expect(source.asked).toHaveLength(7);
  source.asked.length = 0;
  clock.set("2026-03-05T12:00:00Z");
  await run();
  expect(source.asked.map((path) => /date=([\d-]+)/.exec(path)?.[1])).toEqual([
    "2026-02-27",
    "2026-02-28",
    "2026-03-01",
    "2026-03-02",
    "2026-03-03",
    "2026-03-04",
    "2026-03-05",
  ]);
});

test("a long list is read page by page", async () => {
  const all = Array.from({ length: 130 }, (_, n) =>
    entry(`2603.1${String(n).padStart(4, "0")}`, "2026-03-02T02:00:00Z"),
  );
  const { run, source } = await openTest("2026-03-03T12:00:00Z", {});
  source.answer = (url) => {
    const from = Number(url.searchParams.get("p") ?? 0) * 100;
    return { body: JSON.stringify(all.slice(from, from + 100)) };
  };
  expect(await run({ from: "2026-03-02", to: "2026-03-02" })).toMatchObject({ found: 130, new: 130 });
  expect(source.asked).toHaveLength(2);
});

test("damaged entries are refused with their place, and the good ones of the batch go in", async () => {
  const { run } = await openTest("2026-03-03T12:00:00Z", {
    "2026-03-02": [
      entry("2603.00001", "2026-03-02T02:00:00Z"),
      "a string",
      { paper: { id: "2603.00002" } },
      { paper: { id: "2603.00003", title: " \n " } },
      { paper: { id: "2603.00004", title: "From the future", submittedOnDailyAt: "2031-01-01T00:00:00Z" } },
    ],
  });
  expect(await run({ from: "2026-03-02", to: "2026-03-02" })).toMatchObject({
    found: 1,
    new: 1,
    outcome: "ok",
    refused: [
      "Hugging Face 2026-03-02 [1]: expected an object, found text.",
      "Hugging Face 2026-03-02 [2].paper.title: expected text, found nothing.",
      "Hugging Face 2026-03-02 [3].paper.title: the title is empty.",
      "Hugging Face 2026-03-02 [4].paper.submittedOnDailyAt: 2031-01-01 lies in the future.",
    ],
  });
});

test("one damaged day fails the run but costs the other days nothing", async () => {
  const { run, source } = await openTest("2026-03-04T12:00:00Z", {});
  source.answer = (url) =>
    url.searchParams.get("date") === "2026-03-02"
      ? { type: "text/html", body: "<!DOCTYPE html><html>Sorry</html>" }
      : { body: JSON.stringify([entry("2603.00001", "2026-03-03T02:00:00Z")]) };
  expect(await run({ from: "2026-03-02", to: "2026-03-03" })).toMatchObject({
    new: 1,
    outcome: "failed",
    error: "Hugging Face 2026-03-02: a web page came where JSON was expected.",
  });
});

test("a day that the server cannot answer costs the later days nothing; two in a row end the run", async () => {
  const { run, source } = await openTest("2026-03-05T12:00:00Z", {});
  source.answer = (url) =>
    url.searchParams.get("date") === "2026-03-02"
      ? { status: 500 }
      : { body: JSON.stringify([entry("2603.00001", "2026-03-03T02:00:00Z")]) };
  expect(await run({ from: "2026-03-02", to: "2026-03-03" })).toMatchObject({ new: 1, outcome: "failed" });
  source.answer = () => ({ status: 500 });
  source.asked.length = 0;
  expect(await run({ from: "2026-03-02", to: "2026-03-05" })).toMatchObject({
    outcome: "failed",
    error: expect.stringMatching(/answers 500\.$/),
  });
  expect(new Set(source.asked.map((path) => /date=([\d-]+)/.exec(path)?.[1]))).toEqual(
    new Set(["2026-03-02", "2026-03-03"]),
  );
});

test("lists that arXiv announced while nobody asked come with the next look, once", async () => {
  const { source, context, http, clock } = await openTest("2026-03-02T12:00:00Z", {});
  const day = (name: string, id: string) =>
    `<rss xmlns:arxiv="http://arxiv.org/schemas/atom" version="2.0"><channel><title>cs.CL updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs.CL</link><pubDate>${name} Mar 2026 00:00:00 -0500</pubDate><item><title>Paper ${id}</title><description>On things.</description><guid>oai:arXiv.org:${id}v1</guid><arxiv:announce_type>new</arxiv:announce_type></item></channel></rss>`;
  const config = {
    ...context.config,
    ARXIV_CATEGORIES: ["cs.CL"],
    ARXIV_FEED_URL: source.url,
    ARXIV_API_URL: `${source.url}/api`,
  };
  const look = () => runIngest({ ...context, config }, { source: "arxiv", http });
  source.answer = () => ({ body: day("Mon, 02", "2603.00001") });
  await look();
  clock.set("2026-03-05T12:00:00Z");
  source.answer = (url) => ({
    body: url.pathname.startsWith("/rss")
      ? day("Thu, 05", "2603.00004")
      : `<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns="http://www.w3.org/2005/Atom"><title>arXiv Query</title><opensearch:totalResults>1</opensearch:totalResults><entry><id>http://arxiv.org/abs/2603.00002v1</id><title>The paper of Tuesday</title><published>2026-03-02T12:00:00Z</published><summary>On things.</summary><category term="cs.CL"/></entry></feed>`,
  });
  expect(await look()).toMatchObject({ found: 2, new: 2, outcome: "ok" });
  source.asked.length = 0;
  await look();
  expect(source.asked).toEqual(["/rss/cs.CL"]);
  const rows = await base.db.select().from(papers).orderBy(papers.canonicalId);
  expect(rows.map(({ listedOn }) => listedOn)).toEqual(["2026-03-02", "2026-03-03", "2026-03-05"]);
});

test("an unknown source and unreadable days are one sentence each, and nothing is recorded", async () => {
  const { run, context } = await openTest("2026-03-04T12:00:00Z", {});
  expect(await runIngest(context, { source: "nature" })).toMatchObject({
    outcome: "failed",
    error: expect.stringMatching(/^There is no source nature\.$/),
  });
  expect((await run({ from: "yesterday" })).error).toMatch(/^"yesterday" is not a day/);
  expect((await run({ from: "2026-03-04", to: "2026-03-02" })).error).toBe(
    "The first day, 2026-03-04, is after the last, 2026-03-02.",
  );
  expect(await base.db.select().from(sourceRuns)).toHaveLength(0);
});

test("two runs of one source at the same time: the second finds it busy", async () => {
  const { run } = await openTest("2026-03-04T12:00:00Z", {
    "2026-03-02": [entry("2603.00001", "2026-03-02T02:00:00Z")],
  });
  const outcomes = (await Promise.all([run(), run()])).map(({ outcome }) => outcome).sort();
  expect(outcomes).toEqual(["busy", "ok"]);
});

test("a run whose process died is recorded as failed by the next one", async () => {
  const { run, clock } = await openTest("2026-03-04T12:00:00Z", {});
  await base.db.insert(sourceRuns).values({ source: "huggingface", startedAt: new Date("2026-03-04T11:00:00Z") });
  await run();
  const rows = await base.db.select().from(sourceRuns).orderBy(sourceRuns.id);
  expect(rows.map(({ outcome }) => outcome)).toEqual(["failed", "empty"]);
  expect((await readHistories(base.db, clock.now())).get("huggingface")?.failingSince).toBeNull();
});

test("the stage asks only when it is time, and rings itself again after a failure", async () => {
  const { context, queue, source, clock } = await openTest("2026-03-04T12:00:00Z", {});
  await base.db.insert(sourceRuns).values({
    source: "huggingface",
    startedAt: new Date("2026-03-04T11:50:00Z"),
    outcome: "failed",
    error: "Hugging Face did not answer in time.",
    nextTryAt: new Date("2026-03-04T12:05:00Z"),
  });
  await ingest.run(context, { source: "huggingface" }, new AbortController().signal);
  expect(source.asked).toEqual([]);
  clock.set("2026-03-04T12:05:00Z");
  source.answer = () => ({ status: 403, body: "no" });
  await ingest.run(context, { source: "huggingface" }, new AbortController().signal);
  expect(source.asked.length).toBeGreaterThan(0);
  expect(queue.rings).toEqual([{ name: "ingest", data: { source: "huggingface" } }]);
});

test("a file that is not there, and one that holds nothing known, are refused by name", async () => {
  const { context } = await openTest("2026-03-04T12:00:00Z", {});
  const run = await importFiles(context, ["/nowhere/papers.json", import.meta.filename]);
  expect(run).toMatchObject({
    found: 0,
    outcome: "failed",
    refused: [
      "papers.json: there is no such file.",
      "ingest.test.ts: neither the daily page as text, nor JSON, JSON lines or a feed in XML.",
    ],
  });
});

test("arXiv completes what Hugging Face brought: its title, authors and categories, and no second paper", async () => {
  const { source, context, http, clock } = await openTest("2026-03-03T12:00:00Z", {
    "2026-03-03": [entry("2603.00001", "2026-03-03T02:00:00Z", 7)],
  });
  const lists = source.answer;
  source.answer = (url, request) => {
    if (url.pathname.startsWith("/rss"))
      return {
        body: '<rss version="2.0"><channel><title>cs.CL updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs.CL</link></channel></rss>',
      };
    if (url.pathname !== "/api") return lists(url, request);
    return {
      body: `<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom"><title>arXiv Query</title><opensearch:totalResults>1</opensearch:totalResults><entry><id>http://arxiv.org/abs/2603.00001v2</id><title>The title of arXiv</title><published>2026-03-02T10:00:00Z</published><summary>Better.</summary><author><name>Ada Lovelace</name></author><author><name>Grace Hopper</name></author><category term="cs.CL"/></entry></feed>`,
    };
  };
  const config = {
    ...context.config,
    ARXIV_CATEGORIES: ["cs.CL"],
    ARXIV_FEED_URL: source.url,
    ARXIV_API_URL: `${source.url}/api`,
  };
  await runIngest({ ...context, config }, { source: "huggingface", http });
  const run = await runIngest({ ...context, config }, { source: "arxiv", http });
  expect(run).toMatchObject({ found: 1, new: 0, updated: 1, outcome: "ok" });
  expect(await base.db.select().from(papers)).toMatchObject([
    {
      source: "arxiv",
      title: "The title of arXiv",
      authors: ["Ada Lovelace", "Grace Hopper"],
      categories: ["cs.CL"],
      upvotes: 7,
      listedOn: "2026-03-03",
    },
  ]);
  source.asked.length = 0;
  clock.set("2026-03-03T15:00:00Z");
  await runIngest({ ...context, config }, { source: "arxiv", http });
  expect(source.asked.filter((path) => path.startsWith("/api"))).toEqual([]);
});
