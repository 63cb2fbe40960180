// Does the search find papers by the grammar of topics, mark what it found, and page through the rest?
import { beforeAll, describe, expect, test } from "vitest";
import { useApp } from "../support/app.ts";
import { storeTexts } from "../support/match-papers.ts";

const app = useApp();
beforeAll(async () => {
  const listedAt = app.now;
  await storeTexts(app.db, [
    {
      title: "Text-to-Image <generation>",
      abstract: `${"We begin with other things. ".repeat(20)}Then diffusion & more come. ${"And so on. ".repeat(40)}`,
      authors: ["Ada Lovelace"],
      categories: ["cs.CV"],
      listedAt,
    },
    { title: "A survey of diffusion", abstract: "Diffusion, told.", organization: "Some Lab", listedAt },
    { title: "Withdrawn diffusion", abstract: "Gone.", listedAt },
    ...Array.from({ length: 60 }, (_, at) => ({
      title: `Numbered work ${at}`,
      abstract: at < 30 ? "Pages and pages." : "Pages.",
      listedAt: new Date(listedAt.getTime() - at * 60_000),
    })),
  ]);
  await app.db.execute("update papers set withdrawn_at = now() where title = 'Withdrawn diffusion'");
});

const search = async (query: string, page = "") => {
  const answer = await app.get(`/search?q=${encodeURIComponent(query)}${page}`);
  const html = await answer.text();
  const titles = [...html.matchAll(/<h2 class="paper-title"><a [^>]*>(.*?)<\/a><\/h2>/gs)].map(([, title = ""]) =>
    title
      .replace(/<\/?mark>/g, "")
      .replace(/\s+/g, " ")
      .trim(),
  );
  return { status: answer.status, html, titles };
};

describe("the words of a topic's rules", () => {
  test.each([
    ["diffusion", ["A survey of diffusion", "Text-to-Image &lt;generation&gt;"]],
    ["diffusion -survey", ["Text-to-Image &lt;generation&gt;"]],
    ['"text to image" OR unheard', ["Text-to-Image &lt;generation&gt;"]],
    ["title:diffusion", ["A survey of diffusion"]],
    ['author:"ada lovelace"', ["Text-to-Image &lt;generation&gt;"]],
    ["org:lab", ["A survey of diffusion"]],
    ["category:cs.cv", ["Text-to-Image &lt;generation&gt;"]],
    ["diffusion NEAR/3 told", ["A survey of diffusion"]],
  ])("%s finds what it says, best first, without what was withdrawn", async (query, titles) => {
    const answer = await search(query);
    expect(answer.status).toBe(200);
    expect(answer.titles).toEqual(titles);
  });
});

test("what was found is marked in the title and in the part of the abstract that holds it", async () => {
  const { html } = await search("diffusion OR image");
  expect(html).toMatch(/Text-to-<mark>Image<\/mark> &lt;generation&gt;/);
  expect(html).toMatch(/… [^<]*Then <mark>diffusion<\/mark> &amp; more come[^…]*…/);
});

test("results come 25 a page, each once, and the pages are linked", async () => {
  const titles = [];
  for (const page of ["", "&page=2", "&page=3"]) titles.push((await search("pages", page)).titles);
  expect(titles.map((list) => list.length)).toEqual([25, 25, 10]);
  expect(new Set(titles.flat()).size).toBe(60);
  // Twice in the abstract is better than once, and among equals the newer goes first.
  expect(titles[0]?.slice(0, 2)).toEqual(["Numbered work 0", "Numbered work 1"]);
  const { html } = await search("pages", "&page=2");
  expect(html).toContain("60 papers");
  expect(html).toMatch(/href="\/search\?q=pages(&amp;page=1)?"/);
  expect(html).toMatch(/href="\/search\?q=pages&amp;page=3"/);
  expect((await search("pages", "&page=99")).titles).toEqual(titles[2]);
});

test.each([
  ['diffusion "open', "at character 11"],
  ["titel:x", "titel: is not known"],
  ["the of", "These words are too common to look for.<"],
  ["w".repeat(501), "At most 500 characters"],
])("%j comes back with 422, its mistake and what was typed", async (query, message) => {
  const { status, html } = await search(query);
  expect(status).toBe(422);
  expect(html).toContain(message);
  expect(html).toContain('aria-invalid="true"');
});

describe("a paper that is named", () => {
  beforeAll(async () => {
    const [arxiv, doi] = await storeTexts(app.db, [{ title: "Named by arXiv" }, { title: "Named by DOI" }]);
    await app.db.execute(`update papers set canonical_id = 'arxiv:2603.28767' where id = ${arxiv}`);
    await app.db.execute(`update papers set links = '{"doi": "10.1101/2026.03.01.123456"}' where id = ${doi}`);
  });

  test.each([
    ["2603.28767", "Named by arXiv"],
    ["arXiv:2603.28767v2", "Named by arXiv"],
    ["https://arxiv.org/abs/2603.28767", "Named by arXiv"],
    ["arxiv.org/pdf/2603.28767v1.pdf", "Named by arXiv"],
    ["https://huggingface.co/papers/2603.28767", "Named by arXiv"],
    ["https://doi.org/10.1101/2026.03.01.123456", "Named by DOI"],
  ])("%s leads to its page", async (query, title) => {
    const answer = await app.get(`/search?q=${encodeURIComponent(query)}`);
    expect(answer.status).toBe(303);
    const page = await (await app.get(answer.headers.get("location") ?? "")).text();
    expect(page).toContain(`<title>${title}`);
  });

  test("one that was never listed is told as that", async () => {
    const { status, html } = await search("https://arxiv.org/abs/2603.99999");
    expect(status).toBe(200);
    expect(html).toContain("This paper has not been listed here.");
  });
});

test("words that no paper holds may be a name: the search for an author is offered", async () => {
  expect((await search("Ada Lovelace")).html).toContain('href="/search?q=author%3A%22Ada%20Lovelace%22"');
  expect((await search("unheardof -diffusion")).html).not.toContain("author%3A");
});

test("the day of a paper is the one that lists show, when it was published", async () => {
  await app.db.execute("update papers set published_at = '2026-01-31T12:00:00Z' where title = 'A survey of diffusion'");
  expect((await search("title:diffusion org:lab")).html).toContain('<time datetime="2026-01-31">31 Jan 2026</time>');
});

test("without words there is the form, and without a result a way on", async () => {
  const form = await (await app.get("/search")).text();
  expect(form).toContain('name="q"');
  expect(form).not.toContain("search-count");
  const nothing = await search("unheardof");
  expect(nothing.status).toBe(200);
  expect(nothing.html).toContain("No paper holds these words.");
  expect(nothing.titles).toEqual([]);
});

test("the API finds the same in the same order", async () => {
  const { papers, total } = (await (await app.get("/api/v1/papers?q=diffusion")).json()) as {
    total: number;
    papers: { title: string }[];
  };
  expect(total).toBe(2);
  expect(papers.map(({ title }) => title)).toEqual(["A survey of diffusion", "Text-to-Image <generation>"]);
});
