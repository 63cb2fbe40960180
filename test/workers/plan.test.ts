// Does everyone who is due get their papers once, whatever happens to the planner meanwhile?
import { fork } from "node:child_process";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { closeDatabase, connectDatabase } from "../../src/db/connect.ts";
import { listEditionCards } from "../../src/db/editions.ts";
import { savePreferences } from "../../src/db/subscribers.ts";
import { castVote, undoVote } from "../../src/db/votes.ts";
import { runPlan } from "../../workers/plan.ts";
import { useDatabase } from "../support/database.ts";
import { listDigests, planningContext, startAfresh, storeMatched, storeReader, topicIds } from "../support/planning.ts";

const database = useDatabase();
const at = (text: string) => new Date(text);
const planAt = (text: string, options: { everyone?: boolean; dryRun?: boolean } = {}) =>
  runPlan(planningContext(database.db), { now: at(text), ...options });
const marked = async (reader: number, edition: string) => {
  const { rows } = await database.db.$client.query(
    "select id::int from digests where subscriber_id = $1 and edition_date = $2",
    [reader, edition],
  );
  return (await listEditionCards(database.db, rows[0].id)).map(({ paperId, earlier }) => ({ paperId, earlier }));
};
const sentTo = async (reader: number): Promise<number[]> =>
  (await database.db.$client.query("select paper_ids from sent_papers where subscriber_id = $1", [reader])).rows[0]
    ?.paper_ids ?? [];

beforeEach(() => startAfresh(database.db));

