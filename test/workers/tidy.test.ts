// Does tidy let go of what is old, and of nothing else?
import { beforeAll, expect, it } from "vitest";
import { runTidy } from "../../workers/tidy.ts";
import { quietQueue } from "../support/context.ts";
import { useDatabase } from "../support/database.ts";

const database = useDatabase();
const query = async (text: string) => (await database.db.$client.query(text)).rows;
const now = new Date("2026-06-30T12:40:00Z");

beforeAll(async () => {
  await query(
    `insert into subscribers (id, email, state, due_at) values (1, 'ada@example.net', 'confirmed', '2026-07-01')`,
  );
  await query(`insert into digests (subscriber_id, edition_date, state, planned_at, expires_at)
    select 1, day::date, state, day, day + interval '1 day'
    from (values ('2026-03-31'::timestamptz, 'sent'), ('2026-03-30', 'planned'), ('2026-04-02', 'sent'), ('2026-06-29', 'skipped'))
      as editions(day, state)`);
  await query(`insert into edition_cards (edition_date, paper_id, topic_id, card)
    values ('2026-03-31', 1, 1, '{}'), ('2026-04-02', 1, 1, '{}')`);
  await query(`insert into letters (kind, subscriber_id, recipient, state, created_at)
    values ('change-address', 1, 'somebody@example.org', 'sent', '2026-03-31T08:00:00Z'), ('export', 1, null, 'sent', '2026-04-03T08:00:00Z')`);
  await query(`insert into source_runs (source, started_at, outcome)
    values ('arxiv', '2026-03-31T08:00:00Z', 'ok'), ('arxiv', '2026-04-03T08:00:00Z', 'ok')`);
  await runTidy({ db: database.db, queue: quietQueue() }, now);
});

it("keeps editions 90 days with what they showed, and longer what was not sent yet", async () => {
  const kept = await query("select edition_date::text as day from digests order by 1");
  expect(kept.map(({ day }) => day)).toEqual(["2026-03-30", "2026-04-02", "2026-06-29"]);
  expect(await query("select edition_date::text as day from edition_cards")).toEqual([{ day: "2026-04-02" }]);
});

it("keeps letters 90 days: an address that somebody typed is not kept for ever", async () => {
  expect(await query("select kind, recipient from letters")).toEqual([{ kind: "export", recipient: null }]);
});

it("keeps what sources answered as long as anybody asks for it", async () => {
  expect(await query("select started_at::date::text as day from source_runs")).toEqual([{ day: "2026-04-03" }]);
});
