// Does everybody hear why a day is quiet: front page, digest and operator, over a source that misbehaves, with the clock driven?
import { sql } from "drizzle-orm";
import { beforeEach, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { applyTopics } from "../../src/db/topics.ts";
import { listConfiguredSources } from "../../src/sources/sources.ts";
import { runIngest } from "../../workers/ingest.ts";
import { runMatch } from "../../workers/match.ts";
import { runPlan } from "../../workers/plan.ts";
import { useApp } from "../support/app.ts";
import { driveClock, openTestHttp, startSource } from "../support/fake-source.ts";
import { confirmReader, offered } from "../support/web-data.ts";

const password = "an operator's long password";
const app = useApp(
  { ADMIN_PASSWORD: password, LOG_LEVEL: "silent" },
  { sources: listConfiguredSources(readConfig({})) },
);

/** Public pages are kept for a second under their address. */
let asked = 0;

beforeEach(async () => {
  await app.db.execute(sql`truncate papers, source_runs, subscribers, topics cascade`);
  await applyTopics(app.db, offered, app.now);
});

/** A fake source for both names, a reader who gets a digest at each hour asked, and what each place says. */
async function openTest(start: string, names: ("huggingface" | "arxiv")[]) {
  const source = await startSource(() => ({ status: 400, body: "no list" }));
  const clock = driveClock(start);
  const http = openTestHttp(clock);
  const settings = { HUGGINGFACE_URL: source.url, ARXIV_FEED_URL: source.url, ARXIV_API_URL: `${source.url}/api` };
  const config = readConfig({ ...settings, ARXIV_CATEGORIES: "cs.RO", SOURCES: names.join(","), LOG_LEVEL: "silent" });
  const context = { ...app.context, config, now: clock.now };
  let readers = 0;
  return {
    source,
    clock,
    /** Asks every source and matches, as the stages do. */
    async look(at?: string) {
      if (at) clock.set(at);
      const runs = [];
      for (const name of names) runs.push(await runIngest(context, { source: name, http }));
      await runMatch(context);
      return runs;
    },
    /** What a reader who is due now gets: papers, or the reason. */
    async digest(): Promise<{ papers: number; reason: string | null }> {
      app.now = clock.now();
      const hour = clock.now().getUTCHours();
      const reader = await confirmReader(app, `reader${++readers}@example.net`, ["robotics"], {
        hour,
        timezone: "UTC",
      });
      await runPlan(context, { now: clock.now(), everyone: true });
      const { rows } = await app.db.execute<{ papers: number; reason: string | null }>(
        sql`select cardinality(paper_ids)::int as papers, reason from digests where subscriber_id = ${reader.id}`,
      );
      if (!rows[0]) throw new Error("no digest was planned");
      return rows[0];
    },
    async front(): Promise<string[]> {
      app.now = clock.now();
      const page = await (await app.get(`/?asked=${++asked}`)).text();
      return [...page.matchAll(/<li class="source[^"]*">([^<]*)\.<\/li>/g)].map(([, says = ""]) => plain(says));
    },
    async operator(): Promise<string> {
      app.now = clock.now();
      const login = await app.post("/admin/login", { password });
      const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
      return plain(await (await app.get("/admin", { headers: { cookie } })).text());
    },
  };
}

const plain = (html: string) => html.replaceAll("&#39;", "'").replaceAll("&amp;", "&");
const entry = (n: number, day: string, title = `Paper number ${n}`) => ({
  paper: { id: `2603.${10_000 + n}`, title, summary: "On things.", submittedOnDailyAt: `${day}T02:00:00Z`, upvotes: 1 },
  numComments: 0,
});
const daily = (lists: Record<string, unknown[]>) => (url: URL) => {
  const list = lists[url.searchParams.get("date") ?? ""];
  return list ? { body: JSON.stringify(list) } : { status: 400, body: "no list" };
};
const feed = (day: string, ids: number[]) => {
  const items = ids.map(
    (n) =>
      `<item><title>Paper number ${n}</title><link>https://arxiv.org/abs/2603.${10_000 + n}</link><description>arXiv:2603.${10_000 + n}v1 Announce Type: new\nAbstract: On things.</description><guid>oai:arXiv.org:2603.${10_000 + n}v1</guid><pubDate>${day} 00:00:00 -0500</pubDate><arxiv:announce_type>new</arxiv:announce_type></item>`,
  );
  return `<rss xmlns:arxiv="http://arxiv.org/schemas/atom" version="2.0"><channel><title>cs.RO updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs.RO</link><pubDate>${day} 00:00:00 -0500</pubDate>${items.join("")}</channel></rss>`;
};
const six = [1, 2, 3, 4, 5, 6];

test("a stale feed with a fresh date: it repeats what it listed before, and that is no quiet day", async () => {
  const { source, look, digest, front, operator } = await openTest("2026-03-02T06:30:00Z", ["arxiv"]);
  source.answer = () => ({ type: "text/xml", body: feed("Mon, 02 Mar 2026", six) });
  expect(await look()).toMatchObject([{ outcome: "ok", new: 6 }]);
  source.answer = () => ({ type: "text/xml", body: feed("Tue, 03 Mar 2026", six) });
  expect(await look("2026-03-03T06:30:00Z")).toMatchObject([
    { outcome: "stale", new: 0, error: "arXiv repeats what it listed before: all 6 papers are known." },
  ]);
  const says = "arXiv repeats what it listed before: nothing new since 06:30 (UTC)";
  expect(await digest()).toEqual({ papers: 0, reason: says });
  expect(await front()).toContain(says);
  expect(await operator()).toContain(says);
  // A feed that does not even change its date is late when its hour has passed.
  source.answer = () => ({ type: "text/xml", body: feed("Tue, 03 Mar 2026", [7, ...six]) });
  await look("2026-03-03T08:00:00Z");
  expect(await front()).toContain("arXiv's list of Tuesday 3 March has 7 papers");
  await look("2026-03-04T10:30:00Z");
  expect(await digest()).toEqual({ papers: 0, reason: "arXiv's list of Wednesday 4 March is late" });
});

test("a time-out: it has not answered since …, trying again at …, until it answers", async () => {
  const { source, clock, look, digest, front, operator } = await openTest("2026-03-03T07:10:00Z", ["huggingface"]);
  source.answer = () => ({ silent: true });
  expect(await look()).toMatchObject([
    { outcome: "failed", found: 0, error: expect.stringMatching(/did not answer in time\.$/) },
  ]);
  const says = "Hugging Face has not answered since 07:10, trying again at 07:15 (UTC)";
  expect(await digest()).toEqual({ papers: 0, reason: says });
  expect(await front()).toContain(says);
  expect(await operator()).toContain(says);
  await look("2026-03-03T07:15:30Z");
  await look("2026-03-03T07:21:00Z");
  expect(await front()).toEqual(["Hugging Face has not answered since 07:10, trying again at 07:32 (UTC)"]);
  source.answer = daily({ "2026-03-03": [entry(1, "2026-03-03")] });
  clock.set("2026-03-03T07:32:30Z");
  await look();
  expect(await front()).toEqual(["Hugging Face's list of Tuesday 3 March has 1 paper so far"]);
});

test("an empty weekend is no list on weekends, and no alarm", async () => {
  const { source, look, digest, front, operator } = await openTest("2026-03-06T08:00:00Z", ["huggingface", "arxiv"]);
  const lists = daily({ "2026-03-06": [entry(21, "2026-03-06")] });
  source.answer = (url) =>
    url.pathname.startsWith("/rss") ? { type: "text/xml", body: feed("Fri, 06 Mar 2026", six) } : lists(url);
  await look();
  source.answer = (url) =>
    url.pathname.startsWith("/rss") ? { type: "text/xml", body: feed("Sat, 07 Mar 2026", []) } : lists(url);
  expect(await look("2026-03-07T09:00:00Z")).toMatchObject([{ outcome: "ok", new: 0 }, { outcome: "empty" }]);
  expect(await digest()).toEqual({ papers: 0, reason: "no list on weekends" });
  expect(await front()).toEqual(["Hugging Face has no list on weekends", "arXiv announced nothing on Friday"]);
  const page = await operator();
  expect(page).toContain("arXiv announced nothing on Friday");
  expect(page).not.toContain("state-bad");
});

test("a partial list that fills up an hour later: so far, and then it is there", async () => {
  const { source, look, digest, front, operator } = await openTest("2026-03-03T04:00:00Z", ["huggingface"]);
  const first = six.slice(0, 3).map((n) => entry(n, "2026-03-03"));
  source.answer = daily({ "2026-03-03": first });
  await look();
  const says = "Hugging Face's list of Tuesday 3 March has 3 papers so far";
  expect(await digest()).toEqual({ papers: 0, reason: `nothing matched yet: ${says}` });
  expect(await front()).toEqual([says]);
  expect(await operator()).toContain(says);
  const robot = entry(9, "2026-03-03", "Robotic manipulation with a robot arm that learns grasping for robots");
  source.answer = daily({ "2026-03-03": [...first, entry(8, "2026-03-03"), robot] });
  expect(await look("2026-03-03T05:00:00Z")).toMatchObject([{ outcome: "ok", new: 2 }]);
  expect(await digest()).toEqual({ papers: 1, reason: null });
  expect(await front()).toEqual(["Hugging Face's list of Tuesday 3 March has 5 papers so far"]);
  await look("2026-03-03T12:30:00Z");
  expect(await front()).toEqual(["Hugging Face's list of Tuesday 3 March has 5 papers"]);
});
