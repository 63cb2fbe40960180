// What becomes of a digest, its reader and its provider after each answer; who may send; what a crash or a stop leaves.
import { sql } from "drizzle-orm";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { closeDatabase, connectDatabase } from "../../src/db/connect.ts";
import { findDigest, listOpenRanges, markUncertain } from "../../src/db/digests.ts";
import { unsubscribe } from "../../src/db/leaving.ts";
import { easeProviders } from "../../src/db/outbox.ts";
import { runDeliver } from "../../workers/deliver.ts";
import { runTidy } from "../../workers/tidy.ts";
import { useDatabase } from "../support/database.ts";
import { type Outbox, openOutbox, planDigests, standingOf } from "../support/outbox.ts";
import { openProxy } from "../support/proxy.ts";
import { openSmtpServer, type SmtpOptions, type SmtpTestServer } from "../support/smtp.ts";

const database = useDatabase();
const at = (time: string) => new Date(`2026-03-05T${time}Z`);
const everything = { from: 0, to: Number.MAX_SAFE_INTEGER };

let server: SmtpTestServer;
const boxes: Outbox[] = [];

async function open(options: SmtpOptions = {}, connections = 3): Promise<Outbox> {
  server ??= await openSmtpServer(options);
  if (options.script) server.script(options.script);
  const box = await openOutbox(database.db, server.url, { connections });
  boxes.push(box);
  return box;
}
const deliverAt = (box: Outbox, time: string, signal?: AbortSignal) =>
  runDeliver(box.context, { ...everything, now: at(time), ...(signal ? { signal } : {}) });
const received = (email: string) => server.received.filter(({ to }) => to === email);
const named = (count: number, name = "r") => Array.from({ length: count }, (_, nth) => `${name}${nth}@example.org`);

beforeEach(async () => {
  await database.db.execute(sql`truncate subscribers, digests, sent_papers, providers, suppressions, events cascade`);
});
afterEach(async () => {
  for (const box of boxes.splice(0)) await box.close();
  await server?.close();
  server = undefined as unknown as SmtpTestServer;
});

