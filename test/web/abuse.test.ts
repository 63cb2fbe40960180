// Can the pages be used against somebody: floods, enumeration, framing, slow or huge requests?
import net from "node:net";
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { letters } from "../../src/db/schema.ts";
import { findByEmail } from "../../src/db/subscriber-rows.ts";
import { suppress } from "../../src/db/suppressions.ts";
import { createApp, type Serving, serve } from "../../src/web/app.ts";
import { testKey, useApp } from "../support/app.ts";
import { confirmReader, storeListDay } from "../support/web-data.ts";

const app = useApp({ TRUST_PROXY: "1" });
let other: Serving;
beforeAll(async () => {
  await storeListDay(app.db, app.now);
  // A second process of the same service, as on another machine: only the database is shared.
  other = await serve(createApp(app.context), { host: "127.0.0.1", port: 0 });
});
afterAll(() => other.close(100));

const subscribeAt = (url: string, email: string, network: string) =>
  fetch(`${url}/subscribe`, {
    method: "POST",
    headers: { "x-forwarded-for": network },
    body: new URLSearchParams({ email, website: "filled, so that nothing but the limit is at work" }),
  });

describe("limits", () => {
  test("a network may ask 60 times an hour, on all machines together", async () => {
    const statuses = await Promise.all(
      Array.from({ length: 66 }, (_, nth) =>
        subscribeAt(nth % 2 ? app.url : other.url, `n${nth}@net${nth}.example`, "198.51.100.7"),
      ),
    );
    expect(statuses.filter(({ status }) => status === 200)).toHaveLength(60);
    const refused = statuses.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(3_000);
    expect(await refused?.text()).toMatch(/Too many tries.*try again in (5\d|60) minutes/s);
    expect((await subscribeAt(app.url, "n@elsewhere.example", "198.51.100.8")).status).toBe(200);
  });

  test("all of one household's IPv6 addresses are one network", async () => {
    const statuses = await Promise.all(
      Array.from({ length: 61 }, (_, nth) =>
        subscribeAt(app.url, `v6${nth}@six${nth}.example`, `2001:db8:1:2::${nth.toString(16)}`),
      ),
    );
    expect(statuses.filter(({ status }) => status === 429)).toHaveLength(1);
  });

  test("an address is asked for at most ten times an hour, from wherever", async () => {
    const statuses = [];
    for (let nth = 0; nth < 11; nth++)
      statuses.push(
        (await subscribeAt(nth % 2 ? app.url : other.url, "one@target.example", `203.0.113.${nth}`)).status,
      );
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    expect(statuses[10]).toBe(429);
  });

  test("a domain is asked for at most 600 times an hour", async () => {
    await app.context.db.execute(
      sql`update rate_limits set points = 600 where key like 'subscribe-domain:%' and points > 5`,
    );
    expect((await subscribeAt(app.url, "two@target.example", "203.0.113.200")).status).toBe(429);
    expect((await subscribeAt(app.url, "two@other.example", "203.0.113.200")).status).toBe(200);
  });

  test("what is counted names nobody", async () => {
    const rows = await app.db.execute<{ key: string }>(sql`select key from rate_limits`);
    expect(rows.rows.length).toBeGreaterThan(60);
    for (const { key } of rows.rows) expect(key).toMatch(/^[a-z-]+:[\w-]{43}$/);
  });
});

