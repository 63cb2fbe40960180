// Two recorded weeks for fifty readers, over a real HTTP source and a real SMTP server: nobody gets a paper or an edition twice.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { addDays, isWeekend } from "../../src/core/calendar.ts";
import { readTopicsFile } from "../../src/core/match/topics-file.ts";
import { hasEdition, nextDueAt } from "../../src/core/plan/schedule.ts";
import { listOpenRanges } from "../../src/db/digests.ts";
import { applyTopics } from "../../src/db/topics.ts";
import type { Mailbox } from "../../src/mail/mailbox.ts";
import { runDeliver } from "../../workers/deliver.ts";
import { runIngest } from "../../workers/ingest.ts";
import { runMatch } from "../../workers/match.ts";
import { runPlan } from "../../workers/plan.ts";
import { openTestContext } from "../support/context.ts";
import { useDatabase } from "../support/database.ts";
import { findRecorded } from "../support/recorded.ts";

const folder = findRecorded("huggingface", "daily");
const FIRST = "2026-03-02";
const LAST = "2026-03-13";
const READERS = 50;
const zones = [
  "Pacific/Auckland",
  "Asia/Tokyo",
  "Asia/Kolkata",
  "Europe/Berlin",
  "UTC",
  "America/New_York",
  "America/Los_Angeles",
  "Pacific/Honolulu",
];
const cadences = ["daily", "weekdays", "daily", "weekly", "daily"] as const;

describe.skipIf(!folder)("two recorded weeks for fifty readers", () => {
  const database = useDatabase();
  let source: Server;
  let context: Context;
  let mailbox: Mailbox;
  let close: () => Promise<void>;
  let now = new Date(`${FIRST}T00:00:00Z`);

  beforeAll(async () => {
    source = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      const file = path.join(folder ?? "", `${url.searchParams.get("date")}.json`);
      const first = ["", "0", null].includes(url.searchParams.get("p"));
      response.setHeader("content-type", "application/json");
      try {
        response.end(first ? readFileSync(file) : "[]");
      } catch {
        response.end("[]");
      }
    });
    await new Promise<void>((resolve) => source.listen(0, "127.0.0.1", resolve));
    ({ context, mailbox, close } = await openTestContext(database.db, () => now));
    const { port } = source.address() as AddressInfo;
    context.config = { ...readConfig({ HUGGINGFACE_URL: `http://127.0.0.1:${port}` }), SOURCES: ["huggingface"] };
    const file = readTopicsFile(readFileSync(path.join(import.meta.dirname, "../../topics.yaml"), "utf8"));
    if (file.kind === "error") throw new Error(file.problems.join("\n"));
    await applyTopics(database.db, file.topics, now);
    for (let number = 0; number < READERS; number++)
      await database.db.$client.query(
        `with reader as (insert into subscribers (email, state, timezone, hour, cadence, max_papers, due_at)
           values ($1, 'confirmed', $2, $3, $4, $5, '2026-03-01') returning id)
         insert into subscriptions select reader.id, topics.id from reader, topics where topics.position % 50 = any($6::int[])`,
        [
          `reader${number}@example.org`,
          zones[number % zones.length],
          (number * 7) % 24,
          cadences[number % cadences.length],
          5 + (number % 10),
          [number % 24, (number * 5 + 3) % 24, (number * 11 + 7) % 24],
        ],
      );
  });
  afterAll(async () => {
    await close();
    source.close();
  });

  it("sends each reader what they chose, once, and says why on quiet days", { timeout: 120_000 }, async () => {
    now = new Date(`${addDays(LAST, 2)}T00:00:00Z`);
    const run = await runIngest(context, { source: "huggingface", from: FIRST, to: LAST });
    expect(run).toMatchObject({ refused: [] });
    expect(run.new).toBeGreaterThan(150);
    await runMatch(context);
    for (let hour = 0; hour < 14 * 24; hour++) {
      now = new Date(Date.parse(`${FIRST}T00:00:00Z`) + hour * 3_600_000);
      const { planned } = await runPlan(context, { now });
      if (planned === 0) continue;
      for (const range of await listOpenRanges(database.db, { now, size: 500 }))
        await runDeliver(context, { ...range, now });
    }

    const { rows } = await database.db.$client.query(
      `select subscriber_id::int as reader, email, cadence, timezone, hour, edition_date::text as edition, digests.state, reason, paper_ids, topic_ids,
         (planned_at at time zone 'UTC')::date::text as planned
       from digests join subscribers on subscribers.id = subscriber_id order by 1, edition_date`,
    );
    const sent = rows.filter(({ state }) => state === "sent");
    expect(sent.length).toBeGreaterThan(200);
    expect(rows.filter(({ state }) => !["sent", "skipped"].includes(state))).toEqual([]);

    const editions = new Set(rows.map(({ reader, edition }) => `${reader} ${edition}`));
    expect(editions.size).toBe(rows.length);
    const subjects = mailbox.list().map(({ to, subject }) => `${to} ${subject.split(":")[0]}`);
    expect(new Set(subjects).size).toBe(subjects.length);
    expect(subjects.length).toBe(sent.length);

    const seen = new Set<string>();
    for (const { reader, paper_ids } of sent)
      for (const paper of paper_ids) {
        expect(seen.has(`${reader} ${paper}`), `reader ${reader} gets paper ${paper} once`).toBe(false);
        seen.add(`${reader} ${paper}`);
      }

    const wrong = await database.db.$client.query(
      `select digests.id from digests, unnest(paper_ids, topic_ids) as chosen(paper_id, topic_id)
       where not exists (select from subscriptions s where s.subscriber_id = digests.subscriber_id and s.topic_id = chosen.topic_id)
          or not exists (select from matches m where m.paper_id = chosen.paper_id and m.topic_id = chosen.topic_id)`,
    );
    expect(wrong.rows).toEqual([]);

    for (const { cadence, edition, state, reason, planned } of rows) {
      expect(hasEdition(cadence, edition)).toBe(true);
      // Where the day begins before UTC's, Saturday morning still brings Friday's list.
      if (isWeekend(edition) && isWeekend(planned)) expect([state, reason]).toEqual(["skipped", "no list on weekends"]);
      if (state === "skipped") expect(reason).toBeTruthy();
    }
    // Every edition that fell due has its row: nobody is passed over.
    for (const { reader, timezone, hour, cadence } of new Map(rows.map((row) => [row.reader, row])).values()) {
      let due = 0;
      for (
        let at = nextDueAt({ timezone, hour, cadence }, new Date(Date.parse(`${FIRST}T00:00:00Z`) - 1));
        at < now;
        due++
      )
        at = nextDueAt({ timezone, hour, cadence }, at);
      expect(rows.filter((row) => row.reader === reader).length).toBeGreaterThanOrEqual(due);
    }
  });

  it("adds nothing when the same days are asked again", async () => {
    const again = await runIngest(context, { source: "huggingface", from: FIRST, to: LAST });
    expect(again.new).toBe(0);
  });
});