describe("an answer", () => {
  it.each([
    // answer, digest, reader, soft, papers given back, provider stopped / resting
    ["250 2.0.0 taken", "sent", "confirmed", 0, false, "none"],
    ["450 4.2.1 try later", "retry", "confirmed", 0, false, "none"],
    ["421 4.3.2 shutting down", "retry", "confirmed", 0, false, "none"],
    ["452 4.2.2 mailbox full", "retry", "confirmed", 1, false, "none"],
    ["421 4.7.28 unusual rate of mail", "retry", "confirmed", 0, false, "resting"],
    ["550 5.7.26 unauthenticated", "retry", "confirmed", 0, false, "stopped"],
    ["550 5.7.515 access denied", "retry", "confirmed", 0, false, "stopped"],
    ["550 5.1.0 Sender address rejected: User unknown in local table", "retry", "confirmed", 0, false, "stopped"],
    [
      "550 Called: mx, Response: 550 5.1.1 User unknown, Sender verify failed",
      "retry",
      "confirmed",
      0,
      false,
      "stopped",
    ],
    ["550 5.1.7 no such user behind your return path", "retry", "confirmed", 0, false, "stopped"],
    ["550 5.1.1 no such user", "failed", "suppressed", 0, true, "none"],
    ["553 sorry, no such user here", "failed", "suppressed", 0, true, "none"],
    ["550 5.2.1 mailbox disabled", "failed", "suppressed", 0, true, "none"],
    ["550 5.4.1 Recipient address rejected: Access denied", "failed", "suppressed", 0, true, "none"],
    ["452 4.3.1 Insufficient system storage", "retry", "confirmed", 0, false, "none"],
    ["556 5.1.10 null MX", "failed", "suppressed", 0, true, "none"],
    ["552 5.2.2 over quota", "failed", "confirmed", 1, true, "none"],
    ["552 5.3.4 message too large", "failed", "confirmed", 0, true, "none"],
    ["554 5.6.0 something else", "failed", "confirmed", 0, true, "none"],
  ])("%s leaves the digest %s and the reader %s", async (said, state, reader, soft, given_back, provider) => {
    const box = await open({ script: ({ stage }) => (stage === "message" ? said : undefined) });
    await planDigests(database.db, ["ada@example.org"]);
    await deliverAt(box, "07:00:00");
    expect(await standingOf(database.db, "ada@example.org")).toMatchObject({
      state,
      reader,
      soft,
      given_back,
      answer: said,
    });
    const { rows } = await database.db.execute(
      sql`select stopped, paused_until > '2026-03-05T07:00:00Z' as resting from providers`,
    );
    const expected = {
      none: [],
      resting: [{ stopped: false, resting: true }],
      stopped: [{ stopped: true, resting: null }],
    };
    expect(rows).toEqual(expected[provider as keyof typeof expected]);
  });

  it("of nobody because the connection was lost after the message: it goes once more with the same bytes, and not a third time", async () => {
    const box = await open({ script: ({ stage }) => (stage === "message" ? "drop" : undefined) });
    await planDigests(database.db, ["ada@example.org"]);
    await deliverAt(box, "07:00:00");
    expect(await standingOf(database.db, "ada@example.org")).toMatchObject({ state: "uncertain", soft: 0 });
    await deliverAt(box, "07:00:30");
    expect(server.taken).toHaveLength(1);
    await deliverAt(box, "07:01:00");
    expect(server.taken.map(({ raw }) => raw.equals(server.taken[0]?.raw ?? Buffer.alloc(0)))).toEqual([true, true]);
    expect(await standingOf(database.db, "ada@example.org")).toMatchObject({ state: "sent" });
    await deliverAt(box, "08:00:00");
    expect(server.taken).toHaveLength(2);
  });

  it("of nobody after its worker died was perhaps never asked for: a lost connection is then the first", async () => {
    const box = await open({
      script: ({ stage }) => (stage === "message" && server.taken.length < 2 ? "drop" : undefined),
    });
    await planDigests(database.db, ["ada@example.org"]);
    await database.db.execute(sql`update digests set state = 'uncertain'`);
    await deliverAt(box, "07:00:00");
    expect(await standingOf(database.db, "ada@example.org")).toMatchObject({ state: "uncertain" });
    await deliverAt(box, "07:01:00");
    expect(await standingOf(database.db, "ada@example.org")).toMatchObject({ state: "sent" });
    expect(server.taken).toHaveLength(2);
    expect(server.received).toHaveLength(1);
  });

  it("that asks to wait is tried again later and later, with the same bytes, and given up when the next edition is due", async () => {
    const box = await open({ script: ({ stage }) => (stage === "message" ? "451 4.3.0 later" : undefined) });
    await planDigests(database.db, ["ada@example.org"]);
    for (const time of ["07:00:00", "07:00:59", "07:01:00", "07:05:00", "07:06:00"]) await deliverAt(box, time);
    expect(server.taken).toHaveLength(3);
    expect(new Set(server.taken.map(({ raw }) => raw.toString())).size).toBe(1);
    await runDeliver(box.context, { ...everything, now: new Date("2026-03-06T07:00:00Z") });
    expect(await standingOf(database.db, "ada@example.org")).toMatchObject({ state: "expired", given_back: true });
    expect(server.taken).toHaveLength(3);
  });

  it("given to the last reader comes also when hundreds before them have left meanwhile", async () => {
    const box = await open();
    const gone = named(201, "gone");
    await planDigests(database.db, [...gone, "ada@example.org"]);
    await database.db.execute(sql`update subscribers set state = 'unsubscribed' where email like 'gone%'`);
    await deliverAt(box, "07:00:00");
    expect(server.taken.map(({ to }) => to)).toEqual(["ada@example.org"]);
    expect(await standingOf(database.db, "gone200@example.org")).toMatchObject({
      state: "cancelled",
      attempts: 0,
      given_back: true,
    });
  });

  it("from five full mailboxes in a row over fourteen days suppresses, and one that takes mail starts anew", async () => {
    const box = await open({
      script: ({ stage, to }) => (stage === "message" && to.startsWith("full") ? "552 5.2.2 full" : undefined),
    });
    await planDigests(database.db, ["full@example.org", "emptied@example.org", "newly-full@example.org"]);
    await database.db.execute(sql`update subscribers set soft_bounces = 4,
      soft_since = case when email like 'newly%' then timestamptz '2026-03-01' else timestamptz '2026-02-01' end`);
    await database.db.execute(sql`update subscribers set email = 'full2@example.org' where email like 'newly%'`);
    await deliverAt(box, "07:00:00");
    expect(await standingOf(database.db, "full@example.org")).toMatchObject({ reader: "suppressed" });
    expect(await standingOf(database.db, "full2@example.org")).toMatchObject({ reader: "confirmed", soft: 5 });
    expect(await standingOf(database.db, "emptied@example.org")).toMatchObject({
      reader: "confirmed",
      soft: 0,
      state: "sent",
    });
  });
});

