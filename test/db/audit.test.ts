// Does the audit find every broken promise that is planted, and none where all were kept?
import { beforeEach, describe, expect, it } from "vitest";
import { listViolations } from "../../src/db/audit.ts";
import { unsubscribe } from "../../src/db/leaving.ts";
import { savePreferences } from "../../src/db/subscribers.ts";
import { suppress } from "../../src/db/suppressions.ts";
import { runPlan } from "../../workers/plan.ts";
import { runHere } from "../support/command.ts";
import { keys } from "../support/context.ts";
import { useDatabase } from "../support/database.ts";
import { planningContext, startAfresh, storeMatched, storeReader } from "../support/planning.ts";

const database = useDatabase();
const now = new Date("2026-03-03T12:00:00Z");
const run = (text: string, values: unknown[] = []) => database.db.$client.query(text, values);
const audit = () => listViolations(database.db, keys, now);
const kinds = async () => (await audit()).map(({ kind }) => kind);
let reader = 0;

/** Two days for a reader, delivered. */
beforeEach(async () => {
  await startAfresh(database.db);
  await run("truncate events, suppressions");
  reader = await storeReader(database.db, { max_papers: 2 });
  await storeMatched(database.db, ["2026-03-02T01:00:00Z", "2026-03-02T02:00:00Z", "2026-03-03T01:00:00Z"]);
  for (const day of ["2026-03-02", "2026-03-03"])
    await runPlan(planningContext(database.db), { now: new Date(`${day}T07:00:00Z`) });
  await run("update digests set state = 'sent', sent_at = planned_at + interval '1 minute'");
});

it("finds nothing where all promises were kept, also after somebody left, paused or was suppressed", async () => {
  expect(await audit()).toEqual([]);
  await savePreferences(database.db, { subscriberId: reader, choices: { pausedUntil: "2026-03-09" }, now });
  const leaving = await storeReader(database.db);
  await unsubscribe(database.db, { subscriberId: leaving, via: "test", now });
  const hard = await run("select email from subscribers where id = $1", [await storeReader(database.db)]);
  await suppress(database.db, keys, { email: hard.rows[0].email, reason: "hard", via: "test", now });
  expect(await audit()).toEqual([]);
});

describe("finds", () => {
  it("a paper that went out twice", async () => {
    await run("update digests set paper_ids = array[1], topic_ids = array[1]");
    await run("update sent_papers set paper_ids = array[1, 2, 3]");
    expect(await audit()).toContainEqual({
      kind: "paper twice",
      says: `reader ${reader} has paper 1 in the editions 2026-03-02, 2026-03-03`,
    });
  });

  it("an edition that was planned twice", async () => {
    await run("drop index digests_once");
    await run(
      `insert into digests (subscriber_id, edition_date, state, reason, planned_at, expires_at)
        select subscriber_id, edition_date, 'skipped', 'nothing matched', planned_at, expires_at from digests limit 1`,
    );
    expect(await kinds()).toEqual(["edition twice"]);
    await run("delete from digests where state = 'skipped'");
    await run("create unique index digests_once on digests (subscriber_id, edition_date)");
  });

  it("a paper that was sent and is not noted, so that it would go out again", async () => {
    await run("update sent_papers set paper_ids = paper_ids[2:]");
    expect(await kinds()).toEqual(["sent but not noted"]);
  });

  it("mail to somebody who had left", async () => {
    const left = new Date("2026-03-02T20:00:00Z");
    await run("insert into events (subscriber_id, kind, at) values ($1, 'unsubscribed', $2)", [reader, left]);
    expect(await kinds()).toEqual(["mail after leaving"]);
    await run("insert into events (subscriber_id, kind, at) values ($1, 'came-back', $2)", [
      reader,
      new Date(left.getTime() + 60_000),
    ]);
    expect(await kinds()).toEqual([]);
  });

  it("mail during a pause, and none after its end", async () => {
    const paused = new Date("2026-03-02T20:00:00Z");
    const pause = (until: string) =>
      run("insert into events (subscriber_id, kind, at, detail) values ($1, 'paused', $2, $3)", [
        reader,
        paused,
        { until },
      ]);
    await pause("2026-03-03");
    expect(await kinds()).toEqual([]);
    await pause("2026-03-05");
    expect(await kinds()).toEqual(["mail after leaving"]);
  });

  it("a digest that waits for somebody who left", async () => {
    await run("update digests set state = 'planned', sent_at = null");
    await run("update subscribers set state = 'unsubscribed'");
    expect(await kinds()).toEqual(["queued for somebody who left", "queued for somebody who left"]);
  });

  it("a digest whose reader is gone", async () => {
    await run("update digests set subscriber_id = 9999 where edition_date = '2026-03-03'");
    expect(await kinds()).toContain("digest of nobody");
  });

  it("a card that is missing", async () => {
    await run("delete from edition_cards where edition_date = '2026-03-03'");
    expect(await kinds()).toEqual(["card missing"]);
  });

  it("a quiet day without a reason, and a reader who never falls due", async () => {
    await run("update digests set state = 'skipped', paper_ids = '{}', topic_ids = '{}'");
    await run("update subscribers set due_at = null");
    expect(await kinds()).toEqual(["quiet day without a reason", "quiet day without a reason", "never due"]);
  });

  it("a suppressed address that still reads", async () => {
    const { rows } = await run("select email from subscribers");
    await suppress(database.db, keys, { email: rows[0].email, reason: "complaint", via: "test", now });
    await run("update subscribers set state = 'confirmed', due_at = $1", [now]);
    expect(await kinds()).toEqual(["suppressed reader"]);
  });
});

it("as a command exits 1 with the list, 0 without", async () => {
  const settings = { DATABASE_URL: database.url, SECRET_KEY: keys[0] };
  const good = await runHere(["audit", "--json"], settings);
  expect([good.code, JSON.parse(good.stdout)]).toEqual([0, { violations: [] }]);
  await run("update subscribers set due_at = null");
  const bad = await runHere(["audit", "--json"], settings);
  const says = `reader ${reader} is confirmed and never falls due`;
  expect([bad.code, JSON.parse(bad.stdout)]).toEqual([1, { violations: [{ kind: "never due", says }] }]);
});
