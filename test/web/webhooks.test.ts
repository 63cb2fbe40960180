// A mail provider's posts change readers only through the address that it was given, once each, by way of feedback.
import { createHmac } from "node:crypto";
import { sql } from "drizzle-orm";
import { beforeAll, beforeEach, expect, it, vi } from "vitest";
import { links } from "../../src/core/links.ts";
import { signToken } from "../../src/core/tokens.ts";
import { countEverything } from "../../src/db/status.ts";
import { findByEmail } from "../../src/db/subscriber-rows.ts";
import { feedback } from "../../workers/feedback.ts";
import { testKey, useApp } from "../support/app.ts";
import { confirmReader, storeListDay } from "../support/web-data.ts";

const signingKey = "key-of-mailgun";
const PASSWORD = "a long enough password";
const app = useApp({ MAILGUN_SIGNING_KEY: signingKey, ADMIN_PASSWORD: PASSWORD });
const pathOf = (provider: string) => links("", [testKey]).webhook(provider);
const post = (where: string, body: unknown, type = "application/json") =>
  app.get(where, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": type },
  });
const take = () => feedback.run(app.context, {}, new AbortController().signal);
const stateOf = async (email: string) => {
  const reader = await findByEmail(app.db, email);
  return [reader?.state, reader?.suppressedReason];
};
const complaint = (email: string) => ({
  notificationType: "Complaint",
  complaint: { complainedRecipients: [{ emailAddress: email }], feedbackId: email },
});

beforeAll(async () => {
  await storeListDay(app.db, app.now);
  for (const name of ["ada", "bob", "eve"]) await confirmReader(app, `${name}@example.net`);
});
beforeEach(() => {
  app.rings.length = 0;
});

it("whoever complains at Amazon gets no more mail, though Amazon calls its JSON plain text", async () => {
  const cover = { Type: "Notification", Message: JSON.stringify(complaint("Ada@example.net")) };
  const answer = await post(pathOf("ses"), cover, "text/plain; charset=UTF-8");
  expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
  expect(app.rings).toEqual([{ name: "feedback", data: {} }]);
  await take();
  expect(await stateOf("ada@example.net")).toEqual(["suppressed", "complaint"]);
  expect(await stateOf("bob@example.net")).toEqual(["confirmed", null]);
});

it("many events in one post are taken each once, also when they are told again, and strangers are passed over", async () => {
  const events = [
    { email: "bob@example.net", event: "unsubscribe", sg_event_id: "1" },
    { email: "nobody@example.net", event: "spamreport", sg_event_id: "2" },
    { email: "not an address", event: "spamreport", sg_event_id: "3" },
    { email: "eve@example.net", event: "delivered", sg_event_id: "4" },
  ];
  expect((await post(pathOf("sendgrid"), events)).status).toBe(200);
  await take();
  expect(await stateOf("bob@example.net")).toEqual(["unsubscribed", null]);
  expect(await stateOf("eve@example.net")).toEqual(["confirmed", null]);
  const bob = await findByEmail(app.db, "bob@example.net");
  await app.post(app.paths.unsubscribe(bob?.id ?? 0), { action: "undo" });
  app.rings.length = 0;
  expect((await post(pathOf("sendgrid"), events)).status).toBe(200);
  expect(app.rings).toEqual([]);
  await take();
  expect(await stateOf("bob@example.net")).toEqual(["confirmed", null]);
});

it("five full mailboxes that Postmark told are what five that a mail told are", async () => {
  for (const day of [1, 4, 8, 12, 20]) {
    app.now = new Date(Date.UTC(2026, 3, day));
    const Details = "smtp;552 5.2.2 mailbox full";
    const bounce = { RecordType: "Bounce", ID: day, Type: "SoftBounce", Email: "eve@example.net", Details };
    expect(await stateOf("eve@example.net")).toEqual(["confirmed", null]);
    for (let time = 0; time < 2; time++) expect((await post(pathOf("postmark"), bounce)).status).toBe(200);
    await take();
  }
  expect(await stateOf("eve@example.net")).toEqual(["suppressed", "hard"]);
});