describe("what a reader gets", () => {
  it("what fell to the cap comes the next day, marked as earlier, and nothing comes twice", async () => {
    const reader = await storeReader(database.db, { max_papers: 2 });
    const first = await storeMatched(database.db, [
      "2026-03-02T01:00:00Z",
      "2026-03-02T02:00:00Z",
      "2026-03-02T03:00:00Z",
    ]);
    await planAt("2026-03-02T07:00:00Z");
    const [fresh] = await storeMatched(database.db, ["2026-03-03T01:00:00Z"]);
    await planAt("2026-03-03T07:00:00Z");
    await planAt("2026-03-04T07:00:00Z");
    const digests = await listDigests(database.db, reader);
    expect(digests.map(({ papers, more }) => [papers.length, more])).toEqual([
      [2, 1],
      [2, 0],
      [0, 0],
    ]);
    expect(digests.flatMap(({ papers }) => papers).sort()).toEqual([...first, fresh].sort());
    expect(await marked(reader, "2026-03-03")).toEqual([
      { paperId: fresh, earlier: false },
      { paperId: first[0], earlier: true },
    ]);
  });

  it("a paper that its source listed before the last edition and that came after it is marked as earlier", async () => {
    const reader = await storeReader(database.db);
    await planAt("2026-03-02T07:00:00Z");
    const [late] = await storeMatched(database.db, ["2026-03-01T20:00:00Z"]);
    await planAt("2026-03-03T07:00:00Z");
    expect(await marked(reader, "2026-03-03")).toEqual([{ paperId: late, earlier: true }]);
  });

  it("the same paper in the same edition is earlier for a daily reader and news for a weekly one", async () => {
    const daily = await storeReader(database.db);
    const weekly = await storeReader(database.db, { cadence: "weekly" });
    const [paperId] = await storeMatched(database.db, ["2026-02-26T12:00:00Z"]);
    await planAt("2026-03-02T07:00:00Z");
    expect(await marked(daily, "2026-03-02")).toEqual([{ paperId, earlier: true }]);
    expect(await marked(weekly, "2026-03-02")).toEqual([{ paperId, earlier: false }]);
  });

  it("after a pause of twelve days there is one digest with what the window holds", async () => {
    const reader = await storeReader(database.db);
    const now = at("2026-03-02T08:00:00Z");
    await savePreferences(database.db, { subscriberId: reader, choices: { pausedUntil: "2026-03-14" }, now });
    const days = Array.from({ length: 14 }, (_, day) => String(day + 3).padStart(2, "0"));
    for (const day of days) await storeMatched(database.db, [`2026-03-${day}T01:00:00Z`]);
    for (const day of days) await planAt(`2026-03-${day}T07:00:00Z`);
    const digests = await listDigests(database.db, reader);
    expect(digests.map(({ edition, papers }) => [edition, papers.length])).toEqual([
      ["2026-03-14", 8],
      ["2026-03-15", 1],
      ["2026-03-16", 1],
    ]);
    const { rows } = await database.db.$client.query("select state, paused_until from subscribers");
    expect(rows).toEqual([{ state: "confirmed", paused_until: null }]);
  });

  it("a pause that is not over holds, whatever the next moment says", async () => {
    await storeMatched(database.db, ["2026-03-02T01:00:00Z"]);
    await storeReader(database.db, { state: "paused", paused_until: "2026-03-05" });
    expect(await planAt("2026-03-04T07:00:00Z")).toMatchObject({ due: 0, planned: 0 });
    expect(await planAt("2026-03-05T07:00:00Z")).toMatchObject({ due: 1, planned: 1 });
  });

  it.each(["pending", "unsubscribed", "suppressed"])("%s readers get nothing", async (state) => {
    await storeMatched(database.db, ["2026-03-02T01:00:00Z"]);
    await storeReader(database.db, { state });
    expect(await planAt("2026-03-02T07:00:00Z")).toMatchObject({ due: 0 });
    expect(await planAt("2026-03-02T07:00:00Z", { everyone: true })).toMatchObject({ due: 0 });
    expect(await listDigests(database.db)).toEqual([]);
  });

  it("at least one upvote leaves out papers without any, and a day of only those says so", async () => {
    const reader = await storeReader(database.db, { min_upvotes: 3 });
    await storeMatched(database.db, ["2026-03-02T01:00:00Z"]);
    await planAt("2026-03-02T07:00:00Z");
    const [liked] = await storeMatched(database.db, ["2026-03-03T01:00:00Z"], { upvotes: 3 });
    await planAt("2026-03-03T07:00:00Z");
    expect(await listDigests(database.db, reader)).toMatchObject([
      { state: "skipped", reason: "1 paper matched, none with 3 upvotes or more" },
      { state: "planned", papers: [liked], more: 0 },
    ]);
  });

  it("words left out hold for one reader and not for another", async () => {
    const [one, other] = await storeMatched(database.db, ["2026-03-02T01:00:00Z", "2026-03-02T02:00:00Z"]);
    await database.db.$client.query("update papers set title = 'A survey of everything' where id = $1", [one]);
    const spared = await storeReader(database.db, { excluded: "survey" });
    const unreadable = await storeReader(database.db, { excluded: '"survey' });
    await planAt("2026-03-02T07:00:00Z");
    expect(await listDigests(database.db, spared)).toMatchObject([{ papers: [other], more: 0 }]);
    expect((await listDigests(database.db, unreadable))[0]?.papers).toHaveLength(2);
  });

  it("a topic of one's own brings its papers to nobody else", async () => {
    const [owner, stranger] = [await storeReader(database.db), await storeReader(database.db)];
    const { rows } = await database.db.$client.query(
      "insert into topics (slug, name, rules, owner_id) values ('saved', 'Mine', 'x', $1) returning id",
      [owner],
    );
    const [paper] = await storeMatched(database.db, ["2026-03-02T01:00:00Z"], { topicId: rows[0].id });
    await planAt("2026-03-02T07:00:00Z");
    expect(await listDigests(database.db, owner)).toMatchObject([{ papers: [paper] }]);
    expect(await listDigests(database.db, stranger)).toMatchObject([{ state: "skipped", reason: "nothing matched" }]);
  });

  it("less of one paper puts those like it last in the next digest, of that reader only, until it is undone", async () => {
    const [reader, other] = [await storeReader(database.db), await storeReader(database.db)];
    const ids = await storeMatched(database.db, [
      "2026-03-02T01:00:00Z",
      "2026-03-03T01:00:00Z",
      "2026-03-03T02:00:00Z",
      "2026-03-04T01:00:00Z",
      "2026-03-04T02:00:00Z",
    ]);
    const title = (id: number | undefined, words: string) =>
      database.db.$client.query("update papers set title = $2 where id = $1", [id, words]);
    const [voted] = ids;
    await title(voted, "Frogs that hop over ponds");
    await title(ids[1], "Bridges built of glass");
    await title(ids[2], "Frogs hop farther over wide ponds at night");
    await title(ids[3], "Clocks made of sand");
    await title(ids[4], "Frogs rarely hop over deep ponds in spring");
    const order = async (who: number, day: string) =>
      (await listDigests(database.db, who)).find(({ edition }) => edition === day)?.papers;
    await planAt("2026-03-02T07:00:00Z");
    const vote = { subscriberId: reader, paperId: voted ?? 0 };
    await castVote(database.db, { ...vote, direction: "less" }, at("2026-03-02T09:00:00Z"));
    await planAt("2026-03-03T07:00:00Z");
    expect(await order(reader, "2026-03-03")).toEqual([ids[1], ids[2]]);
    expect(await order(other, "2026-03-03")).toEqual([ids[2], ids[1]]);
    await undoVote(database.db, vote);
    await planAt("2026-03-04T07:00:00Z");
    expect(await order(reader, "2026-03-04")).toEqual([ids[4], ids[3]]);
  });

  it("of forty days nothing comes twice, and the list of what was sent stays short", async () => {
    const reader = await storeReader(database.db, { max_papers: 5 });
    for (let day = 0; day < 40; day++) {
      const morning = Date.parse("2026-03-02T01:00:00Z") + day * 86_400_000;
      await storeMatched(
        database.db,
        Array.from({ length: 5 }, () => new Date(morning).toISOString()),
      );
      await planAt(new Date(morning + 6 * 3_600_000).toISOString());
    }
    const papers = (await listDigests(database.db, reader)).flatMap(({ papers }) => papers);
    expect(papers).toHaveLength(200);
    expect(new Set(papers).size).toBe(200);
    expect((await sentTo(reader)).length).toBeLessThanOrEqual(10 * 5 + 30);
  });
});

