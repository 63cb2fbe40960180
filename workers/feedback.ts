// The stage feedback: what came back for a reader? Only a mail with a return path that we signed, or to the address of one of our
// ways out, changes a reader's state.
import { createHash } from "node:crypto";
import type { Context } from "../src/context.ts";
import {
  isVerdict,
  type ReturnedClass,
  type ReturnedMail,
  readReturned,
  type Verdict,
} from "../src/core/feedback/bounce.ts";
import { type TokenPurpose, verifyToken } from "../src/core/tokens.ts";
import type { Queryable } from "../src/db/connect.ts";
import { hasEventSince } from "../src/db/events.ts";
import { unsubscribe } from "../src/db/leaving.ts";
import { countSoftBounce } from "../src/db/outbox.ts";
import { listOpenReturns, noteReturns, type Return, takeReturn } from "../src/db/returns.ts";
import { findSubscriber } from "../src/db/subscriber-rows.ts";
import { suppress } from "../src/db/suppressions.ts";
import { readReturnedMail } from "../src/mail/read-returned.ts";
import { stage } from "./stage.ts";

const MAX_BYTES = 2_000_000;
/** Mail servers give up on a mail after five days at the latest (RFC 5321 §4.5.4.1), and tell it in the days after. */
const FORMER_DAYS = 14;
const ROWS = 200;

type Needs = Pick<Context, "db" | "keys" | "now">;

export const feedback = stage({
  name: "feedback",
  run: (context, _data, signal) => takeReturns(context, signal),
});

/** Takes all that came back and was not taken yet, each in a transaction of its own. */
async function takeReturns({ db, keys, now }: Needs, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const open = await listOpenReturns(db, ROWS);
    if (open.length === 0) return;
    for (const one of open) {
      if (signal?.aborted) return;
      await db.transaction(async (transaction) => {
        if (await takeReturn(transaction, one.id, now())) await judge(transaction, keys, one, now());
      });
    }
  }
}

/** What a verdict means for a reader: suppressed, gone, or one full mailbox more. */
async function judge(
  transaction: Queryable,
  keys: Context["keys"],
  { subscriberId, verdict, via }: Return,
  now: Date,
): Promise<void> {
  if (verdict === "unsubscribe") {
    await unsubscribe(transaction, { subscriberId, via, now });
    return;
  }
  if (verdict === "full" && !(await countSoftBounce(transaction, { subscriberId, returned: true, now }))) return;
  const subscriber = await findSubscriber(transaction, subscriberId);
  if (!subscriber) return;
  const reason = verdict === "complaint" ? "complaint" : "hard";
  const how = verdict === "full" ? "mailbox full for weeks" : via;
  await suppress(transaction, keys, { email: subscriber.email, reason, via: how, now });
}

/**
 * Takes one mail out of the bounce mailbox. Says what it is, `unverified` where it would change something and bears no return
 * path of ours, and `again` for a mail that was read before: reading a mailbox twice is harmless, also for who has come back.
 */
export async function takeReturnedMail(context: Needs, raw: Buffer): Promise<ReturnedClass | "unverified" | "again"> {
  const mail = await readReturnedMail(raw);
  const leaver = findLeaver(context, mail);
  if (leaver !== undefined) return takeVerdict(context, raw, leaver, "unsubscribe");
  const said = readReturned(mail);
  if (!isVerdict(said)) return said;
  const subscriber = findReturnPath(context, raw);
  if (subscriber === undefined) return "unverified";
  if ((said === "hard" || said === "full") && (await isOfFormerAddress(context, subscriber, raw))) return "soft";
  return takeVerdict(context, raw, subscriber, said);
}

async function takeVerdict(
  context: Needs,
  raw: Buffer,
  subscriberId: number,
  verdict: Verdict,
): Promise<Verdict | "again"> {
  const fingerprint = createHash("sha256").update(raw).digest("base64url");
  const told = [{ subscriberId, verdict, fingerprint }];
  const fresh = (await noteReturns(context.db, { told, via: "mail", now: context.now() })) > 0;
  await takeReturns(context);
  return fresh ? verdict : "again";
}

/** Whether a report may be of the address that the reader has lately left: it does not name the one they have now. */
async function isOfFormerAddress({ db, now }: Needs, subscriberId: number, raw: Buffer): Promise<boolean> {
  const since = new Date(now().getTime() - FORMER_DAYS * 86_400_000);
  if (!(await hasEventSince(db, { subscriberId, kind: "address-changed", since }))) return false;
  const email = (await findSubscriber(db, subscriberId))?.email ?? "";
  return !raw.subarray(0, MAX_BYTES).toString("latin1").toLowerCase().includes(email);
}

/** The reader who wrote to `u+TOKEN@…` (RFC 2369 §3.2); only by whom the mail is for, as a bounce quotes our header. */
function findLeaver(context: Needs, { headers }: ReturnedMail): number | undefined {
  const to = ["to", "delivered-to", "x-original-to"].map((name) => headers[name]?.slice(0, 2_000) ?? "").join("\n");
  return findSigned(context, to.matchAll(/(?<![\w+.-])u\+([\w.-]{10,100})@/g), "unsubscribe");
}

/** The reader of the first return path `b+TOKEN@…` that we signed: in the address it came to, or in the mail that it quotes. */
function findReturnPath(context: Needs, raw: Buffer): number | undefined {
  const text = raw.subarray(0, MAX_BYTES).toString("latin1");
  return findSigned(context, text.matchAll(/(?<![\w+.-])b\+([\w.-]{10,100})@/g), "bounce");
}

function findSigned({ keys, now }: Needs, found: Iterable<RegExpExecArray>, purpose: TokenPurpose): number | undefined {
  for (const [, token = ""] of found) {
    const answer = verifyToken(keys, purpose, token, now());
    const id = answer.kind === "valid" ? Number(answer.subject) : 0;
    if (Number.isSafeInteger(id) && id > 0) return id;
  }
  return undefined;
}