it.each([
  ["an address that is not ours", () => "/webhooks/wses_AAAAAAAAAAAAAAAAAAAAAA", 404],
  ["a token for something else", () => `/webhooks/${signToken([testKey], "unsubscribe", "1")}`, 404],
  ["a provider we do not know", () => pathOf("pigeons"), 404],
  ["what is no post of the provider", () => pathOf("postmark"), 422],
])("refuses %s", async (_what, where, status) => {
  expect((await post(where(), [])).status).toBe(status);
  expect(app.rings).toEqual([]);
});

it("refuses what is too large before it reads it", async () => {
  expect((await post(pathOf("sendgrid"), `["${"x".repeat(3_000_000)}"]`)).status).toBe(413);
});

it("a GET changes nothing", async () => {
  expect((await app.get(pathOf("ses"))).status).toBe(404);
});

it("Mailgun must also sign, where its key is set", async () => {
  const signed = (key: string) => {
    const signature = createHmac("sha256", key).update("1661590666t").digest("hex");
    const data = { id: "1", event: "accepted", recipient: "ada@example.net" };
    return { signature: { timestamp: "1661590666", token: "t", signature }, "event-data": data };
  };
  expect((await post(pathOf("mailgun"), signed("another key"))).status).toBe(401);
  expect((await post(pathOf("mailgun"), signed(signingKey))).status).toBe(200);
});

it("visits Amazon, and nobody else, when asked whether it may post; a visit that fails is asked for again", async () => {
  const url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336";
  const visited: string[] = [];
  const real = globalThis.fetch;
  const visit = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, options) => {
    if (String(input).startsWith(app.url)) return real(input, options);
    visited.push(String(input));
    return new Response(null, { status: visited.length === 1 ? 503 : 200 });
  });
  try {
    const ask = (SubscribeURL: string) => post(pathOf("ses"), { Type: "SubscriptionConfirmation", SubscribeURL });
    expect((await ask("https://example.org/?Action=ConfirmSubscription&Token=2336")).status).toBe(422);
    expect((await ask(url)).status).toBe(500);
    expect((await ask(url)).status).toBe(200);
    expect(visited).toEqual([url, url]);
  } finally {
    visit.mockRestore();
  }
});

it("keeps addresses and the webhook's token out of the log", async () => {
  const where = pathOf("ses");
  await post(where, complaint("ada@example.net"));
  expect(app.lines.some((line) => line.includes("/webhooks/:token"))).toBe(true);
  const said = app.lines.join("\n");
  expect([said.includes("ada@example.net"), said.includes(where)]).toEqual([false, false]);
});

it("the operator sees what came back, and where each provider is to post", async () => {
  expect((await countEverything(app.db, new Date("2026-03-05T10:00:00Z"))).returns).toMatchObject({
    full: 5,
    unsubscribe: 1,
  });
  const login = await app.post("/admin/login", { password: PASSWORD });
  const cookie = login.headers.get("set-cookie") ?? "";
  const page = await (await app.get("/admin", { headers: { cookie } })).text();
  for (const provider of ["ses", "mailgun", "postmark", "sendgrid"]) expect(page).toContain(pathOf(provider));
  expect(await (await app.get("/metrics")).text()).toMatch(/paperboy_returns\{verdict="full"\} \d/);
});

it("an erased reader's rows go with them", async () => {
  const id = (await findByEmail(app.db, "eve@example.net"))?.id ?? 0;
  const rows = async () => (await app.db.execute(sql`select from returns where subscriber_id = ${id}`)).rowCount;
  expect(await rows()).toBe(5);
  await app.db.execute(sql`delete from subscribers where id = ${id}`);
  expect(await rows()).toBe(0);
});
