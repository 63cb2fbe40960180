// What does a database forget that dies without a word? Planning does not wait for the disk, so nobody may have got what is gone.
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { emptyCardCache } from "../../src/db/cards.ts";
import { closeDatabase, connectDatabase, type Database, migrateDatabase } from "../../src/db/connect.ts";
import { type ClaimedDigest, claimDigests, markUncertain, recordOutcomes } from "../../src/db/digests.ts";
import { runPlan } from "../../workers/plan.ts";
import { type MortalServer, startMortalServer } from "../support/mortal-server.ts";
import { planningContext, startAfresh, storeMatched, topicIds } from "../support/planning.ts";
import { mulberry32 } from "../support/random.ts";

const seed = Number(process.env["SEED"] ?? 20_261_126);
const READERS = 240;
const DAYS = ["2026-03-02", "2026-03-03"];
const CRASHES = 2;
const worker = "1";

let server: MortalServer;
let db: Database;
beforeAll(async () => {
  // What nobody waits for stays unwritten until somebody waits for something after it.
  server = await startMortalServer(["-c", "jit=off", "-c", "wal_writer_delay=10s"]);
  db = connectDatabase(server.url, 8);
  await migrateDatabase(db);
});
afterAll(async () => {
  await closeDatabase(db);
  await server.stop();
});
beforeEach(async () => {
  await startAfresh(db);
  await db.$client.query(
    `insert into subscribers (id, email, state, max_papers, due_at)
      select 20000 * (n % 12) + n, 'crowd' || n || '@example.org', 'confirmed', 2, '2026-03-02T07:00:00Z' from generate_series(1, ${READERS}) n`,
  );
  await db.$client.query("insert into subscriptions select id, $1 from subscribers", [topicIds.language]);
});

it("forgets nothing that was claimed; nobody gets a paper twice, and everybody is planned once in the end", {
  timeout: 60_000,
}, async () => {
  const random = mulberry32(seed);
  let minutes = 0;
  /** What was given out to be sent, by digest. */
  const given = new Map<number, ClaimedDigest>();
  let forgotten = 0;

  /** Plans and sends side by side until everything is done, or a crash after so many claims; one after a cell comes before any claim. */
  async function live(day: string, crash: { after: "cell" | "claim" | "everything"; count: number }): Promise<void> {
    const now = new Date(Date.parse(`${day}T07:00:00Z`) + 60_000 * minutes++);
    const context = planningContext(db);
    let over = false;
    const planned: { from: number; to: number }[] = [];
    let dying: Promise<void> | undefined;
    const die = async () => {
      over = true;
      dying ??= server.kill("die too");
      await dying;
    };
    const ring: typeof context.queue.ring = async (_name, data) => {
      if ("from" in data) planned.push({ from: data.from, to: data.to });
      if (crash.after === "cell" && --crash.count === 0) await die();
    };
    const planning = runPlan({ ...context, queue: { ...context.queue, ring } }, { now }).finally(() => {
      over = true;
    });
    const sending = (async () => {
      for (let last = crash.after === "cell"; !last; ) {
        last = over;
        const which = { from: 1, to: 1_000_000, limit: 10, now, worker, cards: emptyCardCache() };
        const { claimed } = await db.transaction((transaction) => claimDigests(transaction, which));
        for (const digest of claimed) {
          expect(given.get(digest.id) ?? digest).toMatchObject({ cards: digest.cards, email: digest.email });
          given.set(digest.id, digest);
        }
        if (claimed.length > 0 && crash.after === "claim" && --crash.count === 0) await die();
        await new Promise((resolve) => setTimeout(resolve, 3));
        const outcomes = claimed.map(({ id }) => ({ id, state: "sent" as const, answer: "250" }));
        if (claimed.length > 0) await recordOutcomes(db, { outcomes, worker, now });
        last &&= claimed.length === 0;
      }
    })();
    const ended = await Promise.allSettled([planning, sending]);
    if (dying === undefined) {
      for (const end of ended) if (end.status === "rejected") throw end.reason;
      return;
    }
    await server.restart();
    const { rows } = await db.$client.query(
      "select count(*)::int as there from digests join unnest($1::int[], $2::int[]) as rung(first, last) on id between first and last",
      [planned.map(({ from }) => from), planned.map(({ to }) => to)],
    );
    forgotten += planned.reduce((sum, { from, to }) => sum + to - from + 1, 0) - rows[0].there;
    await markUncertain(db, new Date(now.getTime() + 1_000), 0);
  }

  async function look(): Promise<void> {
    const { rows } = await db.$client.query(
      `select id::int, digests.subscriber_id::int as reader, state, digests.paper_ids as papers, sent_papers.paper_ids as noted
        from digests left join sent_papers using (subscriber_id)`,
    );
    const found = new Map(rows.map((row) => [row.id, row]));
    const had = new Set<string>();
    for (const { id, subscriberId, cards } of given.values()) {
      const papers = cards.map(({ paperId }) => paperId);
      expect(papers).toHaveLength(2);
      expect(found.get(id)).toMatchObject({ reader: subscriberId, papers, noted: expect.arrayContaining(papers) });
      expect(["sending", "uncertain", "sent"]).toContain(found.get(id).state);
      for (const paper of papers) {
        expect(had).not.toContain(`${subscriberId} ${paper}`);
        had.add(`${subscriberId} ${paper}`);
      }
    }
  }

  for (const day of DAYS) {
    await storeMatched(
      db,
      [1, 2, 3].map((hour) => `${day}T0${hour}:00:00Z`),
    );
    for (let crash = 0; crash < CRASHES; crash++) {
      const count = 2 + Math.floor(random() * 3);
      await live(day, { after: crash % 2 === 0 ? "cell" : "claim", count });
      await look();
    }
    await live(day, { after: "everything", count: 0 });
    await look();
    const { rows } = await db.$client.query(
      "select state, count(*)::int, count(distinct subscriber_id)::int as readers from digests where edition_date = $1 group by 1",
      [day],
    );
    expect(rows).toEqual([{ state: "sent", count: READERS, readers: READERS }]);
  }
  console.log(`crash (seed ${seed}): ${forgotten} planned digests forgotten in ${DAYS.length * CRASHES} crashes`);
  // Else nothing was tried.
  expect(forgotten).toBeGreaterThan(0);
});

it("that dies between two cells leaves no digest without the cards of its papers", { timeout: 60_000 }, async () => {
  await storeMatched(db, ["2026-03-02T01:00:00Z", "2026-03-02T02:00:00Z"]);
  const context = planningContext(db);
  let rings = 0;
  const ring = async () => {
    if (++rings > 1) return;
    await server.kill("die too");
    await server.restart();
  };
  await runPlan({ ...context, queue: { ...context.queue, ring } }, { now: new Date("2026-03-02T07:00:00Z") });
  const { rows } = await db.$client.query(
    `select count(*)::int as papers, count(card)::int as cards
      from digests cross join unnest(paper_ids, topic_ids) as shown(paper_id, topic_id)
        left join edition_cards using (edition_date, paper_id, topic_id)`,
  );
  expect(rows[0].papers).toBeGreaterThan(0);
  expect(rows[0].cards).toBe(rows[0].papers);
});
