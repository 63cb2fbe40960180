// Are Hugging Face, bioRxiv, medRxiv and any feed asked for the right days and pages?
import { expect, test } from "vitest";
import { askSource } from "../support/ask-source.ts";
import { startSource } from "../support/fake-source.ts";

const entry = (id: string) => ({ paper: { id, title: `Paper ${id}`, summary: "x", upvotes: 3 }, numComments: 0 });

test("Hugging Face's weeks and months are asked whole for a back-fill", async () => {
  const source = await startSource(() => ({ body: JSON.stringify([entry("2603.00001")]) }));
  const settings = { HUGGINGFACE_URL: source.url };
  const at = "2026-11-24T12:00:00Z";
  await askSource("huggingface", settings, { from: "2026-02-23", to: "2026-03-08", unit: "week", regular: false, at });
  await askSource("huggingface", settings, { from: "2026-02-01", to: "2026-03-31", unit: "month", regular: false, at });
  expect(source.asked).toEqual([
    "/api/daily_papers?week=2026-W09&limit=100",
    "/api/daily_papers?week=2026-W10&limit=100",
    "/api/daily_papers?month=2026-02&limit=100",
    "/api/daily_papers?month=2026-03&limit=100",
  ]);
});

test("a page that comes again does not make a list endless", async () => {
  const page = Array.from({ length: 100 }, (_, n) => entry(`2603.${10_000 + n}`));
  const source = await startSource(() => ({ body: JSON.stringify(page) }));
  const { batches } = await askSource("huggingface", { HUGGINGFACE_URL: source.url }, {});
  expect(source.asked).toHaveLength(2);
  expect(batches.flatMap(({ drafts }) => drafts)).toHaveLength(100);
});

test("bioRxiv and medRxiv are read by the number of papers received", async () => {
  const posted = (n: number) => ({
    doi: `10.1101/2026.03.02.${100_000 + n}`,
    title: `Cells ${n}`,
    authors: "Lovelace, A.",
    date: "2026-03-02",
    version: "1",
    abstract: "x",
  });
  const source = await startSource((url) => {
    const cursor = Number(url.pathname.split("/").at(-2));
    const collection = Array.from({ length: Math.min(100, 130 - cursor) }, (_, n) => posted(cursor + n));
    return { body: JSON.stringify({ messages: [{ status: "ok", total: "130" }], collection }) };
  });
  for (const server of ["biorxiv", "medrxiv"]) {
    source.asked.length = 0;
    const ask = { from: "2026-03-01", to: "2026-03-03" };
    const { batches, failure } = await askSource(server, { BIORXIV_URL: source.url }, ask);
    expect(failure).toBeUndefined();
    expect(source.asked).toEqual([
      `/details/${server}/2026-03-01/2026-03-03/0/json`,
      `/details/${server}/2026-03-01/2026-03-03/100/json`,
    ]);
    const drafts = batches.flatMap((batch) => batch.drafts);
    expect(drafts).toHaveLength(130);
    expect(drafts[0]).toMatchObject({ source: server, canonicalId: "doi:10.1101/2026.03.02.100000" });
  }
});

test("bioRxiv without posts is empty, and another status is a failure in its words", async () => {
  const source = await startSource(() => ({ body: '{"messages":[{"status":"no posts found"}],"collection":[]}' }));
  const settings = { BIORXIV_URL: source.url };
  expect(await askSource("biorxiv", settings, {})).toMatchObject({
    failure: undefined,
    batches: [{ drafts: [], refused: [] }],
  });
  source.answer = () => ({ body: '{"messages":[{"status":"Error: (2002) Connection refused"}]}' });
  expect((await askSource("biorxiv", settings, {})).failure).toBe(
    'bioRxiv 2026-03-03 to 2026-03-03: the server says "Error: (2002) Connection refused".',
  );
});

test("a feed's name is its URL, and its papers bear its host", async () => {
  const source = await startSource(() => ({
    type: "text/xml",
    body: '<rss version="2.0"><channel><title>J</title><item><title>One</title><guid>a</guid><link>https://journal.example/1</link></item></channel></rss>',
  }));
  const { batches } = await askSource(`${source.url}/feed`, {}, {});
  const { host } = new URL(source.url);
  expect(batches.flatMap(({ drafts }) => drafts)).toMatchObject([
    { source: `feed:${host}`, canonicalId: `feed:${host}:a` },
  ]);
});
