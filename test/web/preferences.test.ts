// Can a reader change everything on one page, and does a mistake lose nothing?
import { desc, eq } from "drizzle-orm";
import { beforeAll, describe, expect, test } from "vitest";
import { listSavedTopics } from "../../src/db/saved-topics.ts";
import { digests, events, letters } from "../../src/db/schema.ts";
import { findByEmail, listChosenTopics } from "../../src/db/subscriber-rows.ts";
import { signUp } from "../../src/db/subscribers.ts";
import { castVote, listVotes } from "../../src/db/votes.ts";
import { testKey, useApp } from "../support/app.ts";
import { confirmReader, storeListDay, writeDigest } from "../support/web-data.ts";

const app = useApp();
let papers: number[] = [];
beforeAll(async () => {
  papers = await storeListDay(app.db, app.now);
});

const lettersOf = async (id: number) =>
  (await app.db.select().from(letters).where(eq(letters.subscriberId, id)).orderBy(desc(letters.id))).map(
    ({ kind }) => kind,
  );

describe("the link by mail", () => {
  test("goes to readers; a stranger sees the same for everybody", async () => {
    const reader = await confirmReader(app, "p-reader@example.net");
    await signUp(app.db, [testKey], {
      email: "p-pending@example.net",
      provider: "x",
      topics: [],
      now: new Date(app.now.getTime() - 7_200_000),
    });
    const bodies = [];
    for (const email of ["p-reader@example.net", "p-pending@example.net", "p-nobody@example.net"]) {
      const answer = await app.post("/preferences", { email });
      expect(answer.status).toBe(200);
      bodies.push((await answer.text()).replaceAll(email, "ADDRESS"));
    }
    expect(new Set(bodies).size).toBe(1);
    expect((await lettersOf(reader.id))[0]).toBe("preferences");
    const pending = await findByEmail(app.db, "p-pending@example.net");
    expect(await lettersOf(pending?.id ?? 0)).toEqual(["confirm", "confirm"]);
    expect(await findByEmail(app.db, "p-nobody@example.net")).toBeUndefined();
  });

  test("a wrong address comes back with 422 and what was typed", async () => {
    const answer = await app.post("/preferences", { email: "not an address" });
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain('value="not an address"');
  });
});

