// What comes back changes a reader only when it is plain and bears a return path that we signed.
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../../src/context.ts";
import { readReturned } from "../../src/core/feedback/bounce.ts";
import { signToken } from "../../src/core/tokens.ts";
import { undoUnsubscribe } from "../../src/db/leaving.ts";
import { readMailFiles } from "../../src/mail/mail-files.ts";
import { readReturnedMail } from "../../src/mail/read-returned.ts";
import { feedback, takeReturnedMail } from "../../workers/feedback.ts";
import { runHere } from "../support/command.ts";
import { keys } from "../support/context.ts";
import { useDatabase } from "../support/database.ts";
import { findRecorded } from "../support/recorded.ts";

const database = useDatabase();
let now = new Date("2026-03-02T08:00:00Z");
const context = () => ({ db: database.db, keys, now: () => now });
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "paperboy-feedback-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  await database.db.execute(sql`truncate subscribers, suppressions, used_tokens cascade`);
  await database.db.execute(sql`insert into subscribers (id, email, state, confirmed_at)
    values (7, 'ada@example.net', 'confirmed', now()), (8, 'bob@example.net', 'confirmed', now())`);
  now = new Date("2026-03-02T08:00:00Z");
});

const stateOf = async (id: number) =>
  (await database.db.execute(sql`select state, suppressed_reason as reason from subscribers where id = ${id}`)).rows[0];

const pathOf = (id: number, key = keys[0]) => `b+${signToken([key], "bounce", String(id))}@bounce.papers.example.org`;

function bounce(to: string, status: string, diagnostic: string, action = "failed"): Buffer {
  return Buffer.from(
    [
      "From: Mail Delivery System <MAILER-DAEMON@mx.example.net>",
      `To: <${to}>`,
      "Subject: Undelivered Mail Returned to Sender",
      "MIME-Version: 1.0",
      'Content-Type: multipart/report; report-type=delivery-status; boundary="x"',
      "",
      "--x",
      "",
      "Your message could not be delivered.",
      "--x",
      "Content-Type: message/delivery-status",
      "",
      "Reporting-MTA: dns; mx.example.net",
      "",
      "Final-Recipient: rfc822; ada@example.net",
      `Action: ${action}`,
      `Status: ${status}`,
      `Diagnostic-Code: smtp; ${diagnostic}`,
      "",
      "--x--",
      "",
    ].join("\r\n"),
  );
}
const complaint = (inside: string, type = "abuse") =>
  Buffer.from(
    `From: fbl@example.net\r\nTo: abuse@papers.example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary="x"\r\n\r\n--x\r\n\r\nThis is a complaint.\r\n--x\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: ${type}\r\nVersion: 1\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nReturn-Path: <${inside}>\r\nSubject: papers\r\n\r\nhello\r\n--x--\r\n`,
  );

it("suppresses a reader whose address does not exist", async () => {
  expect(await takeReturnedMail(context(), bounce(pathOf(7), "5.1.1", "550 5.1.1 User unknown"))).toBe("hard");
  expect(await stateOf(7)).toEqual({ state: "suppressed", reason: "hard" });
  expect(await stateOf(8)).toMatchObject({ state: "confirmed" });
});

it("a bounce of the address that a reader has just left is nothing to the new one; one of the new address is", async () => {
  await database.db.execute(sql`update subscribers set email = 'ada@new.example.org' where id = 7`);
  await database.db.execute(
    sql`insert into events (subscriber_id, kind, at) values (7, 'address-changed', '2026-02-27T08:00:00Z')`,
  );
  const late = bounce(pathOf(7), "5.1.1", "550 5.1.1 User unknown");
  expect(await takeReturnedMail(context(), late)).toBe("soft");
  expect(await stateOf(7)).toMatchObject({ state: "confirmed" });
  const own = Buffer.from(late.toString().replace("rfc822; ada@example.net", "rfc822; Ada@new.example.org"));
  expect(await takeReturnedMail(context(), own)).toBe("hard");
  expect(await stateOf(7)).toMatchObject({ state: "suppressed" });
});

