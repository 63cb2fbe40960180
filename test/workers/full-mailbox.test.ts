// When is a reader dropped, and when forgiven, whose mailbox takes mail at first and has it returned as full afterwards?
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, it } from "vitest";
import { signToken } from "../../src/core/tokens.ts";
import { runDeliver } from "../../workers/deliver.ts";
import { takeReturnedMail } from "../../workers/feedback.ts";
import { keys } from "../support/context.ts";
import { useDatabase } from "../support/database.ts";
import { type Outbox, openOutbox, planDigests, standingOf } from "../support/outbox.ts";
import { openSmtpServer, type SmtpTestServer } from "../support/smtp.ts";

const database = useDatabase();
const reader = "ada@example.org";
const HOUR_MS = 3_600_000;
const first = new Date("2026-03-05T07:00:00Z");
let server: SmtpTestServer;
let box: Outbox;
let now = first;

beforeEach(async () => {
  await database.db.execute(sql`truncate subscribers, digests, sent_papers, providers, suppressions, events cascade`);
  server = await openSmtpServer();
  box = await openOutbox(database.db, server.url, { now: () => now });
  await planDigests(database.db, [reader]);
  await database.db.execute(sql`delete from digests`);
});
afterEach(async () => {
  await box.close();
  await server.close();
});

/** The digest of a day is taken over SMTP; where the mailbox is full it comes back `after` hours later. */
async function sendOn(day: number, returned?: { after: number }): Promise<void> {
  now = new Date(first.getTime() + day * 24 * HOUR_MS);
  await database.db.execute(
    sql`insert into edition_cards select ${now.toISOString()}::date, paper_id, topic_id, card from edition_cards
      where edition_date = '2026-03-05' on conflict do nothing`,
  );
  await database.db.execute(
    sql`insert into digests (subscriber_id, edition_date, state, paper_ids, topic_ids, planned_at, expires_at)
      select id, ${now.toISOString()}::date, 'planned', '{1}', '{1}', ${now.toISOString()}, ${now.toISOString()}::timestamptz + interval '1 day'
      from subscribers where state = 'confirmed'`,
  );
  const { sent } = await runDeliver(box.context, { from: 0, to: Number.MAX_SAFE_INTEGER, now });
  if (sent === 0 || !returned) return;
  now = new Date(now.getTime() + returned.after * HOUR_MS);
  expect(await takeReturnedMail(box.context, await returnedAsFull(day))).toBe("full");
}

async function returnedAsFull(day: number): Promise<Buffer> {
  const answer = await database.db.execute(sql`select id from subscribers`);
  const to = `b+${signToken(keys, "bounce", String(answer.rows[0]?.["id"]))}@bounce.papers.example.org`;
  return Buffer.from(
    `From: MAILER-DAEMON@mx.example.org\r\nTo: <${to}>\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n` +
      'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n' +
      `--x\r\n\r\nDay ${day}.\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n` +
      `Final-Recipient: rfc822; ${reader}\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\n--x--\r\n`,
  );
}

const standing = async () => {
  const { reader: state, soft } = await standingOf(database.db, reader);
  return { state, soft };
};

it("a daily reader whose mail comes back as full each day is dropped after fourteen days, not before", async () => {
  for (let day = 0; day < 14; day++) await sendOn(day, { after: 1 });
  expect(await standing()).toEqual({ state: "confirmed", soft: 14 });
  await sendOn(14, { after: 1 });
  expect(await standing()).toMatchObject({ state: "suppressed" });
});

it("a weekly reader whose mail comes back as full each week is dropped with the fifth", async () => {
  for (const week of [0, 1, 2, 3]) await sendOn(7 * week, { after: 1 });
  expect(await standing()).toEqual({ state: "confirmed", soft: 4 });
  await sendOn(28, { after: 1 });
  expect(await standing()).toMatchObject({ state: "suppressed" });
});

it("mail that their server kept for five days before it came back counts as well", async () => {
  for (const week of [0, 1, 2, 3]) await sendOn(7 * week, { after: 5 * 24 });
  expect(await standing()).toEqual({ state: "confirmed", soft: 4 });
});

it("a daily reader who empties the mailbox is forgiven when a mail has stayed there for five days", async () => {
  for (let day = 0; day < 10; day++) await sendOn(day, { after: 1 });
  for (let day = 10; day < 15; day++) await sendOn(day);
  expect(await standing()).toEqual({ state: "confirmed", soft: 10 });
  await sendOn(15);
  expect(await standing()).toEqual({ state: "confirmed", soft: 0 });
});

it("a weekly reader who empties the mailbox is forgiven a week after the first mail that stayed", async () => {
  for (const week of [0, 1, 2, 3]) await sendOn(7 * week, { after: 1 });
  await sendOn(28);
  await sendOn(35);
  expect(await standing()).toEqual({ state: "confirmed", soft: 0 });
  await sendOn(42, { after: 1 });
  expect(await standing()).toEqual({ state: "confirmed", soft: 1 });
});
