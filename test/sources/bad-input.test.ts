// Does bad input end in one sentence and harm nothing but itself?
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { HttpSettings } from "../../src/sources/http.ts";
import type { Batch, Source } from "../../src/sources/source.ts";
import { findSource } from "../../src/sources/sources.ts";
import { driveClock, openTestHttp, type Reply, startSource } from "../support/fake-source.ts";
import { readFileOf } from "../support/text-files.ts";

const item = (n: number, more = "") =>
  `<item><title>Paper ${n}</title><link>https://journal.example/${n}</link><guid>g${n}</guid>${more}</item>`;
const rss = (inner: string, prolog = '<?xml version="1.0"?>') =>
  `${prolog}<rss version="2.0"><channel><title>Journal</title>${inner}</channel></rss>`;

/** What a feed that answers so gives: papers before the damage, and the sentence at the end. */
async function askFeed(
  reply: Reply,
  settings: HttpSettings = {},
): Promise<{ titles: string[]; says: string | undefined }> {
  const server = await startSource(() => ({ type: "application/rss+xml", ...reply }));
  const { titles, says } = await ask(findSource(`${server.url}/feed.xml`, readConfig({})), settings);
  return { titles, says: says?.replace(/127\.0\.0\.1:\d+/g, "HOST") };
}

async function ask(source: Source | undefined, settings: HttpSettings = {}) {
  if (!source) throw new Error("there is no such source");
  const clock = driveClock("2026-03-03T12:00:00Z");
  const http = openTestHttp({ ...clock, ...settings });
  const titles: string[] = [];
  const refused: string[] = [];
  const days = { from: "2026-03-03", to: "2026-03-03", unit: "day" as const, regular: true };
  try {
    for await (const batch of source.fetch({ ...days, now: clock.now() }, http) as AsyncIterable<Batch>) {
      titles.push(...batch.drafts.map(({ title }) => title));
      refused.push(...batch.refused);
    }
    return { titles, says: refused[0] };
  } catch (error) {
    return { titles, says: (error as Error).message };
  }
}

describe("XML", () => {
  const bomb = `<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>`;
  const external = '<!DOCTYPE rss [<!ENTITY passwords SYSTEM "file:///etc/passwd">]>';
  test.each([
    ["entities that grow", rss(item(1, "<description>&c;</description>"), bomb)],
    ["an entity that names a file", rss(item(1, "<description>&passwords;</description>"), external)],
  ])("%s are not read", async (_what, body) => {
    const { titles, says } = await askFeed({ body });
    expect(titles).toEqual([]);
    expect(says).toMatch(/^HOST line 1, column \d+: the XML declares entities of its own, which are not read\.$/);
  });

  test("a document type from elsewhere is never fetched, and an unknown entity stays as it is written", async () => {
    const server = await startSource(() => ({ body: "x" }));
    const prolog = `<!DOCTYPE rss SYSTEM "${server.url}/rss.dtd">`;
    const { titles } = await askFeed({ body: rss(item(1).replace("Paper", "Paper &unknown;"), prolog) });
    expect(titles).toEqual(["Paper &unknown; 1"]);
    expect(server.asked).toEqual([]);
  });

  test("elements without end of depth are refused", async () => {
    const { says } = await askFeed({ body: rss(`<item>${"<x>".repeat(100_000)}`) });
    expect(says).toMatch(/elements are nested more than 64 deep\.$/);
  });

  test("one record of more than 4 MB is refused, and the ones before it go in", async () => {
    const { titles, says } = await askFeed({
      body: rss(`${item(1)}<item><title>${"x".repeat(4_100_000)}</title></item>`),
    });
    expect(titles).toEqual(["Paper 1"]);
    expect(says).toMatch(/one record is larger than 4 MB\.$/);
  });

  test("a truncated body: the papers before the break go in", async () => {
    const { titles, says } = await askFeed({ body: rss(item(1) + item(2)).slice(0, -60) });
    expect(titles).toEqual(["Paper 1"]);
    expect(says).toMatch(/^HOST line 1, column \d+: the XML breaks off inside <\w+>\.$/);
  });

  test.each([
    ["", "HOST: the answer is empty."],
    ["  \n", "HOST: the answer is empty."],
    ["<!DOCTYPE html><html><body>Sorry</body></html>", "HOST: a web page came where a feed was expected."],
    ['{"error": 1}', "HOST: text came where a feed was expected."],
    ["<opml><body/></opml>", "HOST: the XML holds <opml>, which is no feed."],
  ])("%j in place of a feed", async (body, sentence) => {
    expect(await askFeed({ body })).toEqual({ titles: [], says: sentence });
  });

  test.each([
    [
      "declared in the XML",
      Buffer.from(
        rss(item(1).replace("Paper", "M\u00fcller"), '<?xml version="1.0" encoding="iso-8859-1"?>'),
        "latin1",
      ),
      "",
    ],
    [
      "declared by the server",
      Buffer.from(rss(item(1).replace("Paper", "M\u00fcller")), "latin1"),
      "; charset=ISO-8859-1",
    ],
    ["not declared", Buffer.from(rss(item(1).replace("Paper", "M\u00fcller")), "latin1"), ""],
    [
      "declared wrongly",
      Buffer.from(rss(item(1).replace("Paper", "M\u00fcller"), '<?xml version="1.0" encoding="us-ascii"?>')),
      "; charset=windows-1251",
    ],
    ["UTF-16", Buffer.from(`\ufeff${rss(item(1).replace("Paper", "M\u00fcller"))}`, "utf16le"), ""],
  ])("a charset that is %s", async (_what, body, type) => {
    expect(await askFeed({ body, type: `text/xml${type}` })).toEqual({ titles: ["Müller 1"], says: undefined });
  });

  test("control characters, NULs and half surrogates harm one character", async () => {
    const { titles } = await askFeed({ body: rss(item(1).replace("Paper", "Pa\u0001per &#0; &#xD800;")) });
    expect(titles).toHaveLength(1);
    expect(titles[0]).toMatch(/^Pa ?per.*1$/);
  });
});

