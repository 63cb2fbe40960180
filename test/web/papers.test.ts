// Do the papers' pages say what they should: days, weeks, topics, one paper, and how it is cited and shared?
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, test } from "vitest";
import { useApp } from "../support/app.ts";
import { storeTexts } from "../support/match-papers.ts";
import { storeListDay } from "../support/web-data.ts";

const app = useApp({ THUMBNAIL_HOSTS: "thumbs.example.org" });
let robots = 0;
let think = 0;
beforeAll(async () => {
  [think = 0, robots = 0] = await storeListDay(app.db, app.now);
  const listedAt = new Date("2026-02-27T09:00:00Z");
  await storeTexts(app.db, [
    { title: "Last week's paper", abstract: "Old.", authors: ["A. Elder"], upvotes: 3, listedAt },
  ]);
  await app.db.execute(
    sql`update papers set abstract_tex = 'We show $x^2 < \\alpha$ & more <b>.', thumbnail = 'https://thumbs.example.org/a.png',
      organization = 'Lab & Co', stars = 1234, comments = 2,
      links = '{"pdf": "https://example.org/a.pdf", "code": "javascript:alert(1)", "doi": "10.1000/a b"}' where id = ${robots}`,
  );
  await app.db.execute(
    sql`update papers set thumbnail = 'https://elsewhere.example.com/b.png',
      authors = array(select 'Author ' || n from generate_series(1, 664) n), author_count = 664 where id = ${think}`,
  );
});
const page = async (path: string) => (await app.get(path)).text();
/** What stands in the list, without the sign-up form above it, which shows samples of its own. */
const listOf = (html: string) => html.slice(html.indexOf('<ol class="papers">'));

describe("lists", () => {
  test("the front page shows the latest list day, the hottest first, with the form on top", async () => {
    const html = await page("/");
    expect(html).toContain("Get trending papers in your email inbox");
    expect(html).toContain("Thu 5 Mar 2026");
    const list = listOf(html);
    expect(list.indexOf("Robots that fold laundry")).toBeLessThan(list.indexOf("&lt;think&gt;"));
    expect(list).not.toContain("Last week");
    expect(html).toContain('href="/papers/date/2026-02-27"');
  });

  test("a day leads to its neighbours and its week, a week to the weeks beside it", async () => {
    const day = await page("/papers/date/2026-02-27");
    expect(day).toContain("Last week&#39;s paper");
    expect(day).toContain('href="/papers/date/2026-03-05" rel="next"');
    expect(day).toContain('href="/papers/week/2026-W09"');
    const week = await page("/papers/week/2026-W09");
    expect(week).toContain('href="/papers/week/2026-W08" rel="prev"');
    expect(week).toContain('href="/papers/week/2026-W10" rel="next"');
    expect(week).toContain("Last week&#39;s paper");
    expect(week).toContain("23 Feb – 1 Mar 2026");
    expect(await page("/papers/week/2026-W01")).toContain("Nothing was listed in this week.");
  });

  test("a topic leaves only its papers, and an empty list says why", async () => {
    const html = listOf(await page("/?topic=robotics"));
    expect(html).toContain("Robots that fold laundry");
    expect(html).not.toContain("An image is worth a look");
    expect(await page("/?topic=nothing-such")).toContain("None of these papers is about this topic");
    expect(await page("/papers/date/2026-01-03")).toContain("There are no lists on weekends");
    expect(await page("/papers/date/2026-09-03")).toContain("This day is still to come.");
  });

  test("who reads a topic stays with it from day to day and week to week", async () => {
    const day = await page("/papers/date/2026-02-27?topic=robotics");
    expect(day).toContain('href="/papers/date/2026-03-05?topic=robotics" rel="next"');
    expect(day).toContain('href="/papers/week/2026-W09?topic=robotics"');
    expect(await page("/papers/week/2026-W09?topic=robotics")).toContain('href="/papers/week/2026-W08?topic=robotics"');
    expect(await page("/?topic=robotics")).toContain('href="/papers/date/2026-02-27?topic=robotics"');
  });

  test("a page past the end says so and leads back to the last one", async () => {
    for (const [path, back] of [
      ["/?page=9", 'href="/"'],
      ["/topics/robotics?page=9", 'href="/topics/robotics"'],
    ] as const) {
      const html = await page(path);
      expect(html, path).toContain("The list ends before this page.");
      expect(html, path).toContain(`${back}>Go to its last page`);
    }
  });

  test.each(["/papers/date/2026-02-30", "/papers/week/2026-W60", "/papers/0", "/papers/999999", "/topics/none"])(
    "%s is not there",
    async (path) => {
      expect((await app.get(path)).status).toBe(404);
    },
  );

  test("names such as <think> and Q&A, 664 authors and thousands of stars read as a person would write them", async () => {
    const html = await page("/");
    expect(html).toContain("A &lt;think&gt; of a language model");
    expect(html).toContain("Q&amp;A");
    expect(html).toContain("Author 1, Author 2, Author 3 … Author 664\u00a0· 664\u00a0authors");
    expect(html).toContain("1,234");
  });

  test("thumbnails come only from hosts the operator named, and the policy says the same", async () => {
    const answer = await app.get("/");
    const html = await answer.text();
    expect(html).toContain('src="https://thumbs.example.org/a.png"');
    expect(html).not.toContain("elsewhere.example.com");
    expect(answer.headers.get("content-security-policy")).toContain("img-src 'self' data: https://thumbs.example.org;");
    expect(await page(`/papers/${think}`)).not.toContain("elsewhere.example.com");
  });
});

