// Does the API answer what its own OpenAPI document promises, and nothing that changes by reading?
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { letters } from "../../src/db/schema.ts";
import { findByEmail } from "../../src/db/subscriber-rows.ts";
import { operations } from "../../src/web/api/operations.ts";
import { useApp } from "../support/app.ts";
import { storeListDay } from "../support/web-data.ts";

const app = useApp();
let papers: number[] = [];
beforeAll(async () => {
  papers = await storeListDay(app.db, app.now);
});
type Listed = { total: number; papers: { id: number }[] };
type Document = { openapi: string; paths: Record<string, object>; components: { schemas: object } };
const json = async <Answer>(response: Response) => (await response.json()) as Answer;
const ask = async <Answer = Listed>(path: string) => json<Answer>(await app.get(`/api/v1${path}`));

describe("reading", () => {
  const paths: Record<string, () => string> = {
    listPapers: () => "/papers?date=2026-03-05&limit=2",
    findPaper: () => `/papers/${papers[0]}`,
    listTopics: () => "/topics",
    countPapers: () => "/topics/count?topics=robotics,vision",
    findTopic: () => "/topics/robotics",
  };

  test.each(operations.filter(({ method }) => method === "get").map(({ id, answer }) => ({ id, answer })))(
    "$id answers in the shape of its schema, for any site that asks",
    async ({ id, answer }) => {
      const response = await app.get(`/api/v1${paths[id]?.()}`);
      expect(response.status).toBe(answer.status);
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      const strict = answer.schema instanceof z.ZodObject ? answer.schema.strict() : answer.schema;
      expect(strict.safeParse(await response.json()).error).toBeUndefined();
    },
  );

  test("papers come by day, topic and words, a page at a time", async () => {
    expect(await ask("/papers?topic=robotics")).toMatchObject({ total: 1, date: "2026-03-05" });
    expect((await ask("/papers?limit=2")).papers).toHaveLength(2);
    expect((await ask("/papers?limit=2&page=2")).papers).toHaveLength(1);
    const found = await ask("/papers?q=laundry");
    expect(found.papers.map(({ id }) => id)).toEqual([papers[1]]);
    expect(await ask("/topics/count?topics=robotics,vision")).toEqual({ perDay: 2 });
  });

  test.each(["/papers?limit=0", "/papers?date=2026-02-30", "/papers?q=%22open", "/topics/count"])(
    "%s is refused with the field and a sentence",
    async (path) => {
      const answer = await app.get(`/api/v1${path}`);
      expect(answer.status).toBe(422);
      expect(Object.keys((await json<{ fields: object }>(answer)).fields)).toHaveLength(1);
    },
  );

  test("what is not there is 404 in JSON", async () => {
    for (const path of ["/papers/999999", "/topics/none", "/nothing"]) {
      const answer = await app.get(`/api/v1${path}`);
      expect(answer.status).toBe(404);
      expect(answer.headers.get("content-type")).toContain("json");
    }
  });
});

describe("subscribing", () => {
  const post = (body: object) =>
    app.get("/api/v1/subscribe", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  test("writes a pending reader and a letter, as the page does", async () => {
    const answer = await post({ email: "api@example.net", topics: ["robotics"], timezone: "Asia/Tokyo" });
    expect([answer.status, await answer.json()]).toEqual([202, { status: "check your mail" }]);
    expect(await findByEmail(app.db, "api@example.net")).toMatchObject({ state: "pending", timezone: "Asia/Tokyo" });
    expect(await app.db.select().from(letters)).toHaveLength(1);
    expect((await post({ email: "api@example.net" })).status).toBe(202);
  });

  test("a wrong field is named", async () => {
    const answer = await post({ email: "no address" });
    expect(answer.status).toBe(422);
    expect((await json<{ fields: object }>(answer)).fields).toHaveProperty("email");
  });
});

describe("the document", () => {
  test("names every operation, and every reference in it leads somewhere", async () => {
    const document = await ask<Document>("/openapi.json");
    expect(document.openapi).toBe("3.1.0");
    for (const { path, method } of operations) expect(document.paths[path]).toHaveProperty(method);
    const references = JSON.stringify(document).match(/"#\/components\/schemas\/\w+"/g) ?? [];
    expect(references.length).toBeGreaterThan(10);
    for (const reference of references)
      expect(document.components.schemas).toHaveProperty(JSON.parse(reference).split("/").pop());
  });

  test("is read by a page that asks no other host", async () => {
    const html = await (await app.get("/api/v1/docs")).text();
    for (const { path } of operations) expect(html).toContain(`/api/v1${path}`);
    for (const [, address = ""] of html.matchAll(/<(?:link|script|img|iframe)[^>]*(?:href|src)="([^"]*)"/g))
      expect(address).toMatch(new RegExp(`^(/|${app.context.config.BASE_URL}/)`));
  });
});
