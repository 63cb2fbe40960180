// Where can a reader see what matched and fell to the cap? On the page of the edition, to which the mail's last line leads.
import { simpleParser } from "mailparser";
import { beforeAll, expect, test } from "vitest";
import { findDigest } from "../../src/db/digests.ts";
import { applyTopics } from "../../src/db/topics.ts";
import { openComposer } from "../../src/mail/compose.ts";
import { runMatch } from "../../workers/match.ts";
import { runPlan } from "../../workers/plan.ts";
import { useApp } from "../support/app.ts";
import { composerSettings } from "../support/context.ts";
import { storeTexts } from "../support/match-papers.ts";
import { confirmReader, offered } from "../support/web-data.ts";

const app = useApp();
const kinds = ["fold laundry", "climb stairs", "peel apples", "sweep floors", "water plants"];
const titles = kinds.map((kind) => `Robots that ${kind}`);

beforeAll(async () => {
  await applyTopics(app.db, offered, app.now);
  const hoursAgo = (hours: number) => new Date(app.now.getTime() - hours * 3_600_000);
  const list = titles.map((title, at) => ({ title, upvotes: 50 - 10 * at, listedAt: hoursAgo(2) }));
  await storeTexts(app.db, [
    ...list,
    { title: "A robot nobody here asked for: a survey", listedAt: hoursAgo(2) },
    { title: "Robots of a month ago", listedAt: hoursAgo(30 * 24) },
    { title: "An image is worth a look", listedAt: hoursAgo(2) },
  ]);
  await runMatch(app.context);
});

/** The edition of `now`, as the ledger has it. */
async function planAt(email: string, now: Date) {
  app.now = now;
  await runPlan(app.context, { now, everyone: true });
  const { rows } = await app.db.execute<{ id: string }>(
    `select digests.id from digests join subscribers on subscribers.id = subscriber_id
      where email = '${email}' order by edition_date desc limit 1`,
  );
  const digest = await findDigest(app.db, { id: Number(rows[0]?.id) });
  if (!digest) throw new Error("nothing was planned");
  return digest;
}

const restOf = (page: string) => /<section[^>]*aria-labelledby="more".*?<\/section>/s.exec(page)?.[0] ?? "";
const shownIn = (html: string) => titles.filter((title) => html.includes(title));

test("what fell to the cap stands on the edition's page, without what was sent before and what the reader leaves out", async () => {
  const email = "capped@example.net";
  await confirmReader(app, email, ["robotics"], { maxPapers: 2, hour: 8, timezone: "UTC", excluded: "survey" });
  const first = await planAt(email, new Date("2026-03-05T09:00:00Z"));
  expect(first.more).toBe(3);
  const second = await planAt(email, new Date("2026-03-06T09:00:00Z"));
  expect(second.more).toBe(1);

  const page = async ({ id }: { id: number }) => (await app.get(app.paths.digest(id))).text();
  const rest = restOf(await page(first));
  expect(rest).toContain("3 more papers that matched");
  expect(shownIn(rest)).toEqual(titles.slice(2));
  expect(rest).not.toContain("survey");
  expect(rest).not.toContain("month ago");
  expect(rest).not.toContain("An image");
  expect(shownIn(restOf(await page(second)))).toEqual(titles.slice(4));
});

test("the mail's last line leads to them", async () => {
  const digest = await planAt("capped@example.net", new Date("2026-03-06T09:00:00Z"));
  const { text, html } = await simpleParser((await (await openComposer(composerSettings)).digest(digest)).raw);
  expect(text).toMatch(/And 1 more paper that matched:\nhttps:\S+\/digests\/\S+#more\n/);
  expect(html).toMatch(/<a href="https:\S+\/digests\/\S+#more">And 1 more paper that matched/);
});

test("an edition that holds all that matched names no more", async () => {
  await confirmReader(app, "all@example.net", ["vision"], { hour: 8, timezone: "UTC" });
  const { id } = await planAt("all@example.net", new Date("2026-03-06T09:00:00Z"));
  const page = await (await app.get(app.paths.digest(id))).text();
  expect(page).toContain("is worth a look");
  expect(restOf(page)).toBe("");
});
