// Can the operator, and nobody else, see and do what the admin pages offer?
import { beforeAll, expect, test } from "vitest";
import { findByEmail } from "../../src/db/subscriber-rows.ts";
import { isSuppressed } from "../../src/db/suppressions.ts";
import { freePort } from "../../src/free-port.ts";
import { openQueue } from "../../src/queue/queue.ts";
import { createApp, serve } from "../../src/web/app.ts";
import { testKey, useApp } from "../support/app.ts";
import { silent } from "../support/context.ts";
import { confirmReader, storeListDay } from "../support/web-data.ts";

const PASSWORD = "a long enough password";
const app = useApp({ ADMIN_PASSWORD: PASSWORD });
let cookie = "";
beforeAll(async () => {
  await storeListDay(app.db, app.now);
  const answer = await app.post("/admin/login", { password: PASSWORD });
  cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
});

const asOperator = () => ({ headers: { cookie } });
const csrfOf = async (path: string) =>
  /name="csrf" value="([^"]+)"/.exec(await (await app.get(path, asOperator())).text())?.[1] ?? "";
const stateOf = async (email: string) => (await findByEmail(app.db, email))?.state;

test("a wrong password opens nothing, and whoever guesses has to wait", async () => {
  const wrong = await app.post("/admin/login", { password: "guess" });
  expect(wrong.status).toBe(422);
  expect(wrong.headers.get("set-cookie")).toBeNull();
  let status = 422;
  for (let tries = 0; tries < 10 && status === 422; tries++)
    status = (await app.post("/admin/login", { password: `guess ${tries}` })).status;
  expect(status).toBe(429);
});

test.each(["/admin", "/admin/subscribers", "/admin/subscribers.csv", "/admin/subscribers/1", "/admin/audit"])(
  "%s asks a stranger for the password and shows nothing",
  async (path) => {
    await confirmReader(app, `seen${path.length}@example.net`);
    const answer = await app.get(path, { headers: { cookie: `${cookie}x` } });
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain("@example.net");
  },
);

test("a session ends after eight hours", async () => {
  const start = app.now;
  app.now = new Date(start.getTime() + 8 * 3_600_000 + 1);
  const { status } = await app.get("/admin", asOperator());
  app.now = start;
  expect(status).toBe(401);
  expect((await app.get("/admin", asOperator())).status).toBe(200);
});

test("a form from elsewhere does nothing, although the browser sends the cookie along", async () => {
  const reader = await confirmReader(app, "forged@example.net");
  const answer = await app.post(`/admin/subscribers/${reader.id}`, { action: "erase" }, asOperator());
  expect(answer.status).toBe(403);
  expect(await stateOf("forged@example.net")).toBe("confirmed");
});

test("the operator ends, suppresses and erases, and the audit trail says so", async () => {
  const [left, never, gone] = [
    await confirmReader(app, "ended@example.net"),
    await confirmReader(app, "suppressed@example.net"),
    await confirmReader(app, "erased@example.net"),
  ];
  for (const [reader, action] of [
    [left, "unsubscribe"],
    [never, "suppress"],
    [gone, "erase"],
  ] as const) {
    const path = `/admin/subscribers/${reader.id}`;
    const answer = await app.post(path, { action, csrf: await csrfOf(path) }, asOperator());
    expect(answer.status).toBe(303);
  }
  expect(await stateOf("ended@example.net")).toBe("unsubscribed");
  expect(await stateOf("suppressed@example.net")).toBe("suppressed");
  expect(await isSuppressed(app.db, [testKey], "suppressed@example.net")).toBe(true);
  expect(await stateOf("erased@example.net")).toBeUndefined();
  const trail = await (await app.get("/admin/audit", asOperator())).text();
  for (const kind of ["unsubscribed", "suppressed", "erased", "operator-login"]) expect(trail).toContain(kind);
  expect(trail).not.toContain("@example.net");
});

test("the file of all readers holds each once, and nothing that a spreadsheet would run", async () => {
  await confirmReader(app, "=sum@example.net");
  const answer = await app.get("/admin/subscribers.csv", asOperator());
  expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  const lines = (await answer.text()).trimEnd().split("\r\n");
  const readers = await app.db.$client.query("select count(*)::int as count from subscribers");
  expect(lines).toHaveLength(1 + readers.rows[0].count);
  expect(lines.at(-1)).toMatch(/^"'=sum@example\.net",confirmed,/);
});

test("overview and metrics answer while the queue is away", async () => {
  const queue = await openQueue({ redisUrl: `redis://127.0.0.1:${await freePort()}` }, silent);
  const serving = await serve(createApp({ ...app.context, queue }), { host: "127.0.0.1", port: 0 });
  try {
    const overview = await fetch(`${serving.url}/admin`, asOperator());
    expect(overview.status).toBe(200);
    expect(await overview.text()).toMatch(/Queue<\/dt><dd>does not answer/);
    const metrics = await fetch(`${serving.url}/metrics`);
    expect(metrics.status).toBe(200);
    const said = await metrics.text();
    expect(said).toMatch(/^paperboy_papers \d+$/m);
    expect(said).not.toMatch(/^paperboy_jobs\{/m);
  } finally {
    await serving.close(100);
    await queue.close(100);
  }
});