it("suppresses for ever whoever complains, found by the return path of the mail it quotes", async () => {
  expect(await takeReturnedMail(context(), complaint(pathOf(8)))).toBe("complaint");
  expect(await stateOf(8)).toEqual({ state: "suppressed", reason: "complaint" });
});

it("unsubscribes whoever opted out at their provider", async () => {
  expect(await takeReturnedMail(context(), complaint(pathOf(8), "opt-out"))).toBe("unsubscribe");
  expect(await stateOf(8)).toMatchObject({ state: "unsubscribed" });
});

const leavingMail = (to: string) =>
  Buffer.from(`From: Ada <ada@example.net>\r\nTo: ${to}\r\nSubject: unsubscribe\r\n\r\n\r\n`);
const wayOutOf = (id: number, key = keys[0]) =>
  `u+${signToken([key], "unsubscribe", String(id))}@bounce.papers.example.org`;

it("unsubscribes whoever writes to the address of their way out; read again, the mail does not undo that they came back", async () => {
  const mail = leavingMail(`<${wayOutOf(7)}>`);
  expect(await takeReturnedMail(context(), mail)).toBe("unsubscribe");
  expect(await stateOf(7)).toMatchObject({ state: "unsubscribed" });
  expect(await stateOf(8)).toMatchObject({ state: "confirmed" });
  expect(await undoUnsubscribe(database.db, keys, { subscriberId: 7, now })).toMatchObject({ kind: "back" });
  expect(await takeReturnedMail(context(), mail)).toBe("again");
  expect(await stateOf(7)).toMatchObject({ state: "confirmed" });
});

it("takes what a process wrote down before it was killed", async () => {
  await database.db.execute(sql`insert into returns (subscriber_id, verdict, via, fingerprint, came_at)
    values (7, 'hard', 'mail', 'x', now()), (8, 'unsubscribe', 'ses', 'y', now())`);
  await feedback.run(context() as Context, {}, new AbortController().signal);
  expect([await stateOf(7), await stateOf(8)]).toMatchObject([{ state: "suppressed" }, { state: "unsubscribed" }]);
});

it.each([
  [
    "an address signed with another key",
    () => leavingMail(wayOutOf(7, "another-key-of-thirty-two-characters-or-more")),
  ],
  ["the token of a return path", () => leavingMail(pathOf(7).replace("b+", "u+"))],
  [
    "a bounce that quotes the way out of the mail that came back",
    () =>
      Buffer.from(
        bounce(pathOf(7), "4.4.7", "421 4.4.7 expired")
          .toString()
          .replace("\r\n\r\n--x--", `\r\n--x\r\n\r\nList-Unsubscribe: <mailto:${wayOutOf(7)}>\r\n\r\n--x--`),
      ),
  ],
])("keeps the reader for %s", async (_what, mail) => {
  expect(mail().toString()).toMatch(/[bu]\+[bu]7/);
  await takeReturnedMail(context(), mail());
  expect(await stateOf(7)).toMatchObject({ state: "confirmed" });
});

it.each([
  ["a return path signed with another key", () => pathOf(7, "another-key-of-thirty-two-characters-or-more")],
  ["a return path that was changed", () => pathOf(7).replace("b+b7", "b+b8")],
  ["an unsubscribe token in its place", () => `b+${signToken(keys, "unsubscribe", "7")}@bounce.papers.example.org`],
  ["no return path of ours", () => "digest@papers.example.org"],
])("passes over a bounce with %s", async (_what, to) => {
  expect(await takeReturnedMail(context(), bounce(to(), "5.1.1", "550 5.1.1 User unknown"))).toBe("unverified");
  expect([await stateOf(7), await stateOf(8)]).toMatchObject([{ state: "confirmed" }, { state: "confirmed" }]);
});