describe("replays", () => {
  it("of a day long gone bring nothing that the ledger knows, and move nobody's next moment back", async () => {
    const reader = await storeReader(database.db, { due_at: "2026-06-01T07:00:00Z" });
    const [paper, other] = await storeMatched(database.db, ["2026-03-02T01:00:00Z", "2026-03-03T01:00:00Z"]);
    await database.db.$client.query(
      `insert into digests (subscriber_id, edition_date, state, paper_ids, topic_ids, planned_at, expires_at)
        values ($1, '2026-03-02', 'sent', array[$2::int], '{1}', '2026-03-02T07:00:00Z', '2026-03-03T07:00:00Z')`,
      [reader, paper],
    );
    expect(await planAt("2026-03-03T07:00:00Z", { everyone: true })).toMatchObject({ due: 1, planned: 1 });
    expect((await listDigests(database.db, reader)).at(-1)?.papers).toEqual([other]);
    const { rows } = await database.db.$client.query("select due_at from subscribers");
    expect(rows).toEqual([{ due_at: at("2026-06-01T07:00:00Z") }]);
  });

  it("that only ask write nothing", async () => {
    await storeReader(database.db);
    await storeMatched(database.db, ["2026-03-02T01:00:00Z"]);
    const dry = await planAt("2026-03-02T07:00:00Z", { dryRun: true });
    expect(dry).toMatchObject({ due: 1, planned: 1, skipped: 0, ranges: [] });
    expect(await listDigests(database.db)).toEqual([]);
    expect(await planAt("2026-03-02T07:00:00Z")).toMatchObject({ due: 1, planned: 1 });
  });
});

