// Do pages show what is trending first: votes, comments, stars and age, fair to papers that nobody can vote on?
import { sql } from "drizzle-orm";
import { beforeEach, expect, test } from "vitest";
import { hotness, trending } from "../../src/core/plan/hotness.ts";
import { listWindowPapers } from "../../src/db/matches.ts";
import { listPapersOfSpan } from "../../src/db/pages.ts";
import { trendingAt } from "../../src/db/trending.ts";
import { useApp } from "../support/app.ts";

const app = useApp({ LOG_LEVEL: "silent" });
const at = new Date("2026-03-06T12:00:00Z");
type Row = {
  id: string;
  upvotes?: number;
  comments?: number;
  stars?: number;
  votable?: boolean;
  listedAt: string;
  listedOn?: string;
};

beforeEach(async () => {
  await app.db.execute(sql`truncate papers cascade`);
});

async function store({
  id,
  upvotes = 0,
  comments = 0,
  stars = 0,
  votable = true,
  listedAt,
  listedOn,
}: Row): Promise<void> {
  const links = votable ? { huggingface: "https://huggingface.co/papers/1" } : {};
  await app.db.execute(
    sql`insert into papers (canonical_id, source, title, abstract, authors, links, upvotes, comments, stars, listed_on, listed_at)
      values (${id}, 'test', ${id}, '', '{}', ${JSON.stringify(links)}::jsonb, ${upvotes}, ${comments}, ${stars},
        ${listedOn ?? listedAt.slice(0, 10)}, ${listedAt})`,
  );
}

test("the formula: votes, comments and stars count, and each once", () => {
  const none = { upvotes: 0, comments: 0, stars: 0 };
  expect(hotness(none)).toBe(0);
  expect(hotness({ ...none, upvotes: 20 })).toBe(0.5);
  expect(hotness({ ...none, comments: 10 })).toBe(0.5);
  expect(hotness({ ...none, stars: 400 })).toBe(0.5);
  const listedAt = new Date("2026-02-27T12:00:00Z");
  expect(trending({ upvotes: 20, comments: 0, stars: 0, votable: true, listedAt }, at)).toBe(0.25);
  expect(trending({ ...none, votable: false, listedAt }, at)).toBe(0.15);
  // What is to come, or very old, has an age all the same.
  expect(trending({ ...none, votable: false, listedAt: new Date("2031-01-01") }, at)).toBe(0.3);
  expect(trending({ upvotes: 1e6, comments: 0, stars: 0, votable: true, listedAt: new Date(0) }, at)).toBeGreaterThan(
    0,
  );
});

test("PostgreSQL computes the same as core", async () => {
  const rows: Required<Omit<Row, "listedOn">>[] = [];
  for (let n = 0; n < 300; n++)
    rows.push({
      id: `test:${n}`,
      upvotes: (n * 37) % 211,
      comments: (n * 7) % 13,
      stars: n % 3 === 0 ? (n * 9_973) % 50_000 : 0,
      votable: n % 4 !== 0,
      listedAt: new Date(at.getTime() + 3_600_000 - n * n * 97_000).toISOString(),
    });
  for (const row of rows) await store(row);
  const { rows: answers } = await app.db.execute<{ id: string; value: number }>(
    sql`select canonical_id as id, (${trendingAt(at)})::float8 as value from papers`,
  );
  const values = new Map(answers.map(({ id, value }) => [id, value]));
  for (const { id, listedAt, ...row } of rows)
    expect(values.get(id)).toBeCloseTo(trending({ ...row, listedAt: new Date(listedAt) }, at), 12);
});

test("a day is ordered by it: the much voted, then what nobody can vote on, then what nobody voted for", async () => {
  await store({ id: "liked", upvotes: 30, listedAt: "2026-03-05T02:00:00Z" });
  await store({ id: "discussed", upvotes: 10, comments: 15, listedAt: "2026-03-05T02:00:00Z" });
  await store({ id: "arxiv only", votable: false, listedAt: "2026-03-05T05:00:00Z" });
  await store({ id: "overlooked", upvotes: 1, listedAt: "2026-03-05T02:00:00Z" });
  const { papers } = await listPapersOfSpan(app.db, {
    from: "2026-03-05",
    to: "2026-03-05",
    limit: 10,
    offset: 0,
    now: at,
  });
  expect(papers.map(({ title }) => title)).toEqual(["discussed", "liked", "arxiv only", "overlooked"]);
});

test("a fresh paper without votes yet stands beside those that nobody can vote on", async () => {
  await store({ id: "overlooked", upvotes: 2, listedAt: "2026-03-06T00:00:00Z" });
  await store({ id: "fresh", listedAt: "2026-03-06T11:30:00Z" });
  const { papers } = await listPapersOfSpan(app.db, {
    from: "2026-03-06",
    to: "2026-03-06",
    limit: 10,
    offset: 0,
    now: at,
  });
  expect(papers.map(({ title }) => title)).toEqual(["fresh", "overlooked"]);
});

test("what arXiv announced some days before Hugging Face listed it is as new as the rest of that list", async () => {
  await store({ id: "from arXiv", upvotes: 20, listedAt: "2026-03-03T01:00:00Z", listedOn: "2026-03-06" });
  await store({ id: "from Hugging Face", upvotes: 18, listedAt: "2026-03-06T02:00:00Z" });
  await store({ id: "no votes yet", listedAt: "2026-03-03T01:00:00Z", listedOn: "2026-03-06" });
  const span = { from: "2026-03-06", to: "2026-03-06", limit: 10, offset: 0, now: new Date("2026-03-06T04:00:00Z") };
  const { papers } = await listPapersOfSpan(app.db, span);
  expect(papers.map(({ title }) => title)).toEqual(["from arXiv", "from Hugging Face", "no votes yet"]);
  const window = await listWindowPapers(app.db, { from: new Date("2026-03-01T00:00:00Z"), to: span.now });
  expect(new Map(window.map(({ title, listedAt }) => [title, listedAt.toISOString()]))).toEqual(
    new Map([
      ["from arXiv", "2026-03-06T00:00:00.000Z"],
      ["from Hugging Face", "2026-03-06T02:00:00.000Z"],
      ["no votes yet", "2026-03-06T00:00:00.000Z"],
    ]),
  );
});

test("front page and week show that order, and a past week keeps it", async () => {
  await store({ id: "Mondays hit", upvotes: 60, listedAt: "2026-03-02T02:00:00Z" });
  await store({ id: "Fridays middling", upvotes: 14, listedAt: "2026-03-06T02:00:00Z" });
  await store({ id: "Fridays arxiv", votable: false, listedAt: "2026-03-06T05:00:00Z" });
  await store({ id: "Mondays middling", upvotes: 14, listedAt: "2026-03-02T02:00:00Z" });
  const titles = async (path: string) => {
    const html = await (await app.get(path)).text();
    return [...html.matchAll(/(?:Mondays|Fridays) \w+(?=<\/a>)/g)].map(([title]) => title);
  };
  app.now = at;
  expect(await titles("/")).toEqual(["Fridays middling", "Fridays arxiv"]);
  const week = ["Mondays hit", "Fridays middling", "Fridays arxiv", "Mondays middling"];
  expect(await titles("/papers/week/2026-W10")).toEqual(week);
  app.now = new Date("2027-01-01T00:00:00Z");
  expect(await titles("/papers/week/2026-W10?page=1")).toEqual(week);
});
