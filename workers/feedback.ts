// The stage feedback: what came back for a reader? Only a mail with a return path that we signed, or to the address of one of our
// ways out, changes a reader's state.
import { createHash } from "node:crypto";
import type { Context } from "../src/context.ts";
import { type ReturnedClass, type ReturnedMail, readReturned } from "../src/core/bounce.ts";
import { type TokenPurpose, verifyToken } from "../src/core/tokens.ts";
import { hasEventSince } from "../src/db/events.ts";
import { unsubscribe } from "../src/db/leaving.ts";
import { useToken } from "../src/db/one-time.ts";
import { countSoftBounce } from "../src/db/outbox.ts";
import { findSubscriber } from "../src/db/subscriber-rows.ts";
import { suppress } from "../src/db/suppressions.ts";
import { readReturnedMail } from "../src/mail/read-returned.ts";
import type { Jobs } from "../src/queue/jobs.ts";
import { stage } from "./stage.ts";

const MAX_BYTES = 2_000_000;
/** Mail servers give up on a mail after five days at the latest (RFC 5321 §4.5.4.1), and tell it in the days after. */
const FORMER_DAYS = 14;

type Needs = Pick<Context, "db" | "keys" | "now">;
type Verdict = Jobs["feedback"]["verdict"];
const verdicts = new Set<ReturnedClass>(["hard", "complaint", "full", "unsubscribe"]);

export const feedback = stage({
  name: "feedback",
  says: "reads a verdict on one reader's address (bounce, complaint or opt-out); writes their state and the suppression",
  run: (context, { subscriber, verdict }) => runFeedback(context, subscriber, verdict),
});

/** What a verdict means for a reader: suppressed, gone, or one full mailbox more; repeatable but for the count. */
async function runFeedback({ db, keys, now }: Needs, subscriberId: number, verdict: Verdict): Promise<void> {
  const subscriber = await findSubscriber(db, subscriberId);
  if (!subscriber) return;
  if (verdict === "unsubscribe") {
    await unsubscribe(db, { subscriberId, via: "feedback", now: now() });
    return;
  }
  const isOver = () => countSoftBounce(db, { subscriberId, returned: true, now: now() });
  if (verdict === "full" && !(await isOver())) return;
  const reason = verdict === "complaint" ? "complaint" : "hard";
  const via = verdict === "full" ? "mailbox full for weeks" : "feedback";
  await suppress(db, keys, { email: subscriber.email, reason, via, now: now() });
}

/**
 * Takes one mail out of the bounce mailbox. Says what it is, `unverified` where it would change something and bears no return
 * path of ours, and `again` for a full mailbox that was counted before: reading a mailbox twice is harmless.
 */
export async function takeReturnedMail(context: Needs, raw: Buffer): Promise<ReturnedClass | "unverified" | "again"> {
  const mail = await readReturnedMail(raw);
  const leaver = findLeaver(context, mail);
  if (leaver !== undefined) {
    await runFeedback(context, leaver, "unsubscribe");
    return "unsubscribe";
  }
  const said = readReturned(mail);
  if (!verdicts.has(said)) return said;
  const subscriber = findReturnPath(context, raw);
  if (subscriber === undefined) return "unverified";
  if ((said === "hard" || said === "full") && (await isOfFormerAddress(context, subscriber, raw))) return "soft";
  if (said === "full") {
    const fingerprint = createHash("sha256").update(raw).digest("base64url");
    if (!(await useToken(context.db, `returned ${fingerprint}`, context.now()))) return "again";
  }
  await runFeedback(context, subscriber, said as Verdict);
  return said;
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