describe("a provider that slows us down", () => {
  it("rests ten minutes, then gets one at a time and one more with each quiet interval; the others go on", async () => {
    let now = 0;
    let most = 0;
    const script: SmtpOptions["script"] = async ({ stage, to }) => {
      if (!to.startsWith("slow")) return undefined;
      if (slowing) return stage === "message" ? "421 4.7.28 too fast" : undefined;
      if (stage === "rcpt") most = Math.max(most, ++now);
      if (stage !== "message") return undefined;
      await new Promise((resolve) => setTimeout(resolve, 5));
      now--;
      return undefined;
    };
    let slowing = true;
    const box = await open({ script, pipelining: false }, 6);
    await planDigests(database.db, named(1, "slow"), "slow");
    await deliverAt(box, "07:00:00");
    await planDigests(database.db, named(12, "slow-"), "slow");
    await planDigests(database.db, named(3, "quick"), "quick");
    slowing = false;
    await deliverAt(box, "07:09:59");
    expect(server.received.map(({ to }) => to).sort()).toEqual(named(3, "quick"));
    await deliverAt(box, "07:10:00");
    expect(server.received).toHaveLength(16);
    expect(most).toBe(1);
    await easeProviders(database.db, at("07:15:00"));
    await planDigests(database.db, named(12, "slower"), "slow");
    await deliverAt(box, "07:15:00");
    expect(server.received).toHaveLength(28);
    expect(most).toBe(2);
  });

  it("or refuses us stays stopped until the operator has looked", async () => {
    let refusing = true;
    const box = await open({
      script: ({ stage }) => (stage === "mail" && refusing ? "550 5.7.1 we do not know you" : undefined),
    });
    await planDigests(database.db, ["a@example.org"]);
    await deliverAt(box, "07:00:00");
    refusing = false;
    await deliverAt(box, "09:00:00");
    expect(server.received).toHaveLength(0);
    await database.db.execute(sql`update providers set stopped = false`);
    await deliverAt(box, "09:00:00");
    expect(server.received).toHaveLength(1);
  });
});

it.each([
  ["550 5.1.1 user unknown", { state: "retry", soft: 0 }, [{ stopped: true }]],
  ["452 4.2.2 mailbox full", { state: "retry", soft: 0 }, []],
  ["552 5.3.4 message too large", { state: "failed", soft: 0 }, []],
])("%s, said of our own address, is nothing against the reader", async (said, standing, providers) => {
  const box = await open({ script: ({ stage }) => (stage === "mail" ? said : undefined) });
  await planDigests(database.db, ["ada@example.org"]);
  await deliverAt(box, "07:00:00");
  expect(await standingOf(database.db, "ada@example.org")).toMatchObject({ reader: "confirmed", ...standing });
  expect((await database.db.execute(sql`select stopped from providers`)).rows).toEqual(providers);
});

describe("opt-out wins", () => {
  it("over mail that is claimed and waits for its turn", async () => {
    let unsubscribed = false;
    const box = await open(
      {
        async script({ stage, to }) {
          if (stage !== "message" || to !== "r0@example.org") return undefined;
          const { rows } = await database.db.execute<{ id: string }>(
            sql`select id from subscribers where email = 'r9@example.org'`,
          );
          await unsubscribe(database.db, { subscriberId: Number(rows[0]?.id), via: "test", now: at("07:00:00") });
          unsubscribed = true;
          await new Promise((resolve) => setTimeout(resolve, 300));
          return undefined;
        },
      },
      1,
    );
    await planDigests(database.db, named(12));
    await deliverAt(box, "07:00:00");
    expect(unsubscribed).toBe(true);
    expect(received("r9@example.org")).toHaveLength(0);
    expect(server.received).toHaveLength(11);
    expect(await standingOf(database.db, "r9@example.org")).toMatchObject({ state: "cancelled", given_back: true });
  });
});