describe("saving", () => {
  test("a mistyped zone comes back beside its field, also where editions show their times", async () => {
    const reader = await confirmReader(app, "mars@example.net");
    await writeDigest(app.db, reader.id, {
      editionDate: "2026-03-04",
      paperIds: papers,
      state: "sent",
      plannedAt: app.now,
    });
    const answer = await app.post(app.paths.preferences(reader.id), { timezone: "Mars/Olympus" });
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain('id="timezone-error"');
  });

  test("what is wrong stands at the top, too, with a way to each field", async () => {
    const reader = await confirmReader(app, "way@example.net");
    const answer = await app.post(app.paths.preferences(reader.id), { max_papers: "999", min_upvotes: "-1" });
    const page = await answer.text();
    const top = page.slice(page.indexOf('role="alert"'), page.indexOf('class="columns"'));
    expect([...top.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)).toEqual(["max_papers", "min_upvotes"]);
    expect(page).toContain('id="max_papers"');
    expect(page).toContain('id="min_upvotes"');
  });

  test("keeps every field, and sets the next moment by the new hour and zone", async () => {
    const reader = await confirmReader(app, "save@example.net");
    const answer = await app.post(app.paths.preferences(reader.id), {
      choices: "1",
      topics: ["vision"],
      timezone: "Pacific/Auckland",
      hour: "23",
      cadence: "weekly",
      max_papers: "3",
      min_upvotes: "12",
      format: "text",
      excluded: 'survey\r\n"medical imaging"',
      pause_until: "",
    });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("Saved.");
    expect(await findByEmail(app.db, "save@example.net")).toMatchObject({
      state: "confirmed",
      timezone: "Pacific/Auckland",
      hour: 23,
      cadence: "weekly",
      maxPapers: 3,
      minUpvotes: 12,
      format: "text",
      excluded: 'survey\n"medical imaging"',
      dueAt: new Date("2026-03-09T10:00:00Z"),
    });
    expect(await listChosenTopics(app.db, reader.id)).toEqual(["vision"]);
  });

  test("a field that was not sent stays as it was", async () => {
    const reader = await confirmReader(app, "partly@example.net", ["robotics", "vision"], { hour: 5 });
    await app.post(app.paths.preferences(reader.id), { cadence: "weekdays" });
    expect(await findByEmail(app.db, "partly@example.net")).toMatchObject({ hour: 5, cadence: "weekdays" });
    expect(await listChosenTopics(app.db, reader.id)).toEqual(["robotics", "vision"]);
  });

  test("a mistake in the left-out words says in which line", async () => {
    const reader = await confirmReader(app, "lines@example.net");
    const answer = await app.post(app.paths.preferences(reader.id), { excluded: 'survey\n"never closed' });
    expect(await answer.text()).toContain("This quotation mark is never closed, in line 2.");
  });

  test.each([
    ["no topic", { choices: "1" }, "topics-error"],
    ["an unknown topic", { topics: "nope" }, "topics-error"],
    ["a bad exclusion", { excluded: '"never closed' }, "excluded-error"],
    ["a date of the past", { pause_until: "2026-03-05" }, "pause_until-error"],
    ["a date that does not exist", { pause_until: "2026-02-30" }, "pause_until-error"],
    ["a pause for ever", { pause_until: "2031-01-01" }, "pause_until-error"],
    ["negative upvotes", { min_upvotes: "-1" }, "min_upvotes-error"],
    ["an odd format", { format: "pdf" }, "format-error"],
  ])("%s comes back beside its field with 422, and nothing is saved", async (what, fields, place) => {
    const email = `bad-${what.replace(/\W/g, "")}@example.net`;
    const reader = await confirmReader(app, email);
    const answer = await app.post(app.paths.preferences(reader.id), { hour: "11", ...fields });
    const page = await answer.text();
    expect(answer.status).toBe(422);
    expect(page).toContain(`id="${place}"`);
    expect(page).toMatch(/<option value="11" selected>/);
    expect(await findByEmail(app.db, email)).toEqual(reader);
  });

  test("all that is wrong is said at once", async () => {
    const reader = await confirmReader(app, "all-wrong@example.net");
    const wrong = { choices: "1", hour: "99", pause_until: "2026-02-30", excluded: "((" };
    const page = await (await app.post(app.paths.preferences(reader.id), wrong)).text();
    const places = [...page.matchAll(/id="(\w+)-error"/g)].map(([, field]) => field);
    expect(places.sort()).toEqual(["excluded", "hour", "pause_until"]);
  });

  test("a pause that is over is neither shown nor in the way of other choices, before the next digest is due", async () => {
    const choices = { timezone: "Europe/Berlin", hour: 7, cadence: "weekly" as const };
    const reader = await confirmReader(app, "rested@example.net", ["robotics"], choices);
    const path = app.paths.preferences(reader.id);
    await app.post(path, { pause_until: "2026-03-11" });
    const start = app.now;
    app.now = new Date("2026-03-12T12:00:00Z");
    const page = await (await app.get(path)).text();
    expect(page).not.toContain("2026-03-11");
    expect(page).toMatch(/next digest Mon 16 Mar 2026/);
    const leaving = await (await app.get(app.paths.unsubscribe(reader.id))).text();
    expect(leaving).toContain('value="pause"');
    app.now = start;
  });

  test("a pause stops what is queued, is due again on its day, and can be ended early", async () => {
    const reader = await confirmReader(app, "pause@example.net", ["robotics"], { timezone: "Europe/Berlin", hour: 7 });
    await writeDigest(app.db, reader.id, {
      editionDate: "2026-03-05",
      state: "planned",
      paperIds: papers.slice(0, 1),
      plannedAt: app.now,
    });
    const path = app.paths.preferences(reader.id);
    await app.post(path, { pause_until: "2026-04-01" });
    // The clocks change on 29 March: 07:00 in Berlin is 05:00 UTC from then on.
    expect(await findByEmail(app.db, "pause@example.net")).toMatchObject({
      state: "paused",
      pausedUntil: "2026-04-01",
      dueAt: new Date("2026-04-01T05:00:00Z"),
    });
    const [digest] = await app.db.select().from(digests).where(eq(digests.subscriberId, reader.id));
    expect(digest?.state).toBe("cancelled");
    await app.post(path, { hour: "9" });
    expect(await findByEmail(app.db, "pause@example.net")).toMatchObject({
      state: "paused",
      hour: 9,
      dueAt: new Date("2026-04-01T07:00:00Z"),
    });
    await app.post(path, { pause_until: "" });
    expect(await findByEmail(app.db, "pause@example.net")).toMatchObject({
      state: "confirmed",
      pausedUntil: null,
      dueAt: new Date("2026-03-06T08:00:00Z"),
    });
    const kinds = (await app.db.select().from(events).where(eq(events.subscriberId, reader.id))).map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(expect.arrayContaining(["paused", "resumed"]));
  });

  test("somebody who left cannot save, and the page says how to come back", async () => {
    const reader = await confirmReader(app, "gone@example.net");
    await app.post(app.paths.unsubscribe(reader.id));
    const answer = await app.post(app.paths.preferences(reader.id), { hour: "9" });
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("You have left");
    expect((await findByEmail(app.db, "gone@example.net"))?.hour).toBe(7);
  });
});

