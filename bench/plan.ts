// How long does planning take? All readers at once by COPY and k-way merge beside two obvious ways in SQL, in one run.
import { fork } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import path from "node:path";
import { groupNearDuplicates } from "../src/core/plan/near-duplicate.ts";
import { WINDOW_DAYS } from "../src/core/plan/plan.ts";
import { closeDatabase, connectDatabase, type Database, migrateDatabase } from "../src/db/connect.ts";
import { startEmbeddedDatabase } from "../src/db/embedded.ts";
import { median } from "./numbers.ts";
import type { PlannedApart } from "./plan-apart.ts";
import { CAP, DAY_MS, FIRST, fillPlanning, PAPERS_A_DAY, TOPICS } from "./planning-data.ts";

/** Readers of the slow ways: what the larger sample takes beside the smaller is what a reader takes, without what all share. */
const SAMPLES = { lateral: [50, 150], windowed: [200, 800] } as const;
/** Readers compared with the reference. */
const CHECKED = 500;
/** Days that all readers, 10,000 and one of them are planned on; each of the three by one process, which is new on its first day. */
const DAYS = { all: 3, some: 5, one: 5 };
/** Plans `readers` who are all due, then 10,000 and one of them, on following days; throws where a choice is not the reference's. */
export async function run([readers = "1000000", sent = "10"]: string[] = []): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "paperboy-bench-"));
  const server = await startEmbeddedDatabase({ dataDir });
  const db = connectDatabase(server.url, 4);
  try {
    await migrateDatabase(db);
    const days = DAYS.all + DAYS.some + DAYS.one;
    await fillPlanning(db, { readers: Number(readers), sentBefore: Number(sent), days });
    await compare(db, { url: server.url, dataDir, readers: Number(readers) });
  } finally {
    await closeDatabase(db);
    await server.stop({ force: true });
    await rm(dataDir, { recursive: true, force: true });
  }
}

type Measured = { url: string; dataDir: string; readers: number };

async function compare(db: Database, { url, dataDir, readers }: Measured): Promise<void> {
  console.log(
    `${readers} readers with 4 of ${TOPICS} topics (Zipf), ${PAPERS_A_DAY * WINDOW_DAYS} papers in the window, at most ${CAP} a digest`,
  );
  console.log("  embedded PostgreSQL as it is started for everybody; planner and database share the cores");
  const slow = [
    { way: "lateral join", msEach: await timeEach(db, lateral, SAMPLES.lateral) },
    { way: "row_number()", msEach: await timeEach(db, windowed, SAMPLES.windowed) },
  ];
  const expected = await chooseByFullSort(db, Math.min(CHECKED, readers));

  let day = 0;
  const planDays = async (days: number, afterFirst?: () => Promise<void>): Promise<Run[]> => {
    const runs: Run[] = [];
    const planner = openPlanner(url);
    for (const last = day + days; day < last; day++) {
      await db.$client.query("vacuum analyze subscribers, sent_papers, digests");
      await db.$client.query("checkpoint");
      const before = await serverCpuMs(dataDir);
      const run = await planner.plan(FIRST + day * DAY_MS);
      runs.push({ ...run, serverMs: (await serverCpuMs(dataDir)) - before });
      if (runs.length === 1) await afterFirst?.();
    }
    planner.close();
    return runs;
  };
  const all = await planDays(DAYS.all, () => checkChoices(db, expected));
  const rest = (last: number) =>
    db.$client.query("update subscribers set due_at = '2027-01-01' where id > $1 and due_at < '2027-01-01'", [last]);
  await rest(10_000);
  const some = await planDays(DAYS.some);
  await rest(1);
  const one = await planDays(DAYS.one);

  const best = median(all.map(({ ms }) => ms));
  say(`all ${readers}, a day each`, all);
  say("10,000 of them, a day each", some);
  say("one of them, a day each", one);
  for (const { way, msEach } of slow)
    console.log(
      `  SQL, ${way.padEnd(22)} ${((msEach * readers) / 1_000).toFixed(0)} s (${((msEach * readers) / best).toFixed(0)} times), ` +
        `scaled from ${msEach.toFixed(2)} ms a reader; no folding, no balance of topics`,
    );
  console.log(
    `  load of the machine meanwhile: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(", ")} (1, 5, 15 minutes)`,
  );
}

type Run = PlannedApart & { serverMs: number };