describe("several workers", () => {
  it("share one edition and the connections: no digest twice, never more connections than allowed", async () => {
    const first = await open({}, 3);
    const others = [await open({}, 3), await open({}, 3)];
    await planDigests(database.db, named(300));
    const results = await Promise.all([first, ...others].map((box) => deliverAt(box, "07:00:00")));
    expect(server.received).toHaveLength(300);
    expect(new Set(server.received.map(({ to }) => to)).size).toBe(300);
    expect(results.reduce((sum, { sent }) => sum + sent, 0)).toBe(300);
    expect(server.peak()).toBeLessThanOrEqual(3);
  });

  it("that die leave their digests to the others at once, those alive keep theirs", async () => {
    const box = await open();
    await planDigests(database.db, ["dead@example.org", "alive@example.org"]);
    const worker = await box.context.mail?.sending.enter();
    await database.db.execute(sql`update digests set state = 'sending', claimed_at = '2026-03-05T07:00:00Z',
      claimed_by = case when (select email from subscribers where id = subscriber_id) like 'dead%' then '1' else ${worker} end`);
    expect(await markUncertain(database.db, at("07:00:30"))).toBe(0);
    expect(await markUncertain(database.db, at("07:01:00"))).toBe(1);
    expect(await standingOf(database.db, "dead@example.org")).toMatchObject({ state: "uncertain" });
    expect(await standingOf(database.db, "alive@example.org")).toMatchObject({ state: "sending" });
    box.context.mail?.sending.leave();
  });
});

/** Delivers over connections to the database that break when `loses` says so of something asked, the first time. */
async function losing(loses: string, deliver: (box: Outbox) => Promise<void>): Promise<void> {
  let lost = 0;
  const proxy = await openProxy(
    () => new URL(database.url),
    (asked) => lost === 0 && asked.includes(loses) && ++lost === 1,
  );
  const db = connectDatabase(Object.assign(new URL(database.url), { port: String(proxy.port) }).href, 4);
  try {
    server = await openSmtpServer();
    const box = await openOutbox(db, server.url);
    boxes.push(box);
    await deliver(box);
    expect(lost).toBe(1);
  } finally {
    for (const box of boxes.splice(0)) await box.close();
    await closeDatabase(db);
    await proxy.close();
  }
}

it("a claim that is committed though its answer is lost is given back and sent at the next try", async () => {
  await planDigests(database.db, named(3));
  await losing("commit\0", async (box) => {
    await expect(deliverAt(box, "07:00:00")).rejects.toThrow();
    expect(await standingOf(database.db, "r0@example.org")).toMatchObject({ state: "planned", attempts: 0 });
    expect(await deliverAt(box, "07:00:02")).toMatchObject({ sent: 3 });
    expect(server.received).toHaveLength(3);
  });
});

it("what was taken is written down as sent also when the database is away for what else follows from it", async () => {
  await planDigests(database.db, ["emptied@example.org"]);
  await database.db.execute(sql`update subscribers set soft_bounces = 2, soft_since = '2026-03-01'`);
  await losing("soft_bounces = 0", async (box) => {
    expect(await deliverAt(box, "07:00:00")).toMatchObject({ sent: 1 });
    expect(await standingOf(database.db, "emptied@example.org")).toMatchObject({ state: "sent", soft: 0 });
  });
});