describe("own topics", () => {
  test("are tried on the last days without being saved", async () => {
    const reader = await confirmReader(app, "try@example.net");
    const answer = await app.post(`${app.paths.preferences(reader.id)}/topics`, { rules: "laundry", action: "test" });
    const page = await answer.text();
    expect(answer.status).toBe(200);
    expect(page).toContain("<strong>1 paper</strong>");
    expect(page).toContain("Robots that fold laundry");
    expect(await listSavedTopics(app.db, reader.id)).toEqual([]);
  });

  test("are saved, changed and deleted, only by their owner", async () => {
    const reader = await confirmReader(app, "own@example.net");
    const other = await confirmReader(app, "other@example.net");
    const path = `${app.paths.preferences(reader.id)}/topics`;
    const saved = await app.post(path, { rules: "laundry", name: "Laundry <b>", action: "save" });
    expect([saved.status, saved.headers.get("location")]).toEqual([
      303,
      `${app.paths.preferences(reader.id)}?done=topic-saved#saved`,
    ]);
    const [topic] = await listSavedTopics(app.db, reader.id);
    expect(topic).toMatchObject({ name: "Laundry <b>", rules: "laundry" });
    const page = await (await app.get(app.paths.preferences(reader.id))).text();
    expect(page).toContain("Laundry &lt;b&gt;");
    await app.post(`${app.paths.preferences(other.id)}/topics`, { id: String(topic?.id), action: "delete" });
    await app.post(`${app.paths.preferences(other.id)}/topics`, {
      id: String(topic?.id),
      rules: "stolen",
      action: "save",
    });
    expect((await listSavedTopics(app.db, reader.id))[0]?.rules).toBe("laundry");
    await app.post(path, { id: String(topic?.id), action: "delete" });
    expect(await listSavedTopics(app.db, reader.id)).toEqual([]);
  });

  test("a mistake in the rules comes back with its place and what was typed", async () => {
    const reader = await confirmReader(app, "oops@example.net");
    const answer = await app.post(`${app.paths.preferences(reader.id)}/topics`, {
      rules: 'robot OR "open',
      action: "save",
    });
    const page = await answer.text();
    expect(answer.status).toBe(422);
    expect(page).toContain("at character 10");
    expect(page).toContain("robot OR &quot;open");
  });

  test("words that are in every paper are told when they are tried", async () => {
    const reader = await confirmReader(app, "common@example.net");
    const answer = await app.post(`${app.paths.preferences(reader.id)}/topics`, { rules: "the", action: "test" });
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain("These words are too common to look for.<");
  });

  test("a topic without a name is shown once, by its words", async () => {
    const reader = await confirmReader(app, "nameless@example.net");
    const path = app.paths.preferences(reader.id);
    await app.post(`${path}/topics`, { rules: "laundry", action: "save" });
    const page = await (await app.get(path)).text();
    expect(page).toMatch(/<strong>laundry<\/strong>/);
    expect(page).not.toContain("<code>laundry</code>");
  });

  test("an author can be followed by name", async () => {
    const reader = await confirmReader(app, "follow@example.net");
    await app.post(`${app.paths.preferences(reader.id)}/topics`, {
      follow: 'Ada "x" Lovelace',
      follow_kind: "author",
      action: "save",
    });
    expect((await listSavedTopics(app.db, reader.id))[0]?.rules).toBe('author:"Ada x Lovelace"');
  });

  test("with one of their own a reader needs no offered topic", async () => {
    const reader = await confirmReader(app, "onlyown@example.net");
    await app.post(`${app.paths.preferences(reader.id)}/topics`, { rules: "laundry", action: "save" });
    expect((await app.post(app.paths.preferences(reader.id), { choices: "1" })).status).toBe(200);
    expect(await listChosenTopics(app.db, reader.id)).toEqual([]);
  });
});