describe("JSON", () => {
  const hugging = async (reply: Reply) => {
    const server = await startSource(() => reply);
    return ask(findSource("huggingface", readConfig({ HUGGINGFACE_URL: server.url })));
  };
  test.each([
    ["<!DOCTYPE html><html>Sorry</html>", "Hugging Face 2026-03-03: a web page came where JSON was expected."],
    ['[{"paper":{"id":"2603.0', "Hugging Face 2026-03-03: the JSON breaks off or is damaged."],
    ["Internal error", "Hugging Face 2026-03-03: text came where JSON was expected."],
    ["", "Hugging Face 2026-03-03: the answer is empty."],
    ['{"error":"Sorry, we are down."}', "Hugging Face 2026-03-03: Hugging Face says: Sorry, we are down."],
    ["null", "Hugging Face 2026-03-03: expected a list of daily papers, found nothing."],
  ])("a 200 with %j", async (body, sentence) => {
    expect(await hugging({ body })).toEqual({ titles: [], says: sentence });
  });

  test("664 authors, an empty abstract and odd counts are kept as far as they make sense", async () => {
    const authors = Array.from({ length: 664 }, (_, n) => ({ name: `Author ${n}` }));
    const entry = (id: string, more: object) => ({
      paper: { id, title: `Paper ${id}`, summary: "x", ...more },
      numComments: -4,
    });
    const read = await readFileOf(
      "2026-03-03.json",
      JSON.stringify([
        entry("2603.00001", { authors, summary: "", upvotes: 1e12 }),
        entry("2603.00002", { authors: null, summary: null, upvotes: "many", githubRepo: "javascript:alert(1)" }),
        entry("2603.00003", { submittedOnDailyAt: "2031-01-01T00:00:00Z" }),
        entry("2603.00004", {
          submittedOnDailyAt: "soon",
          authors: [{ name: "Ada" }, { name: null }, {}, "Grace", { name: "et al." }],
        }),
        entry("2603.00005", { publishedAt: "2031-01-01T00:00:00Z" }),
      ]),
    );
    expect(read.refused).toEqual(["2026-03-03.json [2].paper.submittedOnDailyAt: 2031-01-01 lies in the future."]);
    expect(read.drafts.map(({ listedOn }) => listedOn)).toEqual(Array(4).fill("2026-03-03"));
    expect(
      read.drafts.map(({ authors: { length }, abstract, upvotes, comments, links, publishedAt }) => [
        length,
        abstract,
        upvotes,
        comments,
        links.code,
        publishedAt,
      ]),
    ).toEqual([
      [664, "", undefined, undefined, undefined, undefined],
      [0, "", undefined, undefined, undefined, undefined],
      [2, "x", undefined, undefined, undefined, undefined],
      [0, "x", undefined, undefined, undefined, undefined],
    ]);
  });
});

