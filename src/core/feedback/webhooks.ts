// What does a mail provider's webhook say of a reader? Events of Amazon SES, Mailgun, Postmark and SendGrid, read in doubt for the reader.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { isVerdict, meaningFor, type ReturnedClass, type Verdict } from "./bounce.ts";

export const webhookProviders = ["ses", "mailgun", "postmark", "sendgrid"] as const;
export type WebhookProvider = (typeof webhookProviders)[number];

/** A verdict on an address; `fingerprint` is the same each time the same event is told. */
export type ProviderEvent = { email: string; verdict: Verdict; fingerprint: string };
/** `confirm`: Amazon SNS asks whether this address wants its posts, and waits for a visit to `url`. */
export type WebhookAnswer = { kind: "events"; events: ProviderEvent[] } | { kind: "confirm"; url: string };

const MAX_EVENTS = 10_000;
const text = z.string().max(10_000);
const words = text.optional().catch(undefined);

/** Reads one post; what says nothing of a reader is passed over. Throws a ZodError or SyntaxError for what is no such post. */
export function readWebhook(provider: WebhookProvider, body: string): WebhookAnswer {
  const given: unknown = JSON.parse(body);
  const url = provider === "ses" ? readConfirmation(given) : undefined;
  if (url !== undefined) return { kind: "confirm", url };
  return { kind: "events", events: readers[provider](given).flatMap((event) => event ?? []) };
}

/** Whether Mailgun signed this post with the operator's key: HMAC-SHA-256 of time and token, in hexadecimal. */
export function isSignedByMailgun(key: string, body: string): boolean {
  const { signature } = mailgunSigned.parse(JSON.parse(body));
  const expected = createHmac("sha256", key).update(`${signature.timestamp}${signature.token}`).digest();
  return timingSafeEqual(expected, Buffer.from(signature.signature, "hex"));
}

const mailgunSigned = z.object({
  signature: z.object({ timestamp: text, token: text, signature: z.string().regex(/^[0-9a-f]{64}$/) }),
});

type Found = ProviderEvent | undefined;

function found(email: string, said: ReturnedClass, ...event: unknown[]): Found {
  if (!isVerdict(said)) return undefined;
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([email, ...event]))
    .digest("base64url");
  return { email, verdict: said, fingerprint };
}

/** What the receiving server said decides; where it said nothing, the provider's word that the address is dead does. */
function bounced(status: string, said: string): ReturnedClass {
  const enhanced = /^[45]\.\d{1,3}\.\d{1,3}$/.exec(status)?.[0] ?? "";
  const words = said.replace(/^(?:smtp|x-[\w-]+);\s*/i, "");
  return enhanced !== "" || /(?<!\d)[45]\d\d(?!\d)/.test(words) ? meaningFor(enhanced, words) : "hard";
}

// Amazon SES, told by Amazon SNS (docs.aws.amazon.com/ses, "Contents of event data"); the posts may come without SNS's cover.
const amazonCover = z.object({ Type: text, Message: z.string().optional(), SubscribeURL: words });
/** Only Amazon's own hosts are visited. */
const confirmUrl = z
  .string()
  .regex(
    /^https:\/\/sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?\/\?Action=ConfirmSubscription&[\w.~%:&=+-]{1,2000}$/,
  );
const recipients = z.array(z.object({ emailAddress: text, status: words, diagnosticCode: words })).max(1_000);
const amazonEvent = z.object({
  notificationType: words,
  eventType: words,
  bounce: z
    .object({ bounceType: text, bounceSubType: words, feedbackId: words, bouncedRecipients: recipients })
    .optional(),
  complaint: z.object({ complaintFeedbackType: words, feedbackId: words, complainedRecipients: recipients }).optional(),
});

function readConfirmation(given: unknown): string | undefined {
  const cover = amazonCover.safeParse(given).data;
  return cover?.Type === "SubscriptionConfirmation" ? confirmUrl.parse(cover.SubscribeURL) : undefined;
}

function readAmazon(given: unknown): Found[] {
  const cover = amazonCover.safeParse(given).data;
  // Amazon also says in plain words that it has begun.
  if (cover && !(cover.Type === "Notification" && cover.Message?.startsWith("{"))) return [];
  const { bounce, complaint } = amazonEvent.parse(cover ? JSON.parse(cover.Message ?? "") : given);
  return [
    ...(bounce?.bouncedRecipients ?? []).map((recipient) =>
      found(recipient.emailAddress, meaningOfAmazon(bounce, recipient), bounce?.feedbackId, "bounce"),
    ),
    ...(complaint?.complainedRecipients ?? []).map(({ emailAddress }) =>
      found(emailAddress, complainedAtAmazon(complaint?.complaintFeedbackType), complaint?.feedbackId, "complaint"),
    ),
  ];
}

type AmazonBounce = NonNullable<z.output<typeof amazonEvent>["bounce"]>;

function meaningOfAmazon(
  bounce: AmazonBounce | undefined,
  { status = "", diagnosticCode = "" }: AmazonBounce["bouncedRecipients"][number],
): ReturnedClass {
  const kind = bounce?.bounceSubType ?? "";
  if (kind === "MailboxFull") return "full";
  if (bounce?.bounceType !== "Permanent") return "soft";
  return /^(?:NoEmail|Suppressed|OnAccountSuppressionList)$/.test(kind) ? "hard" : bounced(status, diagnosticCode);
}