it.each([
  ["5.7.1", "550 5.7.1 blocked by our policy", "failed", "soft"],
  ["5.7.26", "550 5.7.26 unauthenticated", "failed", "soft"],
  ["5.0.0", "550 spam message rejected", "failed", "soft"],
  ["4.4.7", "421 4.4.7 expired", "failed", "soft"],
  ["5.2.1", "550-5.2.1 The user you are trying to contact is receiving mail at a rate", "failed", "soft"],
  ["5.1.1", "550 5.1.1 has sent to too many recipients this hour", "failed", "soft"],
  ["5.3.4", "552 5.3.4 message size exceeds fixed limit", "failed", "soft"],
  ["4.1.1", "450 4.1.1 greylisted", "delayed", "delayed"],
  ["2.0.0", "250 ok", "delivered", "other"],
])("keeps the reader when the report says %s %s (%s)", async (status, diagnostic, action, expected) => {
  expect(await takeReturnedMail(context(), bounce(pathOf(7), status, diagnostic, action))).toBe(expected);
  expect(await stateOf(7)).toMatchObject({ state: "confirmed" });
});

it.each([
  ["5.4.1", "550 5.4.1 [ada@example.net]: Recipient address rejected: Access denied [X.protection.outlook.com]"],
  ["5.7.27", "550 Host does not accept mail"],
  ["5.0.0", "an MX or SRV record indicated no SMTP service"],
  ["5.4.4", "Sorry, I couldn't find a mail exchanger or IP address. (#5.4.4)"],
])("suppresses the reader when the report says %s %s: nobody is there", async (status, diagnostic) => {
  expect(await takeReturnedMail(context(), bounce(pathOf(7), status, diagnostic))).toBe("hard");
  expect(await stateOf(7)).toEqual({ state: "suppressed", reason: "hard" });
});

it.each([
  ["5.7.27", "550 5.7.27 Sender address has null MX"],
  ["5.4.1", "550 5.4.1 Relay access denied"],
  ["4.4.7", "452 4.4.5 Insufficient disk space; try again later"],
  ["4.3.1", "452 4.3.1 Insufficient system storage"],
])("counts nothing against the reader when the report says %s %s: a server is at fault", async (status, diagnostic) => {
  expect(await takeReturnedMail(context(), bounce(pathOf(7), status, diagnostic))).toBe("soft");
});

const noticeOf = (text: string, fields = "") =>
  Buffer.from(`From: no-reply@example.net\r\nTo: <${pathOf(7)}>\r\nSubject: Re: papers\r\n${fields}\r\n${text}\r\n`);

it.each([
  ["Could not be delivered to: <ada@example.net>\r\nAs their mailbox is full.", "full"],
  [
    "Error: Invalid user address\r\n\r\n550 - Requested action not taken: no such user here\r\n\r\nRCPT TO: ada@example.net",
    "hard",
  ],
  ["I am no longer at this address; my mailbox is not read.", "other"],
])("a notice that is one only by its words, %j, is %s", async (text, expected) => {
  expect(await takeReturnedMail(context(), noticeOf(text))).toBe(expected);
  const automatic = noticeOf(text, "Auto-Submitted: auto-replied\r\n");
  expect(await takeReturnedMail(context(), automatic)).toBe("automatic");
});

it("suppresses a mailbox that was full five times over at least 14 days, and counts no mail twice", async () => {
  const full = (day: number) => bounce(pathOf(7), "5.2.2", `552 5.2.2 over quota, day ${day}`);
  for (const day of [2, 3, 4, 5]) {
    now = new Date(Date.UTC(2026, 2, day));
    expect(await takeReturnedMail(context(), full(day))).toBe("full");
    expect(await takeReturnedMail(context(), full(day))).toBe("again");
  }
  expect(await stateOf(7)).toMatchObject({ state: "confirmed" });
  now = new Date(Date.UTC(2026, 2, 20));
  await takeReturnedMail(context(), full(20));
  expect(await stateOf(7)).toEqual({ state: "suppressed", reason: "hard" });
});