describe("a third person", () => {
  test("gets one mail an hour and three a day, however many ask from however many networks", async () => {
    const email = "victim@quiet.example";
    const start = app.now;
    for (let hour = 0; hour < 8; hour++) {
      app.now = new Date(start.getTime() + hour * 3_700_000);
      for (const network of ["192.0.2.1", "192.0.2.2"])
        await fetch(`${app.url}/subscribe`, {
          method: "POST",
          headers: { "x-forwarded-for": network },
          body: new URLSearchParams({ email }),
        });
    }
    app.now = start;
    const victim = await findByEmail(app.db, email);
    const written = await app.db
      .select()
      .from(letters)
      .where(eq(letters.subscriberId, victim?.id ?? 0));
    expect(written).toHaveLength(3);
  });

  test("learns nothing from the time an answer takes: known, unknown and suppressed addresses are alike", async () => {
    await confirmReader(app, "known@time.example");
    await suppress(app.db, [testKey], { email: "never@time.example", reason: "hard", via: "test", now: app.now });
    const times: Record<string, number[]> = { known: [], never: [], fresh: [] };
    for (let round = 0; round < 6; round++)
      for (const [who, list] of Object.entries(times)) {
        const email = who === "fresh" ? `fresh${round}@time.example` : `${who}@time.example`;
        const startedAt = performance.now();
        await app.post("/preferences", { email }, { headers: { "x-forwarded-for": `192.0.2.${50 + round}` } });
        list.push(performance.now() - startedAt);
      }
    const least = Object.values(times).map((list) => Math.min(...list));
    expect(Math.min(...least)).toBeGreaterThan(119);
    expect(Math.max(...least) - Math.min(...least)).toBeLessThan(40);
  });
});

describe("every answer", () => {
  test("forbids inline scripts and styles, framing and guessing of types", async () => {
    const { headers } = await app.get("/");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("x-powered-by")).toBeNull();
  });

  test("of a page behind a token is kept by nobody, found by no search engine, and tells nobody where it was", async () => {
    const reader = await confirmReader(app, "headers@example.net");
    const { paths } = app;
    for (const path of [paths.preferences, paths.unsubscribe, paths.feed].map((to) => to(reader.id))) {
      const { headers } = await app.get(path);
      expect(headers.get("cache-control"), path).toBe("no-store");
      expect(headers.get("referrer-policy"), path).toBe("no-referrer");
      expect(headers.get("x-robots-tag"), path).toContain("noindex");
    }
  });

  test("leaves no token and no address in the log", async () => {
    const reader = await confirmReader(app, "logged@example.net");
    await app.get(app.paths.preferences(reader.id));
    await app.post(app.paths.unsubscribe(reader.id));
    const log = app.lines.join("\n");
    expect(log).toContain("/preferences/:token");
    expect(log).not.toContain(app.paths.preferences(reader.id).split("/").pop());
    expect(log).not.toContain("logged@example.net");
  });
});

describe("a server that is leaned on", () => {
  test.each([
    ["a form", "/subscribe", { "content-type": "application/x-www-form-urlencoded" }, `email=${"x".repeat(70_000)}`],
    ["a thousand fields", "/subscribe", { "content-type": "application/x-www-form-urlencoded" }, "a=1&".repeat(1_000)],
    ["the API", "/api/v1/subscribe", { "content-type": "application/json" }, `{"email":"${"x".repeat(40_000)}"}`],
  ])("refuses too large a body for %s", async (_what, path, headers, body) => {
    expect((await app.get(path, { method: "POST", headers, body })).status).toBe(413);
  });

  test("hangs up on who sends headers or a body too slowly", async () => {
    const impatient = await serve(createApp(app.context), { host: "127.0.0.1", port: 0, patienceMs: 200 });
    const post =
      "POST /subscribe HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 99\r\n";
    for (const said of ["GET / HTTP/1.1\r\nhost: x\r\nx-slow: ", `${post}\r\nemail=`]) {
      const startedAt = performance.now();
      const socket = net.connect(impatient.port, "127.0.0.1", () => socket.write(said));
      const answer: string[] = [];
      socket.on("data", (chunk) => answer.push(chunk.toString()));
      await new Promise((resolve) => socket.on("close", resolve).on("error", resolve));
      expect(performance.now() - startedAt).toBeLessThan(5_000);
      expect(answer.join("")).not.toContain("200 OK");
    }
    await impatient.close(100);
  });
});
