// Does storing papers keep one row a work, with the right fields from each source?
import { eq, sql } from "drizzle-orm";
import { beforeEach, expect, test } from "vitest";
import type { PaperDraft } from "../../src/core/paper.ts";
import { findPaper, listPapersById, storePapers } from "../../src/db/papers.ts";
import { paperMetrics, papers } from "../../src/db/schema.ts";
import { useDatabase } from "../support/database.ts";

const base = useDatabase();
const now = new Date("2026-03-02T12:00:00Z");
const draft = (given: Partial<PaperDraft> = {}): PaperDraft => ({
  source: "huggingface",
  canonicalId: "arxiv:2603.00001",
  title: "A paper",
  abstract: "What it says.",
  authors: ["Ada Lovelace"],
  categories: [],
  keywords: [],
  links: { huggingface: "https://huggingface.co/papers/2603.00001" },
  upvotes: 3,
  listedOn: "2026-03-02",
  listedAt: new Date("2026-03-02T02:00:00Z"),
  announce: "new",
  ...given,
});
const arxiv = (given: Partial<PaperDraft> = {}): PaperDraft => {
  const { upvotes: _, ...rest } = draft({ source: "arxiv", links: { abstract: "https://arxiv.org/abs/2603.00001" } });
  return { ...rest, ...given };
};
const only = async () => {
  const rows = await base.db.select().from(papers);
  expect(rows).toHaveLength(1);
  return rows[0] as (typeof rows)[number];
};

beforeEach(async () => {
  await base.db.execute(sql`truncate papers cascade`);
});

test("a batch stored twice adds nothing the second time", async () => {
  const drafts = [draft(), draft({ canonicalId: "arxiv:2603.00002", title: "Another" })];
  expect(await storePapers(base.db, drafts, now)).toMatchObject({ new: 2, updated: 0, unchanged: 0, refused: [] });
  expect(await storePapers(base.db, drafts, now)).toMatchObject({ new: 0, updated: 0, unchanged: 2, refused: [] });
  expect(await base.db.select().from(papers)).toHaveLength(2);
});

test("counts are refreshed without asking match again, and kept by day", async () => {
  const first = await storePapers(base.db, [draft()], now);
  await base.db.update(papers).set({ matchedAt: now });
  const later = new Date("2026-03-03T12:00:00Z");
  expect(await storePapers(base.db, [draft({ upvotes: 9 })], later)).toMatchObject({
    new: 0,
    updated: 1,
    ids: first.ids,
  });
  expect(await only()).toMatchObject({ upvotes: 9, matchedAt: now });
  const days = await base.db.select().from(paperMetrics).orderBy(paperMetrics.day);
  expect(days.map(({ day, upvotes }) => [day, upvotes])).toEqual([
    ["2026-03-02", 3],
    ["2026-03-03", 9],
  ]);
});

test("text that changed is to be matched again", async () => {
  await storePapers(base.db, [draft()], now);
  await base.db.update(papers).set({ matchedAt: now });
  await storePapers(base.db, [draft({ abstract: "It says more." })], now);
  expect((await only()).matchedAt).toBeNull();
});

test("arXiv owns the text and Hugging Face the votes, whichever comes first", async () => {
  const social = draft({ title: "A paper (social)", stars: 5 });
  const official = arxiv({ title: "A paper", categories: ["cs.LG"], authors: ["Ada Lovelace", "Charles Babbage"] });
  for (const order of [
    [social, official],
    [official, social],
  ]) {
    await base.db.execute(sql`truncate papers cascade`);
    for (const one of order) await storePapers(base.db, [one], now);
    expect(await only()).toMatchObject({
      source: "arxiv",
      title: "A paper",
      authors: ["Ada Lovelace", "Charles Babbage"],
      categories: ["cs.LG"],
      upvotes: 3,
      stars: 5,
      links: {
        abstract: "https://arxiv.org/abs/2603.00001",
        huggingface: "https://huggingface.co/papers/2603.00001",
      },
    });
  }
});

test("a paper listed on two days keeps the first day and instant, in either order", async () => {
  const monday = draft();
  const tuesday = draft({ listedOn: "2026-03-03", listedAt: new Date("2026-03-03T01:00:00Z") });
  await storePapers(base.db, [tuesday, monday], now);
  expect(await only()).toMatchObject({ listedOn: "2026-03-02", listedAt: monday.listedAt });
  await storePapers(base.db, [tuesday], now);
  expect(await only()).toMatchObject({ listedOn: "2026-03-02", listedAt: monday.listedAt });
});

test("Hugging Face's list day is the paper's day, while the first instant it was known stays", async () => {
  await storePapers(base.db, [arxiv({ listedOn: "2026-02-27", listedAt: new Date("2026-02-27T05:00:00Z") })], now);
  await storePapers(base.db, [draft()], now);
  expect(await only()).toMatchObject({ listedOn: "2026-03-02", listedAt: new Date("2026-02-27T05:00:00Z") });
});

