// Does a reader see what a topic of their own would bring before it is saved, and do all limits hold?
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, test } from "vitest";
import { listSavedTopics, MAX_SAVED_TOPICS, saveTopic } from "../../src/db/saved-topics.ts";
import { useApp } from "../support/app.ts";
import { storeTexts } from "../support/match-papers.ts";
import { confirmReader, storeListDay } from "../support/web-data.ts";

const app = useApp();
const daysAgo = (days: number) => new Date(app.now.getTime() - days * 86_400_000);

beforeAll(async () => {
  await storeListDay(app.db, app.now);
  const week = Array.from({ length: 11 }, (_, at) => ({
    title: `Protein folding, part ${at + 1}`,
    abstract: at === 10 ? "A survey." : "We fold.",
    listedAt: daysAgo((at % 6) + 0.5),
  }));
  const old = { title: "Protein folding of last month", abstract: "", listedAt: daysAgo(30) };
  const later = { title: "Protein folding of tomorrow", abstract: "", listedAt: daysAgo(-1) };
  const many = Array.from({ length: 200 }, (_, at) => ({ title: `Networks ${at}`, listedAt: daysAgo((at % 6) + 0.3) }));
  await storeTexts(app.db, [...week, old, later, ...many]);
});

const postTopic = async (id: number, fields: Record<string, string>) => {
  const answer = await app.post(`${app.paths.preferences(id)}/topics`, fields);
  return { status: answer.status, page: await answer.text() };
};

describe("before it is saved", () => {
  test("a topic shows what the last 7 days would have brought, with titles, and only then the button to save it", async () => {
    const reader = await confirmReader(app, "tries@example.net");
    const before = await (await app.get(app.paths.preferences(reader.id))).text();
    expect(before).not.toContain('value="save"');
    const { status, page } = await postTopic(reader.id, { rules: '"protein folding"', name: "Folds", action: "test" });
    expect(status).toBe(200);
    expect(page).toMatch(/<strong>11 papers<\/strong> in the last 7 days, of \d+ looked at\./);
    expect(page).toContain("Protein folding, part 1<");
    expect(page).not.toContain("of last month");
    expect(page).not.toContain("of tomorrow");
    expect(page).toMatch(/value="save"[^>]*>Save this topic/);
    expect(await listSavedTopics(app.db, reader.id)).toEqual([]);
  });

  test.each([
    ["a flood", "networks", "200 papers", "That is a flood"],
    ["nothing", "unheardof", "0 papers", "make it wider"],
    ["a silent author", "", "0 papers", "published nothing in these days"],
  ])("%s is warned of", async (what, rules, papers, warning) => {
    const reader = await confirmReader(app, `${what.replace(/\W/g, "")}@example.net`);
    const fields = rules === "" ? { follow: "Nobody Atall", follow_kind: "author" } : { rules };
    const { page } = await postTopic(reader.id, { ...fields, action: "test" });
    expect(page).toContain(`<strong>${papers}</strong>`);
    expect(page).toContain(warning);
  });

  test("what was changed after it was tried is tried again, not saved", async () => {
    const reader = await confirmReader(app, "changes@example.net");
    const { page } = await postTopic(reader.id, { rules: "laundry", tried: "robots", action: "save" });
    expect(page).toContain("<strong>1 paper</strong>");
    expect(await listSavedTopics(app.db, reader.id)).toEqual([]);
    const answer = await postTopic(reader.id, { rules: "laundry", tried: "laundry", action: "save" });
    expect(answer.status).toBe(303);
    expect(await listSavedTopics(app.db, reader.id)).toMatchObject([{ rules: "laundry" }]);
  });

  test("a left-out word is left out of the try", async () => {
    const reader = await confirmReader(app, "leaves@example.net");
    const { page } = await postTopic(reader.id, { rules: '"protein folding" -survey', action: "test" });
    expect(page).toContain("<strong>10 papers</strong>");
  });
});

describe("limits", () => {
  test("a reader has at most 20 topics of their own", async () => {
    const { id } = await confirmReader(app, "many@example.net");
    for (let at = 0; at < MAX_SAVED_TOPICS; at++)
      expect(await saveTopic(app.db, { ownerId: id, name: "", rules: `word${at}` }, app.now)).toMatchObject({
        kind: "saved",
      });
    const { status, page } = await postTopic(id, { rules: "one more", action: "save" });
    expect(status).toBe(422);
    expect(page).toContain("At most 20 topics can be saved.");
    expect(page).toContain("one more");
    expect(await listSavedTopics(app.db, id)).toHaveLength(MAX_SAVED_TOPICS);
  });

  test("the same rules are saved once, and too many words not at all", async () => {
    const { id } = await confirmReader(app, "twice@example.net");
    await postTopic(id, { rules: "laundry", action: "save" });
    await postTopic(id, { rules: "laundry", action: "save" });
    expect(await listSavedTopics(app.db, id)).toHaveLength(1);
    const { status, page } = await postTopic(id, { rules: "word OR ".repeat(60).concat("word"), action: "save" });
    expect(status).toBe(422);
    expect(page).toContain("At most 60 words and phrases");
    expect((await postTopic(id, { rules: "w".repeat(2_001), action: "test" })).status).toBe(422);
  });
});

test("a saved topic matches the papers of the last days at once, and its matches go with it", async () => {
  const { id } = await confirmReader(app, "atonce@example.net");
  await postTopic(id, { rules: '"protein folding"', action: "save" });
  const [topic] = await listSavedTopics(app.db, id);
  const count = async () =>
    (
      await app.db.execute<{ count: number }>(
        sql`select count(*)::int as count from matches where topic_id = ${topic?.id ?? 0}`,
      )
    ).rows[0]?.count;
  expect(await count()).toBe(12);
  await postTopic(id, { id: String(topic?.id), action: "delete" });
  expect(await count()).toBe(0);
});

test("the sign-up form shows papers a day and three samples of each topic", async () => {
  const page = await (await app.get("/")).text();
  const area = page.slice(
    page.indexOf("<legend>Action</legend>"),
    page.indexOf("</fieldset>", page.indexOf("<legend>Action</legend>")),
  );
  expect(area).toMatch(/Robotics <small>[^<]*\d/);
  expect(area).toContain("Robots that fold laundry");
});
