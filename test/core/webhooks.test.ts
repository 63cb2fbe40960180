// What providers post is read as their events mean it, and in doubt for the reader.
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { isSignedByMailgun, readWebhook, type WebhookProvider } from "../../src/core/feedback/webhooks.ts";
import { findRecorded } from "../support/recorded.ts";

const ada = "ada@example.net";

/** What a post says, an event a line. */
function said(provider: WebhookProvider, post: unknown): string[] {
  const answer = readWebhook(provider, typeof post === "string" ? post : JSON.stringify(post));
  return answer.kind === "confirm" ? [answer.url] : answer.events.map(({ email, verdict }) => `${verdict} ${email}`);
}

const amazonBounce = (bounceType: string, bounceSubType: string, status?: string, diagnosticCode?: string) => ({
  notificationType: "Bounce",
  bounce: { bounceType, bounceSubType, bouncedRecipients: [{ emailAddress: ada, status, diagnosticCode }] },
});
const amazonComplaint = (complaintFeedbackType?: string) => ({
  eventType: "Complaint",
  complaint: { complaintFeedbackType, complainedRecipients: [{ emailAddress: ada }] },
});
const amazonCover = (Message: string) => ({ Type: "Notification", Message });
const mailgun = (event: string, more: object = {}) => ({ "event-data": { id: "1", event, recipient: ada, ...more } });
const mailgunFailed = (reason: string, code: number, message: string, severity = "permanent") =>
  mailgun("failed", { severity, reason, "delivery-status": { code, message, description: "", "enhanced-code": "" } });
const postmark = (Type: string, Details = "") => ({ RecordType: "Bounce", ID: 1, Type, Email: ada, Details });
const sendGrid = (event: string, more: object = {}) => [{ email: ada, event, sg_event_id: "1", ...more }];