describe("one paper", () => {
  test("shows its abstract with math, every author, its topics with the words, and only links that lead somewhere", async () => {
    const html = await page(`/papers/${robots}`);
    expect(html).toMatch(/<math[\s>]/);
    expect(html).toContain("&amp; more &lt;b&gt;");
    expect(html).not.toMatch(/<math[^>]*style=/);
    expect(html).toMatch(/<a class="tag" href="\/topics\/robotics">Robotics<\/a><\/dt><dd><mark>robot<\/mark>/);
    expect(html).toContain('href="https://example.org/a.pdf"');
    expect(html).toContain('href="https://doi.org/10.1000/a%20b"');
    expect(html).not.toContain("javascript:");
    const many = await page(`/papers/${think}`);
    expect(many).toContain("All 664 authors");
    expect(many).toContain("Author 333,");
  });

  test("an address in the abstract can be followed, without what the sentence puts round it", async () => {
    const [id] = await storeTexts(app.db, [
      {
        title: "Linked",
        abstract: "Code (https://example.org/robot?a=1&b=2) and data at https://example.org/<b>. Both open.",
        listedAt: app.now,
      },
    ]);
    const html = await page(`/papers/${id}`);
    const link = (href: string) => `<a href="${href}" rel="noopener noreferrer nofollow">${href}</a>`;
    expect(html).toContain(`Code (${link("https://example.org/robot?a=1&amp;b=2")}) and data at`);
    expect(html).toContain(`${link("https://example.org/")}&lt;b&gt;. Both open.`);
  });

  test("brings what social cards and reference managers read", async () => {
    const html = await page(`/papers/${robots}`);
    expect(html).toContain('<meta property="og:title" content="Robots that fold laundry">');
    expect(html).toContain('<meta property="og:type" content="article">');
    expect(html).toContain('<meta property="og:description" content="A robot folds.">');
    expect(html).toContain('<meta name="citation_author" content="Mary Somerville">');
    const image = /property="og:image" content="([^"]+)"/.exec(html)?.[1] ?? "";
    expect(image.startsWith(`${app.context.config.BASE_URL}/`)).toBe(true);
    const picture = await app.get(new URL(image).pathname);
    expect(picture.headers.get("content-type")).toBe("image/png");
    expect((await picture.arrayBuffer()).byteLength).toBeLessThan(40_000);
    expect(html).toContain(`<link rel="canonical" href="${app.context.config.BASE_URL}/papers/${robots}">`);
  });

  test.each([
    ["bib", "application/x-bibtex", /^@\w+\{.*Lovelace, Ada and Somerville, Mary/s],
    ["ris", "application/x-research-info-systems", /^TY {2}- .*AU {2}- Lovelace, Ada\r?\n/s],
    ["json", "application/vnd.citationstyles.csl+json", /"family": "Lovelace"/],
  ])("is cited as %s, as a file", async (form, type, body) => {
    const answer = await app.get(`/papers/${robots}/cite.${form}`);
    expect(answer.headers.get("content-type")).toContain(type);
    expect(answer.headers.get("content-disposition")).toMatch(new RegExp(`^attachment; filename="?[^"]+\\.${form}"?$`));
    expect(await answer.text()).toMatch(body);
  });

  test("leads to papers on the same topics", async () => {
    const [other] = await storeTexts(app.db, [
      { title: "Robots that cook", abstract: "A robot cooks.", authors: [], upvotes: 1, listedAt: app.now },
    ]);
    await app.db.execute(
      sql`insert into matches (paper_id, topic_id, score, terms) select ${other}, id, 2, array['robot'] from topics where slug = 'robotics'`,
    );
    const html = await page(`/papers/${robots}?again`);
    expect(html.slice(html.indexOf('id="related"'))).toContain("Robots that cook");
  });
});

describe("search", () => {
  test("marks what it found, and says what is wrong beside the field", async () => {
    expect(await page("/search?q=laundry")).toContain("Robots that fold <mark>laundry</mark>");
    expect(await page("/search?q=zzqqzz")).toContain("Nothing found");
    const wrong = await app.get("/search?q=%22open");
    expect(wrong.status).toBe(422);
    expect(await wrong.text()).toContain('id="q-error"');
  });
});
