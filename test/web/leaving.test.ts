// Can a reader leave with one click, for ever, and come back or get less?
import { eq, sql } from "drizzle-orm";
import { beforeAll, describe, expect, test } from "vitest";
import { digests, events, sentPapers } from "../../src/db/schema.ts";
import { findByEmail, listChosenTopics } from "../../src/db/subscriber-rows.ts";
import { signUp } from "../../src/db/subscribers.ts";
import { suppress } from "../../src/db/suppressions.ts";
import { testKey, useApp } from "../support/app.ts";
import { confirmReader, fingerprint, storeListDay, writeDigest } from "../support/web-data.ts";

const app = useApp();
const DAY_MS = 86_400_000;
let papers: number[] = [];

beforeAll(async () => {
  papers = await storeListDay(app.db, app.now);
});

const stateOf = async (email: string) => (await findByEmail(app.db, email))?.state;

describe("one click", () => {
  const bodies: [string, () => RequestInit][] = [
    ["urlencoded", () => ({ body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }) })],
    [
      "multipart",
      () => {
        const body = new FormData();
        body.append("List-Unsubscribe", "One-Click");
        return { body };
      },
    ],
    ["an empty body", () => ({})],
    ["an empty body of a type nobody knows", () => ({ headers: { "content-type": "application/x-unknown" } })],
  ];

  test.each(bodies)("leaves on %s, at once, without a redirect, cookie or origin", async (what, init) => {
    const email = `one-click-${what.replace(/\W/g, "")}@example.net`;
    const reader = await confirmReader(app, email);
    const answer = await app.get(app.paths.unsubscribe(reader.id), { method: "POST", ...init() });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(await findByEmail(app.db, email)).toMatchObject({
      state: "unsubscribed",
      dueAt: null,
      unsubscribedAt: app.now,
    });
  });

  test("leaving twice, or years later, is leaving", async () => {
    const reader = await confirmReader(app, "twice@example.net");
    const path = app.paths.unsubscribe(reader.id);
    await app.post(path);
    const before = await findByEmail(app.db, "twice@example.net");
    const start = app.now;
    app.now = new Date(start.getTime() + 4_000 * DAY_MS);
    const answer = await app.post(path);
    app.now = start;
    expect(answer.status).toBe(200);
    expect(await findByEmail(app.db, "twice@example.net")).toEqual(before);
    const rows = await app.db.select().from(events).where(eq(events.subscriberId, reader.id));
    expect(rows.filter(({ kind }) => kind === "unsubscribed")).toHaveLength(1);
  });

  test("what is planned or waits stops in the same moment and gives its papers back; what was sent stays", async () => {
    const reader = await confirmReader(app, "queued@example.net");
    for (const [editionDate, state] of [
      ["2026-03-04", "retry"],
      ["2026-03-05", "planned"],
      ["2026-03-03", "sent"],
    ] as const)
      await writeDigest(app.db, reader.id, { editionDate, state, paperIds: papers.slice(0, 1), plannedAt: app.now });
    await app.db.insert(sentPapers).values({ subscriberId: reader.id, paperIds: papers.slice(0, 1) });
    await app.post(app.paths.unsubscribe(reader.id));
    const states = await app.db
      .select({ date: digests.editionDate, state: digests.state })
      .from(digests)
      .where(eq(digests.subscriberId, reader.id))
      .orderBy(digests.editionDate);
    expect(states.map(({ state }) => state)).toEqual(["sent", "cancelled", "cancelled"]);
    const [kept] = await app.db.select().from(sentPapers).where(eq(sentPapers.subscriberId, reader.id));
    expect(kept?.paperIds).toEqual([]);
  });

  test("a reader who is erased still gets a page that says no more mail comes", async () => {
    const answer = await app.post(app.paths.unsubscribe(987_654));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("You have left");
  });

  test("a forged link is a neutral 404 and changes nothing", async () => {
    const reader = await confirmReader(app, "forged@example.net");
    const wrong = `${app.paths.unsubscribe(reader.id).slice(0, -2)}xx`;
    expect((await app.post(wrong)).status).toBe(404);
    expect(await stateOf("forged@example.net")).toBe("confirmed");
  });

  test("an oversize body is refused with 413 and changes nothing", async () => {
    const reader = await confirmReader(app, "large@example.net");
    const answer = await app.post(app.paths.unsubscribe(reader.id), { junk: "x".repeat(200_000) });
    expect(answer.status).toBe(413);
    expect(await answer.text()).not.toMatch(/at .*\.ts:\d+/);
    expect(await stateOf("large@example.net")).toBe("confirmed");
  });
});