describe("the way here", () => {
  test("a body over 20 MB is not read, zipped or not", async () => {
    const body = Buffer.alloc(21 * 1024 * 1024, " ");
    const sentence = "HOST sends more than 20 MB, which is not read.";
    // So much takes its time on a busy machine.
    const patient = { timeoutMs: 10_000 };
    const zipped = { body: gzipSync(body), headers: { "content-encoding": "gzip" } };
    expect((await askFeed({ body }, patient)).says).toBe(sentence);
    expect((await askFeed(zipped, patient)).says).toBe(sentence);
  });

  test("a body that is cut off, a broken zip and a silent server are one sentence each", async () => {
    expect((await askFeed({ body: rss(item(1)), cut: true })).says).toBe("HOST broke off in the middle of its answer.");
    expect((await askFeed({ body: "no zip", headers: { "content-encoding": "gzip" } })).says).toBe(
      "HOST broke off in the middle of its answer.",
    );
    expect((await askFeed({ silent: true })).says).toBe("HOST did not answer in time.");
  });

  test.each([404, 410, 403, 401])("status %d", async (status) => {
    expect((await askFeed({ status, body: "x" })).says).toBe(`HOST: answered with status ${status}.`);
  });

  test("a feed that a person entered is followed on its own host only", async () => {
    const other = await startSource(() => ({ type: "application/rss+xml", body: rss(item(1)) }));
    for (const location of [
      `${other.url}/feed`,
      "http://169.254.169.254/latest/meta-data/",
      "http://10.0.0.1/",
      "http://[::1]:1/",
      "file:///etc/passwd",
      "https://evil.example/",
      "//evil.example/feed",
      "http://user:word@127.0.0.1/",
    ]) {
      const { titles, says } = await askFeed({ status: 302, headers: { location } });
      expect(titles).toEqual([]);
      expect(says).toMatch(/^HOST sends us on to \S*, which is not followed\.$/);
    }
    expect(other.asked).toEqual([]);
    const moved = await startSource((url) =>
      url.pathname === "/feed.xml"
        ? { status: 301, headers: { location: "/new.xml" } }
        : { type: "text/xml", body: rss(item(7)) },
    );
    expect(await ask(findSource(`${moved.url}/feed.xml`, readConfig({})))).toEqual({
      titles: ["Paper 7"],
      says: undefined,
    });
    expect((await askFeed({ status: 302, headers: { location: "/feed.xml" } })).says).toBe(
      "HOST sends us on to HOST, which is not followed.",
    );
  });

  test.each([
    ["http://169.254.169.254/feed", "169.254.169.254 is not asked: it is not an address that papers could come from."],
    ["http://[fe80::1]/feed", "[fe80::1] is not asked: it is not an address that papers could come from."],
    ["http://0.0.0.0/feed", "0.0.0.0 is not asked: it is not an address that papers could come from."],
    [
      "http://[::ffff:169.254.169.254]/feed",
      "[::ffff:a9fe:a9fe] is not asked: it is not an address that papers could come from.",
    ],
    ["http://metadata.google.internal/feed", "metadata.google.internal is not asked: it names a metadata service."],
    ["http://2852039166/feed", "169.254.169.254 is not asked: it is not an address that papers could come from."],
  ])("%s is never asked", async (url, sentence) => {
    expect(await ask(findSource(url, readConfig({})))).toEqual({ titles: [], says: sentence });
  });

  test("a name that leads to a private address is not asked", async () => {
    // The machine's own name resolves to itself.
    const { hostname } = await import("node:os");
    const server = await startSource(() => ({ type: "text/xml", body: rss(item(1)) }));
    const { titles, says } = await ask(findSource(server.url.replace("127.0.0.1", hostname()), readConfig({})));
    expect(titles).toEqual([]);
    expect(says).toMatch(/(leads to a private address, which is not asked|cannot be found by name)\.$/);
    expect(server.asked).toEqual([]);
  });

  test.each(["ftp://journal.example/feed", "file:///etc/passwd", "journal", "http://", "javascript:alert(1)"])(
    "%s is no source",
    (name) => {
      expect(findSource(name, readConfig({}))).toBeUndefined();
    },
  );
});
