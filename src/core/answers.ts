// What does a mail server's answer mean, for the message and for the reader? RFC 5321, RFC 3463 and what providers do with them.

export type Answer =
  | { kind: "accepted"; response: string }
  | { kind: "refused"; code: number; enhanced?: string; response: string }
  /** No transaction was opened or finished; nothing can have arrived. */
  | { kind: "unreachable"; error: string }
  /** The connection was lost after the message and before the answer: it may have arrived. */
  | { kind: "uncertain"; error: string };

export type Meaning = "sent" | "uncertain" | "retry" | "full" | "rate" | "policy" | "hard" | "failed";

const NO_SUCH_USER =
  /no such (user|recipient|mailbox|person)|user unknown|unknown (user|recipient|mailbox)|(user|mailbox|recipient|account|address) (was |is )?(not found|unknown|disabled|inactive|does not exist|doesn't exist)|does(n't| not) have an? .{0,40}account|null mx|invalid (recipient|mailbox)/i;
const RATE = /\b4\.7\.28\b|rate.?limit|too many (messages|connections)|throttl|deferred due to .*volume/i;
const FULL = /over.?quota|quota exceeded|mailbox (is )?full|insufficient (system )?storage|out of storage/i;

/** Reads an answer by the table of what delivery answers mean; a permanent code alone never drops a reader. */
export function meaningOf(answer: Answer): Meaning {
  if (answer.kind === "accepted") return "sent";
  if (answer.kind === "uncertain") return "uncertain";
  if (answer.kind === "unreachable") return "retry";
  const { code, response } = answer;
  const enhanced = answer.enhanced ?? /\b([245]\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1] ?? "";
  if (code < 500) {
    if (enhanced === "4.7.28" || RATE.test(response)) return "rate";
    return "retry";
  }
  if (enhanced.startsWith("5.7.")) return "policy";
  if (enhanced === "5.2.2" || code === 552 || FULL.test(response)) return "full";
  if (["5.1.1", "5.1.10", "5.2.1"].includes(enhanced) || NO_SUCH_USER.test(response)) return "hard";
  return "failed";
}