describe("coming back", () => {
  test("undo works for 30 days and sets the next moment", async () => {
    const reader = await confirmReader(app, "undo@example.net", ["robotics"], { timezone: "Asia/Tokyo", hour: 8 });
    const path = app.paths.unsubscribe(reader.id);
    await app.post(path);
    const start = app.now;
    app.now = new Date(start.getTime() + 29 * DAY_MS);
    const page = await app.post(path, { action: "undo" });
    app.now = start;
    expect(page.status).toBe(200);
    expect(await findByEmail(app.db, "undo@example.net")).toMatchObject({
      state: "confirmed",
      unsubscribedAt: null,
      dueAt: new Date("2026-04-03T23:00:00Z"),
    });
  });

  test("undo brings back a pause that still lasts, and not one that is over", async () => {
    const reader = await confirmReader(app, "undo-paused@example.net", ["robotics"], { timezone: "UTC", hour: 7 });
    const path = app.paths.unsubscribe(reader.id);
    const start = app.now;
    await app.post(path, { action: "less", what: "pause" });
    await app.post(path);
    await app.post(path, { action: "undo" });
    const paused = { state: "paused", pausedUntil: "2026-04-04", dueAt: new Date("2026-04-04T07:00:00Z") };
    expect(await findByEmail(app.db, "undo-paused@example.net")).toMatchObject(paused);
    // The audit reads the pause out of the trail.
    const trail = await app.db.select().from(events).where(eq(events.subscriberId, reader.id)).orderBy(events.id);
    const pauses = trail.filter(({ kind, detail }) => kind === "paused" && detail["until"] === "2026-04-04");
    expect(pauses).toHaveLength(2);
    expect(trail.at(-1)?.kind).toBe("paused");
    app.now = new Date(start.getTime() + 20 * DAY_MS);
    await app.post(path);
    app.now = new Date(start.getTime() + 45 * DAY_MS);
    await app.post(path, { action: "undo" });
    app.now = start;
    const back = { state: "confirmed", pausedUntil: null };
    expect(await findByEmail(app.db, "undo-paused@example.net")).toMatchObject(back);
  });

  test("who came back, or chose less, is told so; to leave is then no longer what the page asks for", async () => {
    const reader = await confirmReader(app, "told@example.net");
    const path = app.paths.unsubscribe(reader.id);
    expect(await (await app.get(path)).text()).toContain("<h1>Leave?</h1>");
    await app.post(path);
    const page = await (await app.post(path, { action: "undo" })).text();
    expect(page).toContain("<h1>You are subscribed</h1>");
    expect(page.match(/class="button( quiet)?"[^>]*value="leave"/g)).toEqual([
      'class="button quiet" name="action" value="leave"',
    ]);
    expect(await (await app.post(path, { action: "less", what: "pause" })).text()).toContain("pauses until 4 Apr 2026");
  });

  test("undo after 30 days is refused with a sentence", async () => {
    const reader = await confirmReader(app, "late@example.net");
    const path = app.paths.unsubscribe(reader.id);
    await app.post(path);
    const start = app.now;
    app.now = new Date(start.getTime() + 31 * DAY_MS);
    const answer = await app.post(path, { action: "undo" });
    app.now = start;
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("sign up again");
    expect(await stateOf("late@example.net")).toBe("unsubscribed");
  });

  test("somebody who never confirmed cannot become a reader by leaving and undoing", async () => {
    await signUp(app.db, [testKey], { email: "never@example.net", provider: "x", topics: ["robotics"], now: app.now });
    const reader = await findByEmail(app.db, "never@example.net");
    const path = app.paths.unsubscribe(reader?.id ?? 0);
    await app.post(path);
    expect((await app.post(path, { action: "undo" })).status).toBe(409);
    expect(await stateOf("never@example.net")).toBe("unsubscribed");
  });

  test("a suppressed reader cannot be brought back by an old link", async () => {
    const reader = await confirmReader(app, "complained@example.net");
    await suppress(app.db, [testKey], {
      email: "complained@example.net",
      reason: "complaint",
      via: "test",
      now: app.now,
    });
    for (const fields of [{ action: "undo" }, { action: "less", what: "weekly" }])
      expect((await app.post(app.paths.unsubscribe(reader.id), fields)).status).toBe(409);
    expect(await stateOf("complained@example.net")).toBe("suppressed");
  });

  test("signing up again goes through a confirmation", async () => {
    const reader = await confirmReader(app, "again@example.net");
    await app.post(app.paths.unsubscribe(reader.id));
    await app.post("/subscribe", { email: "again@example.net" });
    expect(await findByEmail(app.db, "again@example.net")).toMatchObject({
      state: "pending",
      confirmedAt: null,
      dueAt: null,
    });
  });
});