describe("many readers at once", () => {
  /** 600 readers in twelve cells of ids. */
  const storeCrowd = async (): Promise<void> => {
    await storeMatched(database.db, ["2026-03-02T01:00:00Z", "2026-03-02T02:00:00Z"]);
    await database.db.$client.query(
      `insert into subscribers (id, email, state, due_at)
        select 20000 * (n % 12) + n, 'crowd' || n || '@example.org', 'confirmed', '2026-03-02T07:00:00Z' from generate_series(1, 600) n`,
    );
    await database.db.$client.query("insert into subscriptions select id, $1 from subscribers", [topicIds.language]);
  };
  const expectEveryoneOnce = async () => {
    const digests = await listDigests(database.db);
    expect(digests).toHaveLength(600);
    expect(new Set(digests.map(({ reader }) => reader)).size).toBe(600);
    expect(digests.every(({ state, papers }) => state === "planned" && papers.length === 2)).toBe(true);
    const { rows } = await database.db.$client.query(
      `select count(*)::int as readers from subscribers join digests on subscriber_id = subscribers.id join sent_papers using (subscriber_id)
        where due_at = '2026-03-03T07:00:00Z' and sent_papers.paper_ids = digests.paper_ids`,
    );
    expect(rows).toEqual([{ readers: 600 }]);
  };

  it("are each planned once; deliver is rung for every digest, a bounded number a job", async () => {
    await storeCrowd();
    const context = planningContext(database.db);
    const { ranges, planned } = await runPlan(context, { now: at("2026-03-02T07:00:00Z") });
    expect(planned).toBe(600);
    await expectEveryoneOnce();
    expect(context.queue.rings).toEqual(ranges.map((data) => ({ name: "deliver", data })));
    expect(ranges.every(({ from, to }) => to - from < 1_000)).toBe(true);
    const { rows } = await database.db.$client.query("select id::int from digests");
    for (const { id } of rows) expect(ranges.some(({ from, to }) => from <= id && id <= to)).toBe(true);
  });

  it("by two planners at once are each planned once, and both end with nobody left", async () => {
    await storeCrowd();
    const other = connectDatabase(database.url, 5);
    try {
      const now = at("2026-03-02T07:00:00Z");
      const both = await Promise.all([
        runPlan(planningContext(database.db), { now }),
        runPlan(planningContext(other), { now }),
      ]);
      expect(both.reduce((sum, { planned }) => sum + planned, 0)).toBe(600);
      await expectEveryoneOnce();
      expect(await planAt("2026-03-02T07:00:00Z")).toEqual({ due: 0, planned: 0, skipped: 0, ranges: [] });
    } finally {
      await closeDatabase(other);
    }
  });

  it("are planned once by a second run when a cell failed half-way, which leaves nothing of that cell behind", async () => {
    await storeCrowd();
    await database.db.$client.query(
      `create function stumble() returns trigger language plpgsql as $$ begin raise 'stumbled'; end $$;
      create trigger stumble before update on sent_papers for each row when (new.subscriber_id / 20000 = 7) execute function stumble()`,
    );
    await expect(planAt("2026-03-02T07:00:00Z")).rejects.toThrow();
    const { rows } = await database.db.$client.query(
      `select (select count(*)::int from digests where subscriber_id / 20000 = 7) as digests,
        (select count(*)::int from subscribers where id / 20000 = 7 and due_at <= '2026-03-02T07:00:00Z') as due`,
    );
    expect(rows).toEqual([{ digests: 0, due: 50 }]);
    await database.db.$client.query("drop function stumble cascade");
    await planAt("2026-03-02T07:01:00Z");
    await expectEveryoneOnce();
  });

  it.each([1, 4, 8])("are planned once though a planner was killed after %i of its cells", async (cells) => {
    await storeCrowd();
    await killPlannerAfter(cells);
    const before = await listDigests(database.db);
    expect(before.length).toBeGreaterThanOrEqual(50 * cells);
    expect(before.length).toBeLessThan(600);
    expect(before.length % 50).toBe(0);
    await planAt("2026-03-02T07:01:00Z");
    await expectEveryoneOnce();
  });

  /** Runs a planner in a process of its own that ends by kill -9 at its nth ring. */
  const killPlannerAfter = (rings: number) =>
    new Promise<void>((resolve, reject) => {
      const file = path.join(import.meta.dirname, "../support/plan-child.ts");
      const child = fork(file, [database.url, "2026-03-02T07:00:00Z", String(rings)], {
        execArgv: ["--import", "tsx"],
      });
      child.once("error", reject);
      child.once("exit", (code, signal) =>
        signal === "SIGKILL" ? resolve() : reject(new Error(`the planner ended with ${code}`)),
      );
    });
});
