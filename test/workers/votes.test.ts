// Do votes and left-out words change the next digest, and does taking them back undo it?
import { sql } from "drizzle-orm";
import { beforeEach, expect, test } from "vitest";
import { listVotes } from "../../src/db/votes.ts";
import { runMatch } from "../../workers/match.ts";
import { runPlan } from "../../workers/plan.ts";
import { useApp } from "../support/app.ts";
import { storeTexts } from "../support/match-papers.ts";
import { confirmReader, storeListDay } from "../support/web-data.ts";

const app = useApp();
/** Papers on robots alike in all that ranks but their words; the voted one was read a week ago. */
const texts = [
  { title: "Robot kitchens", abstract: "A robot cooks soup, chops onions and stirs pots in kitchens." },
  { title: "Robot gardens", abstract: "A robot waters roses, mows lawns and rakes leaves in gardens." },
  { title: "Robot ships", abstract: "A robot steers ships, reads charts and furls sails at sea." },
];
let voted = 0;
let papers: number[] = [];

beforeEach(async () => {
  await app.db.execute(sql`truncate papers, topics, subscribers restart identity cascade`);
  await storeListDay(app.db, new Date("2026-02-01T00:00:00Z"));
  const before = new Date(app.now.getTime() - 20 * 86_400_000);
  const listedAt = new Date(app.now.getTime() - 3_600_000);
  [voted = 0] = await storeTexts(app.db, [
    {
      title: "Gardens by robot",
      abstract: "Roses, lawns and leaves: a robot waters, mows and rakes in gardens.",
      listedAt: before,
    },
  ]);
  papers = await storeTexts(
    app.db,
    texts.map((text) => ({ ...text, listedAt })),
  );
  await runMatch(app.context);
});

/** Makes the reader due, plans, and gives the papers of the new digest by their titles. */
async function planned(id: number): Promise<string[]> {
  await app.db.execute(sql`delete from digests`);
  await app.db.execute(sql`delete from sent_papers`);
  await app.db.execute(sql`update subscribers set due_at = ${app.now.toISOString()} where id = ${id}`);
  await runPlan(app.context, { now: app.now });
  const answer = await app.db.execute<{ title: string }>(
    sql`select title from digests, unnest(paper_ids) with ordinality as chosen(paper, nth) join papers on papers.id = paper
      where subscriber_id = ${id} order by nth`,
  );
  return answer.rows.map(({ title }) => title);
}

test("less like this moves alike papers down in the next digest, more moves them up, and undoing restores it", async () => {
  const reader = await confirmReader(app, "votes@example.net", ["robotics"], { hour: 9 });
  const usual = await planned(reader.id);
  expect(new Set(usual)).toEqual(new Set(texts.map(({ title }) => title)));
  const gardens = usual.indexOf("Robot gardens");

  const less = app.paths.vote(reader.id, voted, "less");
  const asked = await (await app.get(less)).text();
  expect(asked.match(/<button/g)).toHaveLength(1);
  expect(await planned(reader.id)).toEqual(usual);

  expect((await app.post(less, { action: "vote" })).status).toBe(200);
  expect((await planned(reader.id)).at(-1)).toBe("Robot gardens");
  const page = await (await app.get(app.paths.preferences(reader.id))).text();
  expect(page).toContain("Gardens by robot");

  await app.post(app.paths.vote(reader.id, voted, "more"), { action: "vote" });
  expect((await planned(reader.id))[0]).toBe("Robot gardens");
  expect(await listVotes(app.db, reader.id, app.now)).toMatchObject([{ paperId: voted, direction: "more" }]);

  await app.post(`${app.paths.preferences(reader.id)}/votes`, { paper: String(voted) });
  expect((await planned(reader.id)).indexOf("Robot gardens")).toBe(gardens);
});

test("a vote changes nobody else's digest", async () => {
  const one = await confirmReader(app, "one@example.net", ["robotics"], { hour: 9 });
  const other = await confirmReader(app, "other@example.net", ["robotics"], { hour: 9 });
  const usual = await planned(other.id);
  await app.post(app.paths.vote(one.id, voted, "less"), { action: "vote" });
  expect(await planned(other.id)).toEqual(usual);
});

test("with a cap of one, the paper that is liked more is the one that comes", async () => {
  const reader = await confirmReader(app, "cap@example.net", ["robotics"], { hour: 9, maxPapers: 1 });
  await app.post(app.paths.vote(reader.id, voted, "more"), { action: "vote" });
  expect(await planned(reader.id)).toEqual(["Robot gardens"]);
});

test("left-out words hold for all topics, also those of one's own, from the next digest on", async () => {
  const reader = await confirmReader(app, "never@example.net", ["robotics"], { hour: 9 });
  await app.post(`${app.paths.preferences(reader.id)}/topics`, { rules: "onions OR sails", action: "save" });
  expect(await planned(reader.id)).toHaveLength(3);
  await app.post(app.paths.preferences(reader.id), { excluded: "title:kitchens\nrose* lawns" });
  expect(await planned(reader.id)).toEqual(["Robot ships"]);
  await app.post(app.paths.preferences(reader.id), { excluded: "robot" });
  expect(await planned(reader.id)).toEqual([]);
  await app.post(app.paths.preferences(reader.id), { excluded: "" });
  expect(await planned(reader.id)).toHaveLength(3);
  expect(papers).toHaveLength(3);
});
