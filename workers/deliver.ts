// The stage deliver: claims digests or a letter, composes, sends, records what the server answered. Wakes nobody.
import type { Context } from "../src/context.ts";
import { type Answer, meaningOf, wordsOf } from "../src/core/answers.ts";
import { decideOutcome } from "../src/core/deliver/outcome.ts";
import {
  type Claim,
  type ClaimedDigest,
  claimDigests,
  type DigestOutcome,
  recordOutcomes,
  releaseClaims,
} from "../src/db/digests.ts";
import { claimLetter, clearSoftBounces, countSoftBounce, recordLetter, slowProvider } from "../src/db/outbox.ts";
import { suppress } from "../src/db/suppressions.ts";
import type { ComposedMessage } from "../src/mail/compose.ts";
import { stage } from "./stage.ts";

const CLAIM = 200;
/** Answers are written down together; this many, or this old, and so many may go twice after a kill. */
const NOTE = 25;
const NOTE_MS = 200;
const LETTER_TRIES = 6;

type Mail = NonNullable<Context["mail"]>;
type Batch = { worker: string; now: Date; signal: AbortSignal | undefined };
export type DeliverResult = { sent: number; failed: number; uncertain: number; retried: number };

export const deliver = stage({
  name: "deliver",
  run: async (context, data, signal) => {
    if ("letter" in data) await deliverLetter(context, data.letter, context.now());
    else {
      const done = await runDeliver(context, { ...data, now: context.now(), signal });
      if (Object.values(done).some((count) => count > 0)) context.log.info({ ...data, ...done }, "digests delivered");
    }
  },
});

/** Sends what is open among the digests from … to …; safe to run twice and side by side, each digest has one claimant. */
export async function runDeliver(
  context: Context,
  { from, to, now, signal }: { from: number; to: number; now: Date; signal?: AbortSignal },
): Promise<DeliverResult> {
  const { sending, transport, cards } = mailOf(context);
  const result: DeliverResult = { sent: 0, failed: 0, uncertain: 0, retried: 0 };
  const rate = context.config.SMTP_RATE;
  // Nobody should hold for minutes what others could send.
  const limit = rate > 0 ? Math.min(CLAIM, Math.max(1, Math.ceil(rate * 10))) : CLAIM;
  const worker = await sending.enter();
  try {
    while (!signal?.aborted) {
      const wrong = await transport.ready(signal);
      // Without a mail server there is nothing to do here; tidy rings again.
      if (!signal?.aborted) sayReached(context, wrong);
      if (wrong !== undefined || signal?.aborted) break;
      const { claimed, ended } = await claim(context, { from, to, limit, now, worker, cards });
      if (claimed.length + ended === 0) break;
      if (claimed.length === 0) continue;
      if (!(await deliverClaimed(context, claimed, { worker, now, signal }, result))) break;
    }
  } finally {
    sending.leave();
  }
  return result;
}

/** One line when the mail server goes away and one when it is back, however many jobs find out. */
function sayReached(context: Context, wrong: string | undefined): void {
  const mail = mailOf(context);
  const away = wrong !== undefined;
  if (away && !mail.away) context.log.warn({ wrong: withoutAddresses(wrong) }, "the mail server cannot be reached");
  if (!away && mail.away) context.log.info({}, "the mail server can be reached again");
  mail.away = away;
}

/** Claims; where the answer to the commit is lost, what may be claimed now is given back, since nobody else would take it. */
async function claim({ db }: Context, which: Parameters<typeof claimDigests>[1]): Promise<Claim> {
  let claims: ClaimedDigest[] = [];
  try {
    return await db.transaction(async (transaction) => {
      const made = await claimDigests(transaction, which);
      claims = made.claimed;
      return made;
    });
  } catch (error) {
    await giveBack(db, { claims, worker: which.worker });
    throw error;
  }
}

async function giveBack(db: Context["db"], back: Parameters<typeof releaseClaims>[1]): Promise<void> {
  if (back.claims.length === 0) return;
  await insist(() => db.transaction((transaction) => releaseClaims(transaction, back)));
}

/** Sends what was claimed, a few at a time, and gives back what it did not get to; false when no server could be reached. */
async function deliverClaimed(
  context: Context,
  claimed: ClaimedDigest[],
  batch: Batch,
  result: DeliverResult,
): Promise<boolean> {
  const { db, config } = context;
  const notes = openNotes(context, batch);
  const left = [...claimed].reverse();
  let reached = false;
  const work = async () => {
    for (let digest = left.pop(); digest; digest = left.pop()) {
      const answer = await deliverDigest(context, digest);
      if (answer.kind !== "unreachable") reached = true;
      const outcome = await decide(context, digest, answer, batch.now);
      await notes.add(outcome);
      if (outcome.state === "retry") result.retried++;
      else if (outcome.state !== "cancelled") result[outcome.state]++;
      if (batch.signal?.aborted) return;
    }
  };
  await Promise.all(Array.from({ length: Math.max(8, 2 * config.SMTP_CONNECTIONS) }, work));
  await notes.flush();
  await giveBack(db, { claims: left, worker: batch.worker });
  return reached;
}