test("a replacement updates a known paper, is never news, and an older version never comes back", async () => {
  expect(await storePapers(base.db, [arxiv({ announce: "replace", version: 2 })], now)).toMatchObject({
    new: 0,
    ids: [],
  });
  expect(await base.db.select().from(papers)).toHaveLength(0);
  const listedAt = new Date("2026-03-02T05:00:00Z");
  await storePapers(base.db, [arxiv({ version: 1, listedAt })], now);
  const second = arxiv({ announce: "replace", version: 2, title: "A better paper", listedOn: "2026-02-01" });
  expect(await storePapers(base.db, [second], now)).toMatchObject({ new: 0, updated: 1 });
  await storePapers(base.db, [arxiv({ version: 1, listedAt })], now);
  expect(await only()).toMatchObject({ title: "A better paper", version: 2, listedOn: "2026-03-02", listedAt });
});

test("a withdrawn paper is marked once, and a later version that stands again clears the mark", async () => {
  await storePapers(base.db, [arxiv({ version: 1 })], now);
  await storePapers(base.db, [arxiv({ version: 2, announce: "replace", withdrawn: true })], now);
  expect((await only()).withdrawnAt).toEqual(now);
  await storePapers(base.db, [arxiv({ version: 2, announce: "replace", withdrawn: true })], new Date());
  expect((await only()).withdrawnAt).toEqual(now);
  await storePapers(base.db, [draft()], now);
  expect((await only()).withdrawnAt).toEqual(now);
  await storePapers(base.db, [arxiv({ version: 3, announce: "replace", withdrawn: false })], now);
  expect((await only()).withdrawnAt).toBeNull();
});

test("a journal's DOI folds into the arXiv paper that names it, whichever comes first and in one batch too", async () => {
  const journal = draft({
    source: "feed:journal.example",
    canonicalId: "doi:10.1000/x.1",
    links: { doi: "10.1000/x.1" },
  });
  const preprint = arxiv({ links: { doi: "10.1000/x.1" } });
  for (const batches of [
    [[journal], [preprint]],
    [[preprint], [journal]],
    [[journal, preprint]],
    [[preprint, journal]],
  ]) {
    await base.db.execute(sql`truncate papers cascade`);
    for (const batch of batches) await storePapers(base.db, batch, now);
    expect(await only()).toMatchObject({ canonicalId: "arxiv:2603.00001", source: "arxiv" });
  }
});

test("two arXiv papers that name the same DOI stay two", async () => {
  const one = arxiv({ links: { doi: "10.1000/x.1" } });
  const two = arxiv({ canonicalId: "arxiv:2603.00002", links: { doi: "10.1000/x.1" } });
  await storePapers(base.db, [one], now);
  await storePapers(base.db, [two], now);
  expect(await base.db.select().from(papers)).toHaveLength(2);
});

test("a draft that PostgreSQL cannot keep is named, and the rest of its batch goes in", async () => {
  const drafts = [1, 2, 3, 4, 5].map((n) => draft({ canonicalId: `arxiv:2603.1000${n}` }));
  drafts[2] = draft({ canonicalId: "arxiv:2603.99999", title: "with a NUL \u0000 in it" });
  const stored = await storePapers(base.db, drafts, now);
  expect(stored).toMatchObject({ new: 4 });
  expect(stored.refused).toHaveLength(1);
  expect(stored.refused[0]).toMatch(/^arxiv:2603\.99999: /);
});

test("several processes storing the same papers at once make one row each", async () => {
  const drafts = Array.from({ length: 60 }, (_, n) =>
    draft({ canonicalId: `arxiv:2603.2${String(n).padStart(4, "0")}` }),
  );
  const reversed = drafts.toReversed();
  const answers = await Promise.all(
    [drafts, reversed, drafts, reversed].map((some) => storePapers(base.db, some, now)),
  );
  expect(answers.reduce((sum, answer) => sum + answer.new, 0)).toBe(60);
  expect(await base.db.select().from(papers)).toHaveLength(60);
  expect(new Set(answers.flatMap(({ ids }) => ids)).size).toBe(60);
});

test("papers are read by id in the order asked, and unknown ids are left out", async () => {
  const drafts = [draft(), draft({ canonicalId: "arxiv:2603.00002", authors: Array(664).fill("Grace Hopper") })];
  const { ids } = await storePapers(base.db, drafts, now);
  const [first, second] = ids as [number, number];
  const read = await listPapersById(base.db, [second, 999_999, first]);
  expect(read.map(({ canonicalId }) => canonicalId)).toEqual(["arxiv:2603.00002", "arxiv:2603.00001"]);
  expect(read[0]?.authors).toHaveLength(664);
  expect(await findPaper(base.db, 999_999)).toBeUndefined();
  expect((await findPaper(base.db, first))?.listedAt).toEqual(drafts[0]?.listedAt);
  expect(await base.db.select().from(papers).where(eq(papers.id, first))).toHaveLength(1);
});