it.each<[WebhookProvider, string, unknown, string]>([
  ["ses", "a dead address", amazonBounce("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 User unknown"), "hard"],
  ["ses", "a dead address without a word of its server", amazonBounce("Permanent", "General"), "hard"],
  ["ses", "an address on Amazon's own list", amazonBounce("Permanent", "OnAccountSuppressionList"), "hard"],
  ["ses", "a full mailbox", amazonBounce("Transient", "MailboxFull", "5.2.2", "smtp; 552 full"), "full"],
  ["ses", "a mailbox that was full for good", amazonBounce("Permanent", "General", "5.2.2", "552 over quota"), "full"],
  ["ses", "our mail refused as spam", amazonBounce("Permanent", "General", "5.7.1", "smtp; 550 5.7.1 spam"), ""],
  ["ses", "a passing trouble", amazonBounce("Transient", "General", "4.4.1", "smtp; 421 later"), ""],
  ["ses", "nobody knows what", amazonBounce("Undetermined", "Undetermined"), ""],
  ["ses", "a complaint", amazonComplaint("abuse"), "complaint"],
  ["ses", "a complaint of no stated kind", amazonComplaint(), "complaint"],
  ["ses", "a reader who says it is no spam", amazonComplaint("not-spam"), ""],
  ["ses", "a complaint under the cover of SNS", amazonCover(JSON.stringify(amazonComplaint("abuse"))), "complaint"],
  ["ses", "words of Amazon's own", amazonCover("Successfully validated SNS topic for event publishing."), ""],
  ["mailgun", "a dead address", mailgunFailed("bounce", 550, "No Such User Here"), "hard"],
  ["mailgun", "our mail refused", mailgunFailed("bounce", 550, "5.7.1 blocked by policy"), ""],
  ["mailgun", "a full mailbox", mailgunFailed("bounce", 552, "5.2.2 mailbox full"), "full"],
  ["mailgun", "an address on Mailgun's own list", mailgunFailed("suppress-bounce", 605, ""), "hard"],
  ["mailgun", "a complaint on Mailgun's own list", mailgunFailed("suppress-complaint", 607, ""), "complaint"],
  ["mailgun", "an opt-out on Mailgun's own list", mailgunFailed("suppress-unsubscribe", 606, ""), "unsubscribe"],
  ["mailgun", "too long a wait", mailgunFailed("old", 602, "Too old"), ""],
  ["mailgun", "a passing trouble", mailgunFailed("generic", 550, "No Such User Here", "temporary"), ""],
  ["mailgun", "a complaint", mailgun("complained"), "complaint"],
  ["mailgun", "an opt-out", mailgun("unsubscribed"), "unsubscribe"],
  ["mailgun", "a complaint that is only a trial", mailgun("complained", { flags: { "is-test-mode": true } }), ""],
  ["postmark", "a dead address", postmark("HardBounce", "smtp;550 5.1.1 The account does not exist."), "hard"],
  ["postmark", "a dead address in Postmark's words", postmark("HardBounce", "Test bounce details"), "hard"],
  ["postmark", "our mail refused", postmark("HardBounce", "smtp;550 5.7.1 blocked for spam"), ""],
  ["postmark", "a full mailbox", postmark("SoftBounce", "smtp;552 5.2.2 mailbox full"), "full"],
  ["postmark", "our mail taken for spam by a machine", postmark("SpamNotification"), ""],
  ["postmark", "a vacation", postmark("AutoResponder"), ""],
  ["postmark", "an opt-out", postmark("Unsubscribe"), "unsubscribe"],
  [
    "sendgrid",
    "a dead address",
    sendGrid("bounce", { type: "bounce", status: "5.1.1", reason: "550 unknown" }),
    "hard",
  ],
  ["sendgrid", "our mail refused", sendGrid("bounce", { type: "blocked", reason: "550 no such user" }), ""],
  ["sendgrid", "a full mailbox, called blocked", sendGrid("bounce", { type: "blocked", status: "5.2.2" }), "full"],
  ["sendgrid", "its list of bounces", [{ email: ada, status: "550", reason: "550 Unknown user" }], "hard"],
  ["sendgrid", "its list of bounces, in its own words", [{ email: ada, reason: "Mail domain is unknown" }], "hard"],
  ["sendgrid", "a complaint", sendGrid("spamreport"), "complaint"],
  ["sendgrid", "an opt-out from a group", sendGrid("group_unsubscribe"), "unsubscribe"],
  ["sendgrid", "an address on SendGrid's own list", sendGrid("dropped", { reason: "Bounced Address" }), "hard"],
  ["sendgrid", "a drop for another reason", sendGrid("dropped", { reason: "Spam Content" }), ""],
  ["sendgrid", "a passing trouble", sendGrid("deferred", { response: "400 try again later" }), ""],
  ["sendgrid", "events beside one that cannot be read", [7, ...sendGrid("spamreport")], "complaint"],
])("%s: %s", (provider, _what, post, verdict) => {
  expect(said(provider, post)).toEqual(verdict === "" ? [] : [`${verdict} ${ada}`]);
});

it.each<[WebhookProvider, string]>([
  ["ses", "{"],
  ["ses", '"bounce"'],
  ["mailgun", "{}"],
  ["postmark", "[]"],
  ["sendgrid", "{}"],
])("%s refuses %s", (provider, post) => {
  expect(() => readWebhook(provider, post)).toThrow();
});

it("the same event has the same fingerprint, another reader's or another event has another", () => {
  const printsOf = (...posts: unknown[]) =>
    posts.flatMap((post) => {
      const answer = readWebhook("sendgrid", JSON.stringify(post));
      return answer.kind === "events" ? answer.events.map(({ fingerprint }) => fingerprint) : [];
    });
  const once = sendGrid("spamreport");
  expect(new Set(printsOf(once, once)).size).toBe(1);
  const others = [sendGrid("spamreport", { sg_event_id: "2" }), sendGrid("spamreport", { email: "bob@example.net" })];
  expect(new Set(printsOf(once, ...others)).size).toBe(3);
});

describe("Amazon's question whether it may post", () => {
  const ask = (SubscribeURL: unknown) => said("ses", { Type: "SubscriptionConfirmation", Token: "t", SubscribeURL });
  const query = "/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:123456789012:bounces&Token=2336412f37";
  it("is a visit to Amazon", () => {
    const url = `https://sns.eu-west-1.amazonaws.com${query}`;
    expect(ask(url)).toEqual([url]);
  });
  it.each([
    `http://sns.eu-west-1.amazonaws.com${query}`,
    `https://sns.eu-west-1.amazonaws.com.example.org${query}`,
    `https://example.org/sns.eu-west-1.amazonaws.com${query}`,
    `https://sns.eu-west-1.amazonaws.com@example.org${query}`,
    `https://sns.eu-west-1.amazonaws.com:8443${query}`,
    `https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe&Token=2`,
    undefined,
  ])("is refused for %s", (url) => {
    expect(() => ask(url)).toThrow();
  });
});