describe("votes", () => {
  test("a vote counts on POST and is taken back on its page or on the preferences", async () => {
    const reader = await confirmReader(app, "vote@example.net");
    const paperId = papers[0] ?? 0;
    const path = app.paths.vote(reader.id, paperId, "less");
    expect((await app.post(path)).status).toBe(200);
    expect(await listVotes(app.db, reader.id, app.now)).toMatchObject([{ paperId, direction: "less" }]);
    await app.post(path, { action: "undo" });
    expect(await listVotes(app.db, reader.id, app.now)).toEqual([]);
    await castVote(app.db, { subscriberId: reader.id, paperId, direction: "more" }, app.now);
    const page = await (await app.get(app.paths.preferences(reader.id))).text();
    expect(page).toContain("More like");
    await app.post(`${app.paths.preferences(reader.id)}/votes`, { paper: String(paperId) });
    expect(await listVotes(app.db, reader.id, app.now)).toEqual([]);
  });
});

test("the last editions show their papers, or the reason why there were none", async () => {
  const reader = await confirmReader(app, "editions@example.net");
  const sent = await writeDigest(app.db, reader.id, {
    editionDate: "2026-03-04",
    state: "sent",
    paperIds: papers.slice(0, 2),
    plannedAt: app.now,
  });
  await writeDigest(app.db, reader.id, {
    editionDate: "2026-03-01",
    state: "skipped",
    reason: "no list on weekends",
    paperIds: [],
    plannedAt: app.now,
  });
  const page = await (await app.get(app.paths.preferences(reader.id))).text();
  expect(page).toContain(`href="${app.paths.digest(sent)}">2 papers`);
  expect(page).toContain("no list on weekends");
  expect(page).toContain(app.paths.feed(reader.id));
});

test("a quiet edition says in the browser why nothing was sent", async () => {
  const reader = await confirmReader(app, "quiet@example.net");
  const digest = { editionDate: "2026-03-01", state: "skipped", reason: "no list on weekends", paperIds: [] };
  const quiet = await writeDigest(app.db, reader.id, { ...digest, plannedAt: app.now });
  const page = await (await app.get(app.paths.digest(quiet))).text();
  expect(page).toContain("Nothing was sent.");
  expect(page).toContain("no list on weekends");
});
