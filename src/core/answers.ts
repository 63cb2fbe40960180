// What does a mail server's answer mean, for the message and for the reader? RFC 5321, RFC 3463 and what providers do with them.

export type Answer =
  | { kind: "accepted"; response: string }
  /** `ofSender`: it was said to MAIL, when no reader had been named. */
  | { kind: "refused"; code: number; response: string; ofSender?: boolean }
  /** No transaction was opened or finished; nothing can have arrived. */
  | { kind: "unreachable"; error: string }
  /** The connection was lost after the message and before the answer: it may have arrived. */
  | { kind: "uncertain"; error: string }
  /** The reader left while it waited for its turn: nothing was sent. */
  | { kind: "unwanted" }
  /** It could not be made, or must not leave as it is; nothing was sent. */
  | { kind: "unfit"; reason: string };

/** `full` and `full-now` are a mailbox over its quota, for good or for the moment. */
export type Meaning =
  | "sent"
  | "uncertain"
  | "unwanted"
  | "unreachable"
  | "retry"
  | "full-now"
  | "full"
  | "rate"
  | "policy"
  | "hard"
  | "failed";

const NO_SUCH_USER =
  /no such (user|recipient|mailbox|person)|user unknown|unknown (user|recipient|mailbox)|(user|mailbox|recipient|account|address) (was |is )?(not found|unknown|disabled|inactive|does not exist|doesn't exist)|does(n't| not) have an? .{0,40}account|null mx|invalid (recipient|mailbox)/i;
/** Words on our own address, which may quote what its own server said of it: "User unknown" (Postfix, Exim's callout, RFC 3463 X.1.7 and X.1.8). */
const OF_SENDER =
  /sender (address|verif)|(sender|return path|mail from) (is |was )?(rejected|refused|denied|unknown|invalid|not)|verify sender|\b5\.1\.[78]\b/i;
/** Microsoft 365 for an address that its tenant does not have. */
export const NOT_IN_TENANT = /\b5\.4\.1\b.{0,300}recipient address rejected: access denied/i;
const RATE = /\b4\.7\.28\b|rate.?limit|too many (messages|connections)|throttl|deferred due to .*volume/i;
const TOO_LARGE = /message (is )?too (large|big)|size (limit )?exceed|exceeds? .{0,30}size/i;
const FULL = /over.?quota|quota exceeded|mailbox (is )?full|insufficient storage|out of storage/i;

/** Reads an answer by the table of what delivery answers mean; a permanent code alone never drops a reader. */
export function meaningOf(answer: Answer): Meaning {
  if (answer.kind === "accepted") return "sent";
  if (answer.kind === "unfit") return "failed";
  if (answer.kind !== "refused") return answer.kind;
  const { code, response } = answer;
  const enhanced = /(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(response)?.[1] ?? "";
  const ofSender = answer.ofSender || OF_SENDER.test(response);
  const isFull = !ofSender && (enhanced.endsWith(".2.2") || (FULL.test(response) && !TOO_LARGE.test(response)));
  if (code < 500) {
    if (enhanced === "4.7.28" || RATE.test(response)) return "rate";
    return isFull ? "full-now" : "retry";
  }
  const isTooLarge = enhanced === "5.3.4" || TOO_LARGE.test(response);
  if (enhanced.startsWith("5.7.")) return "policy";
  if (ofSender) return isTooLarge || enhanced.startsWith("5.6.") ? "failed" : "policy";
  if (["5.1.1", "5.1.10", "5.2.1"].includes(enhanced) || NOT_IN_TENANT.test(response)) return "hard";
  if (isFull || (code === 552 && !enhanced.startsWith("5.3.") && !isTooLarge)) return "full";
  return code === 556 || NO_SUCH_USER.test(response) ? "hard" : "failed";
}

/** What an answer said, for the ledger and the operator. */
export function wordsOf(answer: Answer): string {
  switch (answer.kind) {
    case "accepted":
    case "refused":
      return answer.response;
    case "unfit":
      return `not sent: ${answer.reason}`;
    case "unwanted":
      return "the reader left before it went out";
    default:
      return answer.error;
  }
}