function say(what: string, runs: Run[]): void {
  const times = runs.map(({ ms }) => ms);
  const planned = new Set(runs.map(({ planned }) => planned));
  console.log(
    `  ${what.padEnd(27)} ${(median(times) / 1_000).toFixed(3)} s (${times.map((ms) => (ms / 1_000).toFixed(3)).join(", ")}), ` +
      `${[...planned].join("/")} digests, peak memory ${Math.max(...runs.map(({ rssMb }) => rssMb))} MB, planner's CPU ${(median(runs.map(({ cpuMs }) => cpuMs)) / 1_000).toFixed(2)} s, PostgreSQL's ${(median(runs.map(({ serverMs }) => serverMs)) / 1_000).toFixed(2)} s`,
  );
}

/** CPU time of the server and all its processes, those that ended too (proc_pid_stat(5): fields 4 and 14 to 17, in hundredths); Linux only. */
async function serverCpuMs(dataDir: string): Promise<number> {
  const [pid = ""] = (await readFile(path.join(dataDir, "postgres/postmaster.pid"), "utf8")).split("\n");
  let ticks = 0;
  for (const name of await readdir("/proc").catch(() => [])) {
    const stat = /^\d+$/.test(name) ? await readFile(`/proc/${name}/stat`, "utf8").catch(() => "") : "";
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (name !== pid && fields[1] !== pid) continue;
    for (const field of fields.slice(11, name === pid ? 15 : 13)) ticks += Number(field);
  }
  return ticks * 10;
}

/** Plans in a process of its own, so that its memory and CPU are its own. */
function openPlanner(url: string): { plan: (now: number) => Promise<PlannedApart>; close: () => void } {
  const child = fork(path.join(import.meta.dirname, "plan-apart.ts"), [url]);
  return {
    plan: (now) =>
      new Promise((resolve, reject) => {
        child.once("message", (answer) => resolve(answer as PlannedApart));
        child.once("error", reject);
        child.once("exit", (code) => reject(new Error(`the planner ended with ${code}`)));
        child.send(now);
      }),
    close: () => child.disconnect(),
  };
}

const value = `0.5 * m.score / (m.score + 1) + 0.3 * greatest(0.3, (p.upvotes + 2 * p.comments + sqrt(p.stars)) / (p.upvotes + 2 * p.comments + sqrt(p.stars) + 20))
  + 0.2 * power(0.5, extract(epoch from $1::timestamptz - p.listed_at) / 172800)`;
const inWindow = `p.listed_at > $1::timestamptz - interval '${WINDOW_DAYS} days' and p.listed_at <= $1`;

/** What one would write first: for each reader the best papers of their topics that they did not get. */
const lateral = `select r.id, best.papers, best.topics from subscribers r join sent_papers sent on sent.subscriber_id = r.id cross join lateral (
    select array_agg(paper_id order by value desc) as papers, array_agg(topic_id order by value desc) as topics from (
      select paper_id, min(topic_id) as topic_id, max(value) as value from (
        select m.paper_id, m.topic_id, ${value} as value from subscriptions s join matches m on m.topic_id = s.topic_id
        join papers p on p.id = m.paper_id where s.subscriber_id = r.id and ${inWindow} and m.paper_id <> all (sent.paper_ids)) found
      group by paper_id order by value desc limit ${CAP}) chosen) best
  where r.due_at <= $1 and r.state = 'confirmed' and r.id <= $2`;

/** The same as one set, with a window function. */
const windowed = `select id, array_agg(paper_id order by value desc), array_agg(topic_id order by value desc) from (
    select id, paper_id, topic_id, value, row_number() over (partition by id order by value desc) as nth from (
      select r.id, m.paper_id, min(m.topic_id) as topic_id, max(m.value) as value
      from subscribers r join subscriptions s on s.subscriber_id = r.id join sent_papers on sent_papers.subscriber_id = r.id
      join (select m.topic_id, m.paper_id, ${value} as value from matches m join papers p on p.id = m.paper_id where ${inWindow}) m
        on m.topic_id = s.topic_id and m.paper_id <> all (sent_papers.paper_ids)
      where r.due_at <= $1 and r.state = 'confirmed' and r.id <= $2 group by r.id, m.paper_id) found) ranked
  where nth <= ${CAP} group by id`;

/** Chooses, writes digests and what was sent, and moves the readers on, as planning does; then takes it back. */
async function timeSql(db: Database, choose: string, sample: number): Promise<number> {
  const client = await db.$client.connect();
  try {
    await client.query("begin");
    const started = performance.now();
    await client.query(
      `insert into digests (subscriber_id, edition_date, expires_at, paper_ids, topic_ids, state, planned_at)
        select id, '2026-03-02', $1::timestamptz + interval '1 day', papers, topics, 'planned', $1 from (${choose}) chosen(id, papers, topics)
        on conflict do nothing`,
      [new Date(FIRST), sample],
    );
    await client.query(
      "update sent_papers set paper_ids = sent_papers.paper_ids || digests.paper_ids from digests where digests.subscriber_id = sent_papers.subscriber_id",
    );
    await client.query("update subscribers set due_at = due_at + interval '1 day' where due_at <= $1 and id <= $2", [
      new Date(FIRST),
      sample,
    ]);
    const ms = performance.now() - started;
    await client.query("rollback");
    return ms;
  } finally {
    client.release();
  }
}

