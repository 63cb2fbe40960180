// What came back, and what does it mean for the reader? Delivery reports (RFC 3464), complaints (RFC 5965), and prose of mail servers.
import { meaningOf, NOT_IN_TENANT } from "../answers.ts";

/** One mail that came in, already parsed: header fields by lower-case name, its prose, and its machine-readable report. */
export type ReturnedMail = {
  headers: Record<string, string>;
  text: string;
  /** The text of message/delivery-status or message/feedback-report, where there is one. */
  report?: { type: "delivery-status" | "feedback-report"; text: string };
};

/**
 * `hard`: the address takes no mail. `full`: its mailbox is full. `soft`: this one was not delivered, another may be; our own
 * fault counts here. `delayed`, `automatic` (a vacation, a receipt) and `other` change nothing.
 */
export type ReturnedClass = "hard" | "full" | "soft" | "delayed" | "complaint" | "unsubscribe" | "automatic" | "other";
/** What changes a reader. */
export type Verdict = Extract<ReturnedClass, "hard" | "full" | "complaint" | "unsubscribe">;
export const isVerdict = (said: ReturnedClass): said is Verdict =>
  said === "hard" || said === "full" || said === "complaint" || said === "unsubscribe";

const MAX_TEXT = 20_000;
const MAX_RECIPIENTS = 20;

/** Reads what a returned mail says. In doubt it is `soft` or `other`: a reader is never dropped on a guess. */
export function readReturned(mail: ReturnedMail): ReturnedClass {
  if (mail.report?.type === "feedback-report") return readComplaint(mail.report.text);
  if (mail.report?.type === "delivery-status")
    return readDeliveryStatus(mail.report.text, mail.text.slice(0, MAX_TEXT));
  if (isFailureNotice(mail)) return readProse(mail);
  if (isAutomatic(mail)) return "automatic";
  return mail.headers["return-path"] === "<>" || FAILED.test(mail.text.slice(0, MAX_TEXT)) ? readProse(mail) : "other";
}

function readComplaint(report: string): ReturnedClass {
  switch (/^feedback-type:\s*([\w-]+)/im.exec(report)?.[1]?.toLowerCase()) {
    case "abuse":
    case "fraud":
    case "miscategorized":
      return "complaint";
    case "opt-out":
    case "opt-out-list":
      return "unsubscribe";
    default:
      return "other";
  }
}

/** The fields of each recipient stand in a block of their own; the worst of several is not taken, the mildest is. */
function readDeliveryStatus(report: string, prose: string): ReturnedClass {
  const blocks = report
    .replace(/\r\n/g, "\n")
    .replace(/\n[ \t]+/g, " ")
    .split(/\n\s*\n/)
    .filter((block) => /^(action|status):/im.test(block))
    // Our mail has one recipient each.
    .slice(0, MAX_RECIPIENTS);
  if (blocks.length === 0) return meaningFor("", prose);
  const classes = blocks.map((block) => {
    const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "im").exec(block)?.[1]?.trim() ?? "";
    const action = field("action").toLowerCase();
    if (action === "delayed") return "delayed";
    if (["delivered", "relayed", "expanded"].includes(action)) return "other";
    const status = /[245]\.\d{1,3}\.\d{1,3}/.exec(field("status"))?.[0] ?? "";
    return meaningFor(status, `${field("diagnostic-code").replace(/^[\w-]+;\s*/, "")}\n${prose}`);
  });
  const mildest: ReturnedClass[] = ["other", "delayed", "soft", "full", "hard"];
  return mildest.find((known) => classes.includes(known)) ?? "other";
}