describe("stopping", () => {
  it("finishes what is under way and gives the rest back, nothing uncertain", async () => {
    const stop = new AbortController();
    const box = await open({
      async script({ stage }) {
        if (stage === "message" && server.received.length === 20) stop.abort();
        return undefined;
      },
    });
    await planDigests(database.db, named(150));
    await deliverAt(box, "07:00:00", stop.signal);
    const { rows } = await database.db.execute<{ state: string; count: number }>(
      sql`select state, count(*)::int as count from digests group by state order by state`,
    );
    const count = (state: string) => rows.find((row) => row.state === state)?.count ?? 0;
    expect(rows.map(({ state }) => state)).toEqual(["planned", "sent"]);
    expect(count("sent")).toBe(server.received.length);
    expect(count("sent")).toBeLessThan(60);
    await deliverAt(box, "07:00:00");
    expect(new Set(server.received.map(({ to }) => to)).size).toBe(150);
    expect(server.received).toHaveLength(150);
  });

  it("gives back as uncertain what may have arrived before, so that its papers never come again", async () => {
    const stop = new AbortController();
    const box = await open({
      async script({ stage }) {
        if (stage === "message") stop.abort();
        return undefined;
      },
    });
    await planDigests(database.db, named(50));
    await database.db.execute(sql`update digests set state = 'sending', attempts = 1, claimed_at = '2026-03-05T07:00:00Z',
      claimed_by = 'gone'`);
    await markUncertain(database.db, at("07:01:00"));
    await deliverAt(box, "07:02:00", stop.signal);
    const { rows } = await database.db.execute(
      sql`select state, min(attempts) as attempts from digests group by 1 order by 1`,
    );
    expect(rows).toEqual([
      { state: "sent", attempts: 2 },
      { state: "uncertain", attempts: 1 },
    ]);
  });
});

describe("when there is nobody to send to", () => {
  it("a mail server that is away costs no try, and tidy rings until it is back", async () => {
    const box = await open();
    const { port } = server;
    await server.close();
    await planDigests(database.db, named(30));
    const result = await deliverAt(box, "07:00:00");
    expect(result).toMatchObject({ sent: 0, retried: 0 });
    expect(await standingOf(database.db, "r0@example.org")).toMatchObject({ state: "planned", attempts: 0 });
    server = await openSmtpServer({ port });
    await runTidy(box.context, at("07:01:00"));
    const rings = (box.context.queue as unknown as { rings: { name: string }[] }).rings.map(({ name }) => name);
    expect(rings).toContain("deliver");
    for (const range of await listOpenRanges(database.db, { now: at("07:01:00"), size: 500 }))
      await runDeliver(box.context, { ...range, now: at("07:01:00") });
    expect(server.received).toHaveLength(30);
  });

  it("a mail server that is away for many jobs is told once, and once that it is back", async () => {
    const box = await open();
    const { port } = server;
    await server.close();
    await planDigests(database.db, named(3));
    const said: string[] = [];
    box.context.log = pino(
      { base: null, timestamp: false },
      { write: (line: string) => said.push(JSON.parse(line).msg) },
    );
    for (let job = 0; job < 3; job++) await deliverAt(box, "07:00:00");
    server = await openSmtpServer({ port });
    for (let job = 0; job < 3; job++) await deliverAt(box, "07:01:00");
    expect(server.received).toHaveLength(3);
    expect(said).toEqual(["the mail server cannot be reached", "the mail server can be reached again"]);
  });

  it("a digest that must not leave fails alone, with its reason for the operator", async () => {
    const box = await open();
    await planDigests(database.db, ["bad@example.org", "good@example.org"]);
    await database.db.execute(sql`update digests set paper_ids = '{}', topic_ids = '{}'
      where subscriber_id = (select id from subscribers where email = 'bad@example.org')`);
    await deliverAt(box, "07:00:00");
    expect(await standingOf(database.db, "bad@example.org")).toMatchObject({
      state: "failed",
      answer: "not sent: it holds no paper",
    });
    expect(await standingOf(database.db, "good@example.org")).toMatchObject({ state: "sent" });
  });
});

it("what was sent stays as it was when the reader changes format or cadence", async () => {
  const box = await open();
  await planDigests(database.db, ["ada@example.org"]);
  await deliverAt(box, "07:00:00");
  await database.db.execute(sql`update subscribers set format = 'text', cadence = 'weekly'`);
  const digest = await findDigest(database.db, { email: "ada@example.org", editionDate: "2026-03-05" });
  const again = digest && (await box.context.mail?.composer.digest(digest));
  expect(again?.raw.equals(server.received[0]?.raw ?? Buffer.alloc(0))).toBe(true);
});