it("a mail that somebody looks at while its Maildir is read is read where it has gone", async () => {
  const maildir = path.join(folder, "busy");
  for (const part of ["new", "cur"]) await mkdir(path.join(maildir, part), { recursive: true });
  for (const name of ["1", "2"]) await writeFile(path.join(maildir, "new", name), `Subject: ${name}\r\n\r\n`);
  const read: string[] = [];
  for await (const mail of readMailFiles(maildir)) {
    if (read.length === 0) await rename(path.join(maildir, "new/2"), path.join(maildir, "cur/2:2,S"));
    read.push(mail.toString().trim());
  }
  expect(read).toEqual(["Subject: 1", "Subject: 2"]);
});

it.each([
  [
    "a header of several megabytes",
    () => `Subject: ${"x".repeat(70)}\r\n${` ${"y".repeat(900)}\r\n`.repeat(2_500)}\r\nhello`,
  ],
  ["parts in parts", () => nested(3_000)],
  ["nothing but spaces", () => `From: mailer-daemon@example.net\r\n\r\n${" ".repeat(1_000_000)}`],
])(
  "a mail with %s is something else, and read within seconds",
  async (_what, mail) => {
    expect(await takeReturnedMail(context(), Buffer.from(mail()))).toMatch(/^(other|soft)$/);
  },
  10_000,
);

const nested = (depth: number) =>
  Array.from(
    { length: depth },
    (_, nth) => `Content-Type: multipart/mixed; boundary=b${nth}\r\n\r\n--b${nth}\r\n`,
  ).join("");

it("feedback reads single mails, an mbox and a Maildir, and counts what it found", async () => {
  const mbox = [
    bounce(pathOf(7), "5.1.1", "550 5.1.1 User unknown"),
    complaint(pathOf(8)),
    bounce("x@y.z", "5.1.1", "550 no such user"),
  ]
    .map((mail) => `From MAILER-DAEMON Mon Mar  2 08:00:00 2026\n${mail}\n`)
    .join("\n");
  await writeFile(path.join(folder, "bounces.mbox"), mbox);
  await mkdir(path.join(folder, "Maildir/new"), { recursive: true });
  await mkdir(path.join(folder, "Maildir/tmp"));
  await writeFile(
    path.join(folder, "Maildir/new/1"),
    "From: a@example.net\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nback soon\n",
  );
  await writeFile(path.join(folder, "Maildir/tmp/2"), "half a mail");
  const settings = { DATABASE_URL: database.url, SECRET_KEY: keys[0], DATA_DIR: folder };
  const words = ["feedback", path.join(folder, "bounces.mbox"), path.join(folder, "Maildir"), "--json"];
  const { code, stdout } = await runHere(words, settings);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ read: 4, hard: 1, complaint: 1, unverified: 1, automatic: 1 });
  expect([await stateOf(7), await stateOf(8)]).toMatchObject([{ state: "suppressed" }, { state: "suppressed" }]);
  const missing = await runHere(["feedback", path.join(folder, "nowhere")], settings);
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("it does not exist") });
});

describe("178 recorded mails", () => {
  const recorded = findRecorded("bounces");
  const meant: Record<string, string> = {
    hard: "hard",
    "mailbox-full": "full",
    soft: "soft",
    complaint: "complaint",
    "opt-out": "unsubscribe",
    "auto-reply": "automatic",
  };
  it.runIf(recorded)("are read as an established parser reads them, and in doubt for the reader", async () => {
    const expected: { file: string; class: string }[] = JSON.parse(await readFile(`${recorded}/expected.json`, "utf8"));
    let agreed = 0;
    const dropped: string[] = [];
    for (const { file, class: theirs } of expected) {
      const ours = readReturned(await readReturnedMail(await readFile(`${recorded}/mail/${file}`)));
      const wanted = meant[theirs] ?? "other";
      if ((ours === "delayed" ? "soft" : ours) === wanted) agreed++;
      if (ours === "hard" && wanted !== "hard") dropped.push(file);
    }
    expect(agreed / expected.length).toBeGreaterThanOrEqual(0.9);
    // Each of these says in words that there is no such user; their parser knows the sender's habits better.
    expect(dropped.length).toBeLessThanOrEqual(7);
  });
});
