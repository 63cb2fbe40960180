// Can a reader program follow the front page, a topic, and its reader's own digests?
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, test } from "vitest";
import { useApp } from "../support/app.ts";
import { storeTexts } from "../support/match-papers.ts";
import { confirmReader, storeListDay, writeDigest } from "../support/web-data.ts";
import { elementsOf, parseXml, textOf } from "../support/xml.ts";

const app = useApp();
let papers: number[] = [];
beforeAll(async () => {
  papers = await storeListDay(app.db, app.now);
  const abstract = "Understandably intricate. ".repeat(30);
  await storeTexts(app.db, [{ title: "A long one", abstract, listedAt: app.now }]);
});
describe("public feeds", () => {
  test.each(["/papers", "/topics/robotics"])(
    "%s comes as Atom, RSS and JSON Feed with the same papers",
    async (path) => {
      const atom = await app.get(`${path}.atom`);
      expect(atom.headers.get("content-type")).toBe("application/atom+xml; charset=utf-8");
      const entries = elementsOf(parseXml(await atom.text()), "entry");
      const rss = await app.get(`${path}.rss`);
      expect(rss.headers.get("content-type")).toBe("application/rss+xml; charset=utf-8");
      const items = elementsOf(parseXml(await rss.text()), "item");
      const json = await app.get(`${path}.json`);
      expect(json.headers.get("content-type")).toBe("application/feed+json; charset=utf-8");
      const feed = JSON.parse(await json.text());
      expect(feed.version).toMatch(/^https:\/\/jsonfeed\.org\/version\//);
      const links = feed.items.map(({ url }: { url: string }) => url);
      expect(entries.map((entry) => textOf(entry, "id"))).toEqual(links);
      expect(items.map((item) => textOf(item, "link"))).toEqual(links);
      expect(links).toContain(`${app.context.config.BASE_URL}/papers/${papers[1]}`);
    },
  );

  test("titles with markup stay text in every form", async () => {
    const atom = parseXml(await (await app.get("/papers.atom")).text());
    const titles = elementsOf(atom, "entry").map((entry) => textOf(entry, "title"));
    expect(titles).toContain("A &lt;think&gt; of a language model");
    const feed = JSON.parse(await (await app.get("/papers.json")).text());
    const plain = feed.items.find(({ title }: { title: string }) => title.includes("<think>"));
    expect(plain.content_html).toContain("Q&amp;A");
    expect(plain.content_html).not.toContain("<think>");
  });

  test("a long abstract is cut at a word, with an ellipsis, in feeds and in the API", async () => {
    const feed = JSON.parse(await (await app.get("/papers.json")).text());
    const item = feed.items.find(({ title }: { title: string }) => title === "A long one");
    expect(item.content_html).toMatch(/^<p>(Understandably intricate\. ?){16}…<\/p>/);
    const { papers: all } = (await (await app.get("/api/v1/papers?limit=50")).json()) as {
      papers: { title: string; abstract: string }[];
    };
    expect(all.find(({ title }) => title === "A long one")?.abstract).toMatch(/Understandably intricate\.…$/);
  });

  test("a reader program that has it gets 304, by tag and by date", async () => {
    const first = await app.get("/papers.atom");
    const tag = first.headers.get("etag") ?? "";
    const modified = first.headers.get("last-modified") ?? "";
    expect((await app.get("/papers.atom", { headers: { "if-none-match": tag } })).status).toBe(304);
    expect((await app.get("/papers.atom", { headers: { "if-modified-since": modified } })).status).toBe(304);
  });

  test("there is no feed of an unknown topic or form", async () => {
    for (const path of ["/topics/none.atom", "/papers.csv", "/topics/robotics.exe"])
      expect((await app.get(path)).status).toBe(404);
  });
});

describe("a reader's own feed", () => {
  test("holds the digests that were sent, with their reasons, and nobody may keep or find it", async () => {
    const reader = await confirmReader(app, "feed@example.net");
    await writeDigest(app.db, reader.id, {
      editionDate: "2026-03-05",
      paperIds: papers,
      state: "sent",
      plannedAt: app.now,
    });
    await writeDigest(app.db, reader.id, {
      editionDate: "2026-03-04",
      paperIds: [],
      state: "skipped",
      reason: "nothing matched",
      plannedAt: app.now,
    });
    const answer = await app.get(app.paths.feed(reader.id));
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-robots-tag")).toContain("noindex");
    const xml = await answer.text();
    const entries = elementsOf(parseXml(xml), "entry");
    expect(entries).toHaveLength(1);
    expect(xml).toContain("Thu 5 Mar 2026: 3 papers");
    expect(xml).toContain("Robotics: robot");
    expect(xml).not.toContain("feed@example.net");
  });

  test("is well-formed whatever a reader called a topic of their own", async () => {
    const reader = await confirmReader(app, "named@example.net");
    const name = `p < 0.05 & "b" > 'c' ]]>`;
    await writeDigest(app.db, reader.id, {
      editionDate: "2026-03-03",
      paperIds: papers,
      state: "sent",
      plannedAt: app.now,
    });
    await app.db.execute(
      sql`update edition_cards set card = jsonb_set(card, '{topic,name}', to_jsonb(${name}::text)) where edition_date = '2026-03-03'`,
    );
    const xml = await (await app.get(app.paths.feed(reader.id))).text();
    expect(elementsOf(parseXml(xml), "category")).toHaveLength(1);
    expect(xml).toContain("label=\"p &lt; 0.05 &amp; &quot;b&quot; > 'c' ]]>\"");
  });

  test("a forged token opens none", async () => {
    expect((await app.get("/feeds/f1_AAAAAAAAAAAAAAAAAAAAAA.atom")).status).toBe(404);
  });

  test("an edition is taken along as BibTeX, RIS and Atom", async () => {
    const reader = await confirmReader(app, "take@example.net");
    const digest = await writeDigest(app.db, reader.id, {
      editionDate: "2026-03-05",
      paperIds: papers,
      state: "sent",
      plannedAt: app.now,
    });
    const path = app.paths.digest(digest);
    expect((await (await app.get(`${path}/cite.bib`)).text()).match(/^@/gm)).toHaveLength(3);
    expect((await (await app.get(`${path}/cite.ris`)).text()).match(/^ER {2}-/gm)).toHaveLength(3);
    expect(elementsOf(parseXml(await (await app.get(`${path}/papers.atom`)).text()), "entry")).toHaveLength(3);
  });
});