const NEVER =
  /no such (domain|host|address|user|account)|(domain|host)( name)? (is )?(unknown|not found|does not exist)|(unknown|unrouteable|unroutable) (host|domain|mail domain|address|user|recipient)|host or domain name not found|domain not found|name service error for .*not found|does not accept mail|null ?mx|has moved|no longer (here|valid|available|exists?|on server|with)|(user|recipient|account|mailbox|address)( \S+)?( has been| is| was)? (not found|unknown|disabled|closed|invalid|rejected: user unknown|doesn't exist|does not exist|not exist|not available here|not known)|not a valid (user|mailbox|recipient|address)|(invalid|bad|unknown) (user|recipient|mailbox|destination|address|local)|not listed in|no mailbox (here|by)|isn't in my control|does ?n[o']t? ?t? (have an?|exist|receive mail).{0,60}|couldn't be found|could not be found|wasn't found|unknown or illegal alias|no account|is not known/i;
const FULL =
  /over.{0,8}quota|mailbox exceeds|quota (is )?(exceeded|full)|(mailbox|mail box|inbox|storage|disk|folder)( \S+)?( of \S+)? (is )?(over|full|exceed|size limit)|(exceed\w{0,5}|over) .{0,40}(quota|storage|mailbox size|allocated|allotted)|insufficient storage|not enough (storage|space)|out of (storage|space)|disk quota|mailfolder is full|maildir over/i;
const TOO_LARGE =
  /(?<!mailbox )exceeds? .{0,30}(message|size)|message (is )?(too|larger)|message size|size limit|too (big|large)/i;
/** No mail server, and none to come: null MX (RFC 7505) in the words of Exim and sendmail, no MX in those of qmail. */
const NO_SERVER = /indicated no smtp service|host does not accept mail|couldn't find (a mail exchanger|any host)/i;
/** No such mailbox, no such domain, moved, disabled (RFC 3463). */
const GONE = new Set(["5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1"]);
/** What only a mail server writes: that it could not deliver, or the answer that another gave it. */
const FAILED = /could ?n[o']t be delivered to\b|^[^\w\n]{0,9}5\d\d[ -]/im;
const OURS = /spam|blocked|black ?list|block ?list|reputation|policy|sender|at a rate|too many|this hour/i;
const NOT_THEIRS =
  /sender|spam|blocked|block list|blacklist|blocklist|spf|dkim|dmarc|reputation|policy|banned|denied|relay|ptr|reverse (dns|lookup)|rate limit|too many|greylist|try again|temporar|virus|unauthenticated|authenti|content(?!-)/i;

/** What a status code (RFC 3463) and the words beside it mean; the words decide where the code says little. */
export function meaningFor(status: string, words: string): ReturnedClass {
  const [first = ""] = words.split("\n");
  const code = Number(/(?<![\d.])([45]\d\d)(?![\d.])/.exec(words)?.[1] ?? 0);
  const said = status || (/(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(words)?.[1] ?? "");
  if (said.endsWith(".2.2")) return "full";
  if (FULL.test(words) && !TOO_LARGE.test(first)) return "full";
  if (said.startsWith("4") || (said === "" && code > 0 && code < 500)) return "soft";
  if (NO_SERVER.test(words) || NOT_IN_TENANT.test(words)) return "hard";
  if (/^5\.7\./.test(said)) return "soft";
  if (said === "5.2.0") return "soft";
  if (GONE.has(said)) return OURS.test(first) ? "soft" : "hard";
  if (code > 0 && meaningOf({ kind: "refused", code, response: words }) === "hard" && !NOT_THEIRS.test(first))
    return "hard";
  return NEVER.test(words) && !NOT_THEIRS.test(first) ? "hard" : "soft";
}

/** The words of a server that writes no report; what it quotes of our own mail is left out. */
function readProse({ text }: ReturnedMail): ReturnedClass {
  const [prose = ""] = text
    .slice(0, MAX_TEXT)
    .split(
      /^[^\w\n]{0,20}(?:.{0,20}original (?:message|mail)|.{0,30}copy of (?:the|your) (?:original )?message|.{0,40}(?:message|headers?) follows?|-{3,} ?(?:the )?(?:body|header)|(?:received|return-path): )/im,
    );
  return meaningFor("", prose.replace(/\s+/g, " "));
}

function isAutomatic({ headers, text }: ReturnedMail): boolean {
  const submitted = headers["auto-submitted"]?.toLowerCase() ?? "";
  if (submitted.startsWith("auto-replied")) return true;
  if (
    /^(vacation|auto_reply|autoreply)/i.test(headers["precedence"] ?? "") ||
    headers["x-autoreply"] ||
    headers["x-autorespond"]
  )
    return true;
  return (
    /^(auto(matic)?[- ]?(reply|response)|out of (the )?office|vacation)/i.test(headers["subject"] ?? "") &&
    text.length > 0
  );
}

function isFailureNotice({ headers }: ReturnedMail): boolean {
  const from = headers["from"] ?? "";
  const subject = headers["subject"] ?? "";
  return (
    /mailer-?daemon|postmaster|mail delivery|delivery (sub)?system|mail administrator/i.test(from) ||
    headers["x-failed-recipients"] !== undefined ||
    /undeliver|delivery (status|failure|error|notification|has failed)|returned (mail|to sender)|mail (delivery )?(failed|failure|error)|failure notice|non-?delivery/i.test(
      subject,
    )
  );
}
