// Is arXiv read in its three ways: announcements, Query API, OAI-PMH?
import { expect, test } from "vitest";
import { askSource } from "../support/ask-source.ts";
import { type FakeSource, startSource } from "../support/fake-source.ts";

const settings = ({ url }: FakeSource, categories = "cs.CL,cs.LG") => ({
  ARXIV_FEED_URL: url,
  ARXIV_API_URL: `${url}/api/query`,
  ARXIV_OAI_URL: `${url}/oai`,
  ARXIV_CATEGORIES: categories,
});
const item = (id: string, type: string, title = `Paper ${id}`) =>
  `<item><title>${title}</title><link>https://arxiv.org/abs/${id.replace(/v\d+$/, "")}</link><description>arXiv:${id} Announce Type: ${type}\nAbstract: We show things.</description><guid isPermaLink="false">oai:arXiv.org:${id}</guid><category>cs.CL</category><pubDate>Tue, 03 Mar 2026 00:00:00 -0500</pubDate><arxiv:announce_type>${type}</arxiv:announce_type><dc:creator>Ada Lovelace (MIT, Cambridge), Grace Hopper</dc:creator></item>`;
const feed = (category: string, items = "") =>
  `<?xml version="1.0"?><rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel><title>${category} updates on arXiv.org</title><link>http://rss.arxiv.org/rss/${category}</link><pubDate>Tue, 03 Mar 2026 00:00:00 -0500</pubDate>${items}</channel></rss>`;
const entry = (id: string, published: string) =>
  `<entry><id>http://arxiv.org/abs/${id}</id><title>Paper ${id}</title><published>${published}</published><updated>${published}</updated><summary>We show things.</summary><author><name>Ada Lovelace</name></author><category term="cs.CL"/><arxiv:primary_category term="cs.CL"/></entry>`;
const answer = (total: number, entries: string) =>
  `<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom"><id>https://arxiv.org/api/x</id><title>arXiv Query</title><opensearch:totalResults>${total}</opensearch:totalResults>${entries}</feed>`;

test("the announcement types: new and cross are news, both kinds of replacement update", async () => {
  const items = ["new", "cross", "replace", "replace-cross"].map((type, n) => item(`2603.0000${n}v${n + 1}`, type));
  const source = await startSource((url) => ({
    type: "application/rss+xml",
    body: url.pathname === "/rss/cs.CL" ? feed("cs.CL", items.join("")) : feed("cs.LG"),
  }));
  const { batches, failure, slept } = await askSource("arxiv", settings(source), {});
  expect(failure).toBeUndefined();
  expect(source.asked).toEqual(["/rss/cs.CL", "/rss/cs.LG"]);
  expect(slept).toEqual([3_000]);
  expect(batches.flatMap(({ drafts }) => drafts)).toMatchObject([
    {
      canonicalId: "arxiv:2603.00000",
      version: 1,
      announce: "new",
      abstract: "We show things.",
      listedOn: "2026-03-03",
    },
    { canonicalId: "arxiv:2603.00001", version: 2, announce: "new", authors: ["Ada Lovelace", "Grace Hopper"] },
    { canonicalId: "arxiv:2603.00002", version: 3, announce: "replace" },
    { canonicalId: "arxiv:2603.00003", version: 4, announce: "replace" },
  ]);
  expect(batches.map(({ listDay }) => listDay)).toEqual(["2026-03-03", undefined]);
});

test("a category whose feed cannot be read costs the others nothing, and the run still fails", async () => {
  const source = await startSource((url) =>
    url.pathname === "/rss/cs.CL"
      ? { body: feed("cs.CL", `${item("2603.00001v1", "new")}<item><broken`) }
      : { body: feed("cs.LG", item("2603.00002v1", "new")) },
  );
  const { batches, failure } = await askSource("arxiv", settings(source), { incomplete: ["2603.00005"] });
  expect(batches.flatMap(({ drafts }) => drafts.map(({ canonicalId }) => canonicalId))).toEqual([
    "arxiv:2603.00001",
    "arxiv:2603.00002",
  ]);
  expect(failure).toMatch(/^arXiv cs\.CL line 2, column \d+: /);
});