it("knows what Mailgun signed", () => {
  const signed = (key: string) => {
    const signature = createHmac("sha256", key).update("1661590666token").digest("hex");
    return JSON.stringify({ signature: { timestamp: "1661590666", token: "token", signature } });
  };
  expect(isSignedByMailgun("key-1", signed("key-1"))).toBe(true);
  expect(isSignedByMailgun("key-1", signed("key-2"))).toBe(false);
  expect(() => isSignedByMailgun("key-1", "{}")).toThrow();
});

describe("recorded posts", () => {
  const recorded = findRecorded("webhooks");
  const read = (name: string): unknown => JSON.parse(readFileSync(path.join(recorded ?? "", name), "utf8"));
  const meant: Record<string, string> = { bounced: "hard", complained: "complaint", unsubscribed: "unsubscribe" };

  it.runIf(recorded).each([
    ["ses", "amazon_ses", 10],
    ["postmark", "postmark", 9],
    ["sendgrid", "sendgrid", 10],
  ] as const)("of %s mean what an established reader takes them for", (provider, file, count) => {
    type Trial = { test: string; payloads: Record<string, never>; expected_event: Record<string, string> };
    const trials = read(`expected/${file}.json`) as Trial[];
    expect(trials.length).toBe(count);
    for (const { test, payloads, expected_event: event } of trials) {
      const { raw_sns_message: cover, raw_ses_event: inside } = payloads;
      const post = cover
        ? { ...(cover as object), ...(inside ? { Message: JSON.stringify(inside) } : {}) }
        : (payloads["raw_event"] ?? payloads["raw_events"]);
      const wanted = meant[event["event_type"] ?? ""] ?? meant[event["reject_reason"] ?? ""];
      const dropped = event["reject_reason"] === "invalid" ? "hard" : wanted;
      const email = event["recipient"];
      if (dropped === undefined || email === undefined) expect([test, said(provider, post)]).toEqual([test, []]);
      else expect([test, said(provider, post)]).toEqual([test, expect.arrayContaining([`${dropped} ${email}`])]);
    }
  });

  it.runIf(recorded)("of Mailgun are signed with its key, and those that matter change a reader", () => {
    const key = "key-0p6mqbf74lb20gzq9f4dhpn9rg3zyk26";
    const verdicts = readdirSync(path.join(recorded ?? "", "mailgun")).map((name) => {
      const post = JSON.stringify(read(`mailgun/${name}`));
      expect([name, isSignedByMailgun(key, post)]).toEqual([name, true]);
      return [name.replace(".json", ""), said("mailgun", post)[0]?.split(" ")[0]];
    });
    expect(Object.fromEntries(verdicts.filter(([, verdict]) => verdict))).toEqual({
      permanent_failure: "hard",
      permanent_failure_no_description: "hard",
      spam_complaints: "complaint",
      suppression_failure: "hard",
      unsubscribes: "unsubscribe",
    });
  });

  it.runIf(recorded)("of SendGrid as they come, events and lists of bounces, are read or passed over", () => {
    const verdicts = readdirSync(path.join(recorded ?? "", "sendgrid"))
      .filter((name) => name.startsWith("json-"))
      .map((name) => said("sendgrid", read(`sendgrid/${name}`)).map((line) => line.split(" ")[0]));
    expect(verdicts.map((some) => some.join(" "))).toEqual([
      "hard",
      "hard full",
      ...Array.from({ length: 8 }, () => "hard"),
      "hard hard hard",
      "full",
      "",
      "",
      "complaint",
      "complaint",
      "complaint",
    ]);
  });

  it.runIf(recorded)("of Amazon as they come, with and without a cover, are read or passed over", () => {
    const verdicts = readdirSync(path.join(recorded ?? "", "ses"))
      .filter((name) => name.startsWith("json-"))
      .map((name) => said("ses", read(`ses/${name}`))[0]?.split(" ")[0]);
    expect(verdicts).toEqual(["hard", "hard", "complaint", undefined, undefined, "hard"]);
  });
});