/** Milliseconds a reader, from two samples. */
async function timeEach(db: Database, choose: string, [few, many]: readonly [number, number]): Promise<number> {
  const [less, more] = [await timeSql(db, choose, few), await timeSql(db, choose, many)];
  return (more - less) / (many - few);
}

type Choice = { papers: number[]; topics: number[]; more: number };

/** The formula of core/plan/rank.ts the plain way: after each choice all that is left is sorted again. */
async function chooseByFullSort(db: Database, checked: number): Promise<Map<number, Choice>> {
  const since = new Date(FIRST - WINDOW_DAYS * DAY_MS);
  const papers = await db.$client.query(
    "select id, title, upvotes, comments, stars, listed_at from papers where listed_at > $1 and listed_at <= $2 order by id",
    [since, new Date(FIRST)],
  );
  const groups = groupNearDuplicates(papers.rows.map(({ title }) => title));
  const known = new Map(
    papers.rows.map(({ id, upvotes, comments, stars, listed_at }, at) => {
      const earned = upvotes + 2 * comments + Math.sqrt(stars);
      const freshness = 0.5 ** ((FIRST - listed_at.getTime()) / DAY_MS / 2);
      return [
        id as number,
        { group: groups[at] ?? 0, base: 0.3 * Math.max(0.3, earned / (earned + 20)) + 0.2 * freshness },
      ];
    }),
  );
  const matches = await db.$client.query("select paper_id, topic_id, score from matches");
  const readers = await db.$client.query(
    `select id::int, array(select topic_id from subscriptions where subscriber_id = id order by 1) as topics, paper_ids as sent
      from subscribers join sent_papers on subscriber_id = id where id <= $1`,
    [checked],
  );
  const byTopic = new Map<number, { paper: number; topic: number; group: number; value: number }[]>();
  for (const { paper_id: paper, topic_id: topic, score } of matches.rows) {
    const { group, base } = known.get(paper) ?? {};
    if (group === undefined || base === undefined) continue;
    const list = byTopic.get(topic) ?? [];
    byTopic.set(topic, list);
    list.push({ paper, topic, group, value: (0.5 * score) / (score + 1) + base });
  }
  // A topic offers its best 500.
  for (const [topic, list] of byTopic)
    byTopic.set(topic, list.sort((a, b) => b.value - a.value || b.paper - a.paper).slice(0, 500));
  const choices = new Map<number, Choice>();
  for (const { id, topics, sent } of readers.rows) {
    const choice: Choice = { papers: [], topics: [], more: 0 };
    const closed = new Set(sent.flatMap((paper: number) => known.get(paper)?.group ?? []));
    let left = topics.flatMap((topic: number) => byTopic.get(topic) ?? []) as {
      paper: number;
      topic: number;
      group: number;
      value: number;
    }[];
    for (;;) {
      left = left.filter(({ group }) => !closed.has(group));
      if (choice.papers.length === CAP) break;
      const taken = (topic: number) => choice.topics.filter((other) => other === topic).length;
      const now = new Map(left.map((one) => [one, one.value * 0.8 ** taken(one.topic)]));
      const [best] = left.toSorted(
        (a, b) => (now.get(b) ?? 0) - (now.get(a) ?? 0) || a.topic - b.topic || b.paper - a.paper,
      );
      if (!best) break;
      choice.papers.push(best.paper);
      choice.topics.push(best.topic);
      closed.add(best.group);
    }
    choice.more = new Set(left.map(({ group }) => group)).size;
    choices.set(id, choice);
  }
  return choices;
}

async function checkChoices(db: Database, expected: Map<number, Choice>): Promise<void> {
  const { rows } = await db.$client.query(
    "select subscriber_id::int as id, paper_ids as papers, topic_ids as topics, more from digests where subscriber_id <= $1",
    [expected.size],
  );
  for (const { id, ...choice } of rows)
    if (JSON.stringify(choice) !== JSON.stringify(expected.get(id)))
      throw new Error(`reader ${id}: ${JSON.stringify(choice)} instead of ${JSON.stringify(expected.get(id))}`);
  if (rows.length !== expected.size) throw new Error(`${rows.length} digests instead of ${expected.size}`);
  console.log(`  ${rows.length} digests hold what a plain full sort chooses, in the same order`);
}