test("lists announced since the newest one known, before today's, are searched for and stand on their days", async () => {
  const source = await startSource((url) =>
    url.pathname === "/api/query"
      ? {
          body: answer(
            3,
            // Frozen on Thursday, Friday and Monday: the lists of Friday, Monday and Tuesday.
            entry("2602.00001v1", "2026-02-26T12:00:00Z") +
              entry("2602.00002v1", "2026-02-27T12:00:00Z") +
              entry("2603.00003v1", "2026-03-02T12:00:00Z"),
          ),
        }
      : { body: feed("cs.CL", item("2603.00003v1", "new")) },
  );
  const { batches, failure } = await askSource("arxiv", settings(source, "cs.CL"), {
    from: "2026-02-26",
    known: "2026-02-26",
  });
  expect(failure).toBeUndefined();
  expect(source.asked).toHaveLength(2);
  expect(batches.map(({ listDay, drafts }) => [listDay, drafts.map(({ canonicalId }) => canonicalId)])).toEqual([
    ["2026-03-03", ["arxiv:2603.00003"]],
    ["2026-02-27", ["arxiv:2602.00001"]],
    ["2026-03-02", ["arxiv:2602.00002"]],
  ]);
});

test("no list is missed over a weekend, nor where the newest one is today's", async () => {
  const source = await startSource(() => ({ body: feed("cs.CL", item("2603.00003v1", "new")) }));
  await askSource("arxiv", settings(source, "cs.CL"), { from: "2026-03-02", known: "2026-03-02" });
  await askSource("arxiv", settings(source, "cs.CL"), { known: "2026-03-03" });
  source.answer = () => ({ body: feed("cs.CL", item("2603.00003v1", "new")).replaceAll("Tue, 03", "Mon, 02") });
  await askSource("arxiv", settings(source, "cs.CL"), {
    from: "2026-02-27",
    known: "2026-02-27",
    at: "2026-03-02T12:00:00Z",
  });
  expect(source.asked).toEqual(["/rss/cs.CL", "/rss/cs.CL", "/rss/cs.CL"]);
});

test("papers that another source brought are completed by id, and are no news", async () => {
  const source = await startSource((url) =>
    url.pathname === "/api/query"
      ? {
          body: answer(
            2,
            entry("2603.00005v1", "2026-03-02T10:00:00Z") + entry("2603.00006v2", "2026-03-02T10:00:00Z"),
          ),
        }
      : { body: feed("cs.CL") },
  );
  const incomplete = ["2603.00005", "2603.00006", "2603.99999"];
  const { batches } = await askSource("arxiv", settings(source, "cs.CL"), { incomplete });
  expect(source.asked[1]).toBe("/api/query?id_list=2603.00005%2C2603.00006%2C2603.99999&max_results=3");
  expect(batches.flatMap(({ drafts }) => drafts)).toMatchObject([
    { canonicalId: "arxiv:2603.00005", categories: ["cs.CL"], announce: "replace" },
    { canonicalId: "arxiv:2603.00006", version: 2, announce: "replace" },
  ]);
});

test("metadata that cannot be had is a sentence and no failure of the announcements", async () => {
  const source = await startSource((url) =>
    url.pathname === "/api/query" ? { status: 400, body: "no" } : { body: feed("cs.CL", item("2603.00001v1", "new")) },
  );
  const { batches, failure } = await askSource("arxiv", settings(source, "cs.CL"), { incomplete: ["2603.00005"] });
  expect(failure).toBeUndefined();
  expect(batches.flatMap(({ refused }) => refused)).toEqual([
    "arXiv metadata from 2603.00005: answered with status 400.",
  ]);
});