async function deliverDigest(context: Context, digest: ClaimedDigest): Promise<Answer> {
  const { composer, sending } = mailOf(context);
  const wanted = () => !sending.hasLeft(digest.subscriberId);
  return wanted() ? send(context, () => composer.digest(digest), { digest: digest.id }, wanted) : { kind: "unwanted" };
}

/** What an answer means for the digest; what it means for the reader and the provider is written at once. */
async function decide(context: Context, digest: ClaimedDigest, answer: Answer, now: Date): Promise<DigestOutcome> {
  const { db, keys, log } = context;
  const meaning = meaningOf(answer);
  const outcome = decideOutcome(meaning, digest, now);
  const said = wordsOf(answer);
  const { subscriberId, email, provider } = digest;
  const drop = (via: string) => insist(() => suppress(db, keys, { email, reason: "hard", via, now }));
  if (meaning === "hard") await drop("smtp");
  // One full mailbox counts once an edition, however often it was tried.
  const counts = meaning === "full" || (meaning === "full-now" && digest.attempts === 1);
  if (counts && (await insist(() => countSoftBounce(db, { subscriberId, returned: false, now }))))
    await drop("mailbox full for weeks");
  if (meaning === "sent" && digest.full) await insist(() => clearSoftBounces(db, subscriberId, now));
  const { provider: slower } = outcome;
  if (slower) {
    await insist(() => slowProvider(db, provider, { ...slower, reason: said, now }));
    log.error({ provider, answer: withoutAddresses(said) }, "a mail provider refuses or slows us down; see /admin");
  }
  return { id: digest.id, ...outcome.digest, answer: said };
}

/** Collects outcomes and writes them down together. */
function openNotes({ db }: Context, { worker, now }: Batch) {
  let waiting: DigestOutcome[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const outcomes = waiting;
    waiting = [];
    if (outcomes.length > 0) writing = writing.then(() => insist(() => recordOutcomes(db, { outcomes, worker, now })));
    return writing;
  };
  return {
    async add(outcome: DigestOutcome): Promise<void> {
      waiting.push(outcome);
      timer ??= setTimeout(() => void flush().catch(() => {}), NOTE_MS);
      if (waiting.length >= NOTE) await flush();
    },
    flush,
  };
}

/** Tries for ten minutes while the database is away: what the mail server took must not be forgotten, or it would go twice. */
async function insist<Result>(write: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; tries < 120; tries++) {
    try {
      return await write();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, Math.min(5_000, 100 * tries)));
    }
  }
  return write();
}

/** Sends one letter when it is still wanted; a retry is left to tidy. */
async function deliverLetter(context: Context, id: number, now: Date): Promise<void> {
  const { composer, sending } = mailOf(context);
  await sending.enter();
  try {
    const letter = await claimLetter(context.db, id, now);
    if (!letter) return;
    const answer = await send(context, () => composer.letter(letter), { letter: id });
    const meaning = meaningOf(answer);
    const again = ["retry", "full-now", "rate", "policy", "unreachable", "uncertain"].includes(meaning);
    const state = meaning === "sent" ? "sent" : again && letter.attempts < LETTER_TRIES ? "retry" : "failed";
    const later = state === "retry" ? { nextAttemptAt: new Date(now.getTime() + 60_000 * letter.attempts) } : {};
    await insist(() => recordLetter(context.db, { id, state, answer: wordsOf(answer), ...later }, now));
  } finally {
    sending.leave();
  }
}

/** Composes and sends; a message that cannot be composed, or must not leave, fails alone, with its reason. */
async function send(
  context: Context,
  compose: () => Promise<ComposedMessage>,
  which: object,
  wanted?: () => boolean,
): Promise<Answer> {
  let message: ComposedMessage;
  try {
    message = await compose();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.log.error({ ...which, reason }, "a message is not fit to be sent");
    return { kind: "unfit", reason };
  }
  return mailOf(context).transport.send(message, wanted);
}

function mailOf({ mail }: Context): Mail {
  if (!mail) throw new Error("this process was built without mail: only the worker role delivers");
  return mail;
}

const withoutAddresses = (text: string) => text.replace(/[^\s<>]+@[^\s<>]+/g, "[address]").slice(0, 300);
