// Does any route fall over, echo what it was given as markup, or change something on a GET?
import type { Express } from "express";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../../src/web/app.ts";
import { useApp } from "../support/app.ts";
import { confirmReader, fingerprint, storeListDay, writeDigest } from "../support/web-data.ts";

/** For each route; more by hand: FUZZ_RUNS=200. */
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 12);
const PASSWORD = "a password for the fuzz";
const mail = { id: "m1", from: "a@example.net", to: "b@example.net", subject: "<zz9>", date: new Date(0), source: "x" };
const message = { ...mail, html: "<p>hello</p>", text: "hello" };
const app = useApp(
  { ADMIN_PASSWORD: PASSWORD, TRUST_PROXY: "1" },
  {
    mailbox: { list: () => [message], find: (id) => (id === "m1" ? message : undefined) },
    renderDigest: async () => ({ html: "<p>digest</p>", text: "digest" }),
  },
);

type Route = { method: "get" | "post"; path: string };
type Layer = { route?: { path: string | string[]; methods: Record<string, boolean> }; handle: { stack?: Layer[] } };

/** Every route of the application, read from Express itself so that none is forgotten. */
function listRoutes(express: Express): Route[] {
  const walk = (layers: Layer[], prefix: string): Route[] =>
    layers.flatMap(({ route, handle }) => {
      if (route)
        return [route.path]
          .flat()
          .flatMap((path) =>
            (["get", "post"] as const)
              .filter((method) => route.methods[method])
              .map((method) => ({ method, path: prefix + (path === "/" && prefix ? "" : path) })),
          );
      const isApi = (handle.stack ?? []).some((layer) => layer.route?.path === "/openapi.json");
      return walk(handle.stack ?? [], isApi ? "/api/v1" : "");
    });
  return walk((express.router as unknown as { stack: Layer[] }).stack, "");
}