test("days gone by are searched by category and submission, page by page, and each paper stands on its list day", async () => {
  const source = await startSource((url) => {
    const start = Number(url.searchParams.get("start"));
    const entries = Array.from({ length: start === 0 ? 500 : 20 }, (_, n) =>
      // Submitted on Friday evening and on Monday evening: Tuesday's list and Wednesday's.
      entry(`2603.${String(start + n + 10_000)}v1`, n % 2 ? "2026-02-27T20:00:00Z" : "2026-03-02T20:00:00Z"),
    );
    return { body: answer(520, entries.join("")) };
  });
  const ask = { from: "2026-03-03", to: "2026-03-03", regular: false, at: "2026-04-01T00:00:00Z" };
  const { batches, failure } = await askSource("arxiv", settings(source, "cs.SY,math"), ask);
  expect(failure).toBeUndefined();
  const queries = source.asked.map((path) => new URL(path, source.url).searchParams);
  expect(queries.map((query) => query.get("start"))).toEqual(["0", "500"]);
  expect(queries[0]?.get("search_query")).toBe(
    "(cat:eess.SY OR cat:cs.SY OR cat:math.*) AND submittedDate:[202602250000 TO 202603040000]",
  );
  const drafts = batches.flatMap((batch) => batch.drafts);
  expect(drafts).toHaveLength(260);
  expect(new Set(drafts.map(({ listedOn }) => listedOn))).toEqual(new Set(["2026-03-03"]));
});

test("an empty page in the middle of a search is a failure, not the end", async () => {
  const source = await startSource((url) => ({
    body: answer(
      1_200,
      url.searchParams.get("start") === "0" ? entry("2603.00001v1", "2026-02-27T20:00:00Z").repeat(500) : "",
    ),
  }));
  const ask = { regular: false, at: "2026-04-01T00:00:00Z" };
  const { failure } = await askSource("arxiv", settings(source), ask);
  expect(failure).toBe("arXiv search from 500: an empty page came before the end of the list.");
});

test("whole months come by OAI-PMH, set by set, with the token for the next part", async () => {
  const record = (id: string) =>
    `<record><header><identifier>oai:arXiv.org:${id}</identifier><datestamp>2026-03-03</datestamp></header><metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>${id}</id><created>2026-03-02</created><authors><author><keyname>L</keyname></author></authors><title>P ${id}</title><categories>cs.CL</categories><abstract>x</abstract></arXiv></metadata></record>`;
  const oai = (inner: string) =>
    `<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>${inner}</ListRecords></OAI-PMH>`;
  const source = await startSource((url) => {
    const token = url.searchParams.get("resumptionToken");
    if (url.searchParams.get("set") === "physics:hep-th")
      return {
        body: `<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="noRecordsMatch">none</error></OAI-PMH>`,
      };
    if (token === null)
      return { body: oai(`${record("2603.00001")}<resumptionToken completeListSize="3">one|two</resumptionToken>`) };
    return { body: oai(`${record("2603.00002")}${record("2603.00003")}<resumptionToken completeListSize="3"/>`) };
  });
  const ask = {
    from: "2026-03-01",
    to: "2026-03-31",
    unit: "month" as const,
    regular: false,
    at: "2026-04-02T00:00:00Z",
  };
  const { batches, failure, slept } = await askSource("arxiv", settings(source, "cmp-lg,hep-th"), ask);
  expect(failure).toBeUndefined();
  expect(source.asked).toEqual([
    "/oai?verb=ListRecords&metadataPrefix=arXiv&set=cs%3Acs%3ACL&from=2026-03-01&until=2026-03-31",
    "/oai?verb=ListRecords&resumptionToken=one%7Ctwo",
    "/oai?verb=ListRecords&metadataPrefix=arXiv&set=physics%3Ahep-th&from=2026-03-01&until=2026-03-31",
  ]);
  expect(slept).toEqual([3_000, 3_000]);
  expect(batches.flatMap(({ drafts }) => drafts.map(({ canonicalId }) => canonicalId))).toEqual([
    "arxiv:2603.00001",
    "arxiv:2603.00002",
    "arxiv:2603.00003",
  ]);
});

test("a feed that says it is an error is a failure in arXiv's words", async () => {
  const source = await startSource(() => ({
    body: feed("x")
      .replace("x updates on arXiv.org", "Feed error for query: x")
      .replace("<pubDate>", "<description>Bad archive 'x'.</description><pubDate>"),
  }));
  const { failure, batches } = await askSource("arxiv", settings(source, "cs.CL"), {});
  expect(failure).toBe("arXiv cs.CL: arXiv says: Bad archive 'x'.");
  expect(batches).toEqual([]);
});