describe("less instead", () => {
  const wishes: [string, Record<string, string>, object][] = [
    ["weekly", { what: "weekly" }, { cadence: "weekly" }],
    ["fewer papers", { what: "fewer" }, { maxPapers: 5 }],
    ["a pause", { what: "pause" }, { state: "paused", pausedUntil: "2026-04-04" }],
  ];

  test.each(wishes)("%s, before and after leaving", async (what, fields, expected) => {
    for (const left of [false, true]) {
      const email = `less-${what.replace(/\W/g, "")}-${left}@example.net`;
      const reader = await confirmReader(app, email);
      const path = app.paths.unsubscribe(reader.id);
      if (left) await app.post(path);
      expect((await app.post(path, { action: "less", ...fields })).status).toBe(200);
      expect(await findByEmail(app.db, email)).toMatchObject({ state: "confirmed", ...expected });
    }
  });

  test("one topic can be dropped, the last one cannot", async () => {
    const reader = await confirmReader(app, "drop@example.net", ["robotics", "vision"]);
    const path = app.paths.unsubscribe(reader.id);
    const drop = (topic: string) => app.post(path, { action: "less", what: "drop-topic", topic });
    expect((await drop("robotics")).status).toBe(200);
    expect(await listChosenTopics(app.db, reader.id)).toEqual(["vision"]);
    expect((await drop("vision")).status).toBe(409);
    expect(await listChosenTopics(app.db, reader.id)).toEqual(["vision"]);
  });

  test("an unknown wish is refused and changes nothing", async () => {
    const reader = await confirmReader(app, "odd@example.net");
    expect((await app.post(app.paths.unsubscribe(reader.id), { action: "less", what: "more" })).status).toBe(422);
    expect(await findByEmail(app.db, "odd@example.net")).toEqual(reader);
  });
});

test("GET and HEAD of every link in a mail answer 200 with a page and change no row", async () => {
  const reader = await confirmReader(app, "scanner@example.net");
  await signUp(app.db, [testKey], { email: "scanned@example.net", provider: "x", topics: [], now: app.now });
  const pending = await findByEmail(app.db, "scanned@example.net");
  const digest = await writeDigest(app.db, reader.id, {
    editionDate: "2026-03-05",
    state: "sent",
    paperIds: papers,
    plannedAt: app.now,
  });
  const letter = await app.db.execute<{ id: string }>(
    sql`insert into letters (kind, subscriber_id, recipient, created_at)
      values ('change-address', ${reader.id}, 'new@example.net', ${app.now.toISOString()}) returning id`,
  );
  const { paths } = app;
  const links = [
    paths.confirm(pending?.id ?? 0, app.now),
    paths.confirm(reader.id, app.now),
    paths.preferences(reader.id),
    paths.unsubscribe(reader.id),
    paths.digest(digest),
    `${paths.digest(digest)}/cite.bib`,
    `${paths.digest(digest)}/papers.atom`,
    paths.feed(reader.id),
    paths.vote(reader.id, papers[0] ?? 0, "more"),
    paths.vote(reader.id, papers[0] ?? 0, "less"),
    paths.changeAddress(Number(letter.rows[0]?.id), app.now),
    paths.export(reader.id, app.now),
    paths.erase(reader.id, app.now),
  ];
  const before = await fingerprint(app.db);
  for (const link of links)
    for (const method of ["GET", "HEAD"]) {
      const answer = await app.get(link, { method });
      expect([link, method, answer.status]).toEqual([link, method, 200]);
      expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("x-robots-tag")).toContain("noindex");
      const body = await answer.text();
      if (method === "HEAD") expect(body).toBe("");
      expect(body).not.toMatch(/(?:src|href)="https?:\/\/(?!localhost)/);
    }
  expect(await fingerprint(app.db)).toEqual(before);
});

test("no token and no address stands in the log", async () => {
  const reader = await confirmReader(app, "logged@example.net");
  await app.get(app.paths.preferences(reader.id));
  await app.post(app.paths.unsubscribe(reader.id));
  await app.get(`/nowhere/${app.paths.preferences(reader.id)}`);
  const log = app.lines.join("");
  expect(log).toContain("/unsubscribe/:token");
  expect(log).not.toContain("logged@example.net");
  expect(log).not.toMatch(/_[\w-]{22}/);
});