/** What breaks out of text, attributes, URLs, templates and SQL, each with a mark that is looked for in answers. */
const nasty = fc.oneof(
  fc.constantFrom(
    "<zz9>",
    '"zz9="',
    "'zz9='",
    "&zz9;",
    "</textarea><zz9>",
    "javascript:zz9",
    "<%= zz9 %>",
    "\u0000zz9",
    "%zz9",
    "%E0%A4%A",
    "../../zz9",
    "' or 1=1 --",
    "\ud800",
    "9".repeat(400),
    "-1",
    "1e9",
    "__proto__",
    "constructor",
    '"open',
    "a OR OR b",
    "(((((((",
    "NEAR (x)",
    "x".repeat(3_000),
  ),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const fields = fc.dictionary(
  fc.oneof(
    fc.constantFrom("q", "topic", "page", "email", "topics", "timezone", "hour", "cadence", "max_papers", "done"),
    fc.constantFrom("min_upvotes", "format", "excluded", "pause_until", "action", "what", "rules", "name", "id"),
    fc.constantFrom("follow", "follow_kind", "paper", "csrf", "password", "provider", "choices", "website", "limit"),
    nasty,
  ),
  fc.oneof(nasty, fc.constantFrom("save", "test", "less", "undo", "preview", "ada@example.net", "robotics", "1")),
  { maxKeys: 6 },
);
/** Half a surrogate pair cannot travel in UTF-8. */
const wellFormed = (text: string) => Buffer.from(text, "utf8").toString("utf8");
const encode = (text: string) => encodeURIComponent(wellFormed(text));

describe("every route", () => {
  let routes: Route[] = [];
  /** Values for the parameters of a route that lead somewhere. */
  const good: Record<string, string[]> = {};
  /** A token that opens the routes of a first part of the path. */
  const tokens: Record<string, string> = {};
  let cookie = "";

  beforeAll(async () => {
    const papers = await storeListDay(app.db, app.now);
    const reader = await confirmReader(app, "fuzzed@example.net");
    const digest = await writeDigest(app.db, reader.id, {
      editionDate: "2026-03-05",
      paperIds: papers,
      state: "sent",
      plannedAt: app.now,
    });
    const { paths } = app;
    const set = (name: string, values: string[]) => {
      good[name] = values;
    };
    const last = (path: string) => path.split("/").pop() ?? "";
    Object.assign(tokens, {
      preferences: last(paths.preferences(reader.id)),
      unsubscribe: last(paths.unsubscribe(reader.id)),
      digests: last(paths.digest(digest)),
      feeds: last(paths.feed(reader.id)).replace(/\.atom$/, ""),
      vote: last(paths.votes(reader.id)),
      confirm: last(paths.confirm(reader.id, app.now)),
      export: last(paths.export(reader.id, app.now)),
      erase: last(paths.erase(reader.id, app.now)),
    });
    set("id", [String(papers[0]), String(reader.id), "m1"]);
    set("paper", [String(papers[0])]);
    set("slug", ["robotics"]);
    set("form", ["atom", "rss", "json", "bib", "ris"]);
    set("date", ["2026-03-05"]);
    set("week", ["2026-W10"]);
    set("direction", ["more", "less"]);
    set("view", ["text", "source", "message.html", "message.eml"]);
    set("part", ["topics"]);
    routes = listRoutes(createApp(app.context, { mailbox: { list: () => [], find: () => undefined } }));
    const login = await app.post("/admin/login", { password: PASSWORD });
    cookie = (login.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  });

  const pathOf = (route: Route, values: string[]) => {
    let at = 0;
    return route.path.replace(/:(\w+)/g, (_, name: string) => {
      const value = values[at++] ?? "x";
      const token = tokens[route.path.split("/")[1] ?? ""];
      const known = name === "token" && token !== undefined ? [token] : (good[name] ?? []);
      return value.startsWith("good")
        ? (known[value.length % known.length] ?? "x")
        : value.startsWith("%")
          ? value
          : encode(value);
    });
  };
  const value = fc.oneof(fc.constantFrom("good", "good1", "good12", "good123", "good1234", "good12345"), nasty);
  const request = fc.record({
    values: fc.array(value, { minLength: 3, maxLength: 3 }),
    query: fields,
    body: fields,
    kind: fc.constantFrom("form", "multipart", "json", "garbage", "empty"),
    signedIn: fc.boolean(),
    network: fc.ipV4(),
    headers: fc.constantFrom(
      {},
      { "if-none-match": "*" },
      { "if-modified-since": "soon" },
      { cookie: "paperboy_admin=zz9" },
    ),
  });

  const look = async (answer: Response, what: string): Promise<void> => {
    expect(answer.status, what).toBeLessThan(500);
    const text = await answer.text();
    expect(text, what).not.toMatch(/\bat .*\.[tj]s:\d+|node_modules/);
    expect(answer.headers.get("x-content-type-options"), what).toBe("nosniff");
    if (answer.headers.get("content-type")?.startsWith("text/html"))
      expect(text, what).not.toMatch(/<\/?zz9|["']zz9=|&zz9;|(?:href|src|action)="javascript:/);
    const location = answer.headers.get("location") ?? "/";
    expect(location, what).toMatch(/^\/(?![/\\])/);
  };

  test("are read from Express: public, tokened, the operator's and the API's", () => {
    const paths = routes.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "/",
        "/confirm/:token",
        "/api/v1/papers",
        "/admin/subscribers/:id",
        "/mailbox/:id",
        "/readyz",
      ]),
    );
    expect(routes.length).toBeGreaterThan(60);
  });

  test(
    "answers any GET and HEAD with neither an error of ours nor markup of theirs, and no row changes",
    async () => {
      const before = await fingerprint(app.db);
      for (const route of routes.filter(({ method }) => method === "get"))
        await fc.assert(
          fc.asyncProperty(request, async ({ values, query, signedIn, headers, network }) => {
            const search = Object.entries(query).map(([name, text]) => `${encode(name)}=${encode(text)}`);
            const path = `${pathOf(route, values)}?${search.join("&")}`;
            const asked = { "x-forwarded-for": network, ...(signedIn ? { cookie } : {}), ...headers };
            await look(await app.get(path, { headers: asked }), `GET ${path}`);
            expect((await app.get(path, { method: "HEAD", headers: asked })).status).toBeLessThan(500);
          }),
          { numRuns: RUNS },
        );
      expect(await fingerprint(app.db)).toEqual(before);
    },
    RUNS * 10_000,
  );

  test(
    "answers any POST with neither an error of ours nor markup of theirs",
    async () => {
      for (const route of routes.filter(({ method }) => method === "post"))
        await fc.assert(
          fc.asyncProperty(request, async ({ values, body, kind, signedIn, network }) => {
            const path = pathOf(route, values);
            const headers: Record<string, string> = { "x-forwarded-for": network, ...(signedIn ? { cookie } : {}) };
            let content: string | URLSearchParams | FormData | undefined;
            if (kind === "form") content = new URLSearchParams(body);
            else if (kind === "multipart") {
              const form = new FormData();
              for (const [name, text] of Object.entries(body)) form.append(wellFormed(name), wellFormed(text));
              content = form;
            } else if (kind === "json") content = JSON.stringify(body);
            else if (kind === "garbage") content = Object.values(body).join("&=%");
            if (kind === "json") headers["content-type"] = "application/json";
            if (kind === "garbage") headers["content-type"] = "multipart/form-data; boundary=zz9";
            await look(
              await app.get(path, { method: "POST", headers, ...(content === undefined ? {} : { body: content }) }),
              `POST ${path} ${kind}`,
            );
          }),
          { numRuns: RUNS },
        );
    },
    RUNS * 10_000,
  );
});