/** RFC 5965 §7.3: what is no complaint of the reader changes nothing. */
function complainedAtAmazon(type = "abuse"): ReturnedClass {
  return ["abuse", "fraud", "other"].includes(type) ? "complaint" : "other";
}

// Mailgun (documentation.mailgun.com, "Events").
const mailgunPost = z.object({
  "event-data": z.object({
    id: words,
    event: text,
    recipient: words,
    severity: words,
    reason: words,
    "delivery-status": z
      .object({
        code: z.number().optional().catch(undefined),
        message: words,
        description: words,
        "enhanced-code": words,
      })
      .optional()
      .catch(undefined),
    flags: z.object({ "is-test-mode": z.boolean().optional() }).optional().catch(undefined),
  }),
});

function readMailgun(given: unknown): Found[] {
  const { "event-data": event } = mailgunPost.parse(given);
  if (event.flags?.["is-test-mode"] || event.recipient === undefined) return [];
  return [found(event.recipient, meaningOfMailgun(event), event.id, event.event)];
}

function meaningOfMailgun(event: z.output<typeof mailgunPost>["event-data"]): ReturnedClass {
  if (event.event === "complained") return "complaint";
  if (event.event === "unsubscribed") return "unsubscribe";
  if (event.event !== "failed" || event.severity !== "permanent") return "other";
  // Mailgun keeps lists of its own: the mail was not tried, because of what happened before.
  if (event.reason === "suppress-bounce") return "hard";
  if (event.reason === "suppress-complaint") return "complaint";
  if (event.reason === "suppress-unsubscribe") return "unsubscribe";
  if (event.reason !== "bounce") return "soft";
  const { code, message = "", description = "", "enhanced-code": status = "" } = event["delivery-status"] ?? {};
  return bounced(status, [code, message, description].join(" "));
}

// Postmark (postmarkapp.com/developer/webhooks).
const postmarkPost = z.object({
  RecordType: text,
  ID: z.union([z.number(), text]).optional().catch(undefined),
  MessageID: words,
  Type: words,
  Email: words,
  Recipient: words,
  Details: words,
  ChangedAt: words,
  SuppressSending: z.boolean().optional().catch(undefined),
  SuppressionReason: words,
});

function readPostmark(given: unknown): Found[] {
  const post = postmarkPost.parse(given);
  const email = post.Email ?? post.Recipient;
  if (email === undefined) return [];
  return [found(email, meaningOfPostmark(post), post.RecordType, post.ID, post.MessageID, post.ChangedAt)];
}

function meaningOfPostmark({
  RecordType,
  Type,
  Details = "",
  SuppressSending,
  SuppressionReason,
}: z.output<typeof postmarkPost>): ReturnedClass {
  if (RecordType === "SpamComplaint") return "complaint";
  if (RecordType === "SubscriptionChange") {
    if (SuppressSending !== true) return "other";
    if (SuppressionReason === "HardBounce") return "hard";
    return SuppressionReason === "SpamComplaint" ? "complaint" : "unsubscribe";
  }
  if (RecordType !== "Bounce") return "other";
  if (Type === "SpamComplaint") return "complaint";
  if (Type === "Unsubscribe") return "unsubscribe";
  if (Type === "BadEmailAddress") return "hard";
  if (Type === "SoftBounce") return meaningFor("", Details) === "full" ? "full" : "soft";
  return Type === "HardBounce" ? bounced("", Details) : "soft";
}

// SendGrid (docs.sendgrid.com, "Event Webhook Reference"): many events a post.
const sendGridEvent = z.object({
  email: text,
  /** Absent in the list of bounces that its API gives, which may be posted as it is. */
  event: text.optional(),
  sg_event_id: words,
  type: words,
  reason: words,
  status: words,
  created: words,
});

function readSendGrid(given: unknown): Found[] {
  return z
    .array(z.unknown())
    .max(MAX_EVENTS)
    .parse(given)
    .map((one) => {
      const event = sendGridEvent.safeParse(one);
      return event.success
        ? found(event.data.email, meaningOfSendGrid(event.data), event.data.sg_event_id, event.data.created)
        : undefined;
    });
}

function meaningOfSendGrid({ event, type, reason = "", status = "" }: z.output<typeof sendGridEvent>): ReturnedClass {
  if (event === "spamreport") return "complaint";
  if (event === "unsubscribe" || event === "group_unsubscribe") return "unsubscribe";
  if (event === "bounce" || event === undefined) {
    const said = bounced(status, reason);
    // SendGrid itself goes on sending to who is blocked.
    return type === "blocked" && said === "hard" ? "soft" : said;
  }
  if (event !== "dropped") return "other";
  // SendGrid keeps lists of its own, too.
  if (/^bounced address/i.test(reason) || /^invalid$/i.test(reason)) return "hard";
  if (/^spam reporting address/i.test(reason)) return "complaint";
  return /^unsubscribed address/i.test(reason) ? "unsubscribe" : "soft";
}

const readers = { ses: readAmazon, mailgun: readMailgun, postmark: readPostmark, sendgrid: readSendGrid };
