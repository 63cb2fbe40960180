// Are public pages made once for many, never old, and packed for who can unpack?
import express from "express";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Serving, serve } from "../../src/web/app.ts";
import { pageCache } from "../../src/web/page-cache.ts";

let serving: Serving;
let now = 0;
let made = 0;
let text = "first";
beforeAll(async () => {
  const cache = pageCache(() => now);
  const app = express().get("/:page", async (request, response) => {
    const sent = await cache.send(request, response, async () => {
      made++;
      if (text === "broken") throw new Error("it cannot be made");
      return text === "gone" ? undefined : { type: "text/html; charset=utf-8", body: text };
    });
    if (!sent) response.status(404).end();
  });
  app.use(((_error, _request, response, _next) => response.status(500).end()) as express.ErrorRequestHandler);
  serving = await serve(app, { host: "127.0.0.1", port: 0 });
});
afterAll(() => serving.close(100));
beforeEach(() => {
  now += 1_000_000;
  made = 0;
  text = "first";
});
const ask = async (headers = {}) => fetch(`${serving.url}/page`, { headers });
const read = async () => (await ask()).text();

test("a hundred readers in one second cost one page", async () => {
  expect(new Set(await Promise.all(Array.from({ length: 100 }, read)))).toEqual(new Set(["first"]));
  expect(made).toBe(1);
});

test("after a second one reader still gets the page at once while it is made anew for the next", async () => {
  await read();
  text = "second";
  now += 1_500;
  expect(await read()).toBe("first");
  expect(await read()).toBe("second");
  expect(made).toBe(2);
});

test("nobody gets a page that is older than ten seconds", async () => {
  await read();
  text = "second";
  now += 10_000;
  expect(await read()).toBe("second");
});

test("a page that cannot be made is asked for again, and one that is gone is gone", async () => {
  text = "broken";
  expect((await ask()).status).toBe(500);
  text = "gone";
  expect((await ask()).status).toBe(404);
  now += 10_000;
  text = "first";
  expect(await read()).toBe("first");
});

test("the same page is not sent twice to who has it", async () => {
  const first = await ask();
  const etag = first.headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  expect((await ask({ "if-none-match": `"x", W/${etag}` })).status).toBe(304);
  expect((await ask({ "if-none-match": '"x"' })).status).toBe(200);
});

test("is packed only for who can unpack", async () => {
  expect((await ask({ "accept-encoding": "br, gzip" })).headers.get("content-encoding")).toBe("gzip");
  expect((await ask({ "accept-encoding": "identity" })).headers.get("content-encoding")).toBeNull();
});
