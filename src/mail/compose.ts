// How does a digest or letter become the very bytes that are sent? The same input gives the same bytes.
import { createHmac } from "node:crypto";
import MailComposer from "nodemailer/lib/mail-composer";
import type { Digest, Letter } from "../core/digest.ts";
import { letterWords, subjectOf } from "../core/digest-words.ts";
import { type Links, links } from "../core/links.ts";
import { signToken, type TokenKeys } from "../core/tokens.ts";
import { digestHtml, MAX_HTML_BYTES } from "./digest-html.ts";
import { digestText, letterText } from "./digest-text.ts";
import { type DkimSettings, openSigner } from "./dkim.ts";
import { compileTemplate, escapeHtml, fill } from "./template.ts";

export type ComposerSettings = {
  /** No trailing slash. */
  baseUrl: string;
  keys: TokenKeys;
  from: string;
  replyTo: string;
  postalAddress: string | undefined;
  bounceDomain: string;
  dkim: DkimSettings;
};
export type ComposedMessage = {
  messageId: string;
  envelope: { from: string; to: string };
  subject: string;
  html: string;
  text: string;
  /** The very bytes, signed where a key is set. */
  raw: Buffer;
};
export type Composer = {
  digest: (digest: Digest) => Promise<ComposedMessage>;
  letter: (letter: Letter) => Promise<ComposedMessage>;
};

/** Compiles the templates and checks the keys; throws one sentence when either is broken. */
export async function openComposer(settings: ComposerSettings): Promise<Composer> {
  const { baseUrl, keys, from, replyTo, bounceDomain } = settings;
  const [digestTemplate, letterTemplate] = await Promise.all([compileTemplate("digest"), compileTemplate("letter")]);
  const sign = openSigner(settings.dkim);
  const to = links(baseUrl, keys);
  const domain = /@([^\s<>@]+?)>?$/.exec(from)?.[1] ?? "localhost";
  const sender = /^\s*"?([^"<]+?)"?\s*</.exec(from)?.[1] ?? domain;
  const foot = { sender, postalAddress: settings.postalAddress };

  async function build(message: {
    id: string;
    subscriberId: number;
    to: string;
    at: Date;
    subject: string;
    html?: string;
    text: string;
    headers: Record<string, string>;
  }): Promise<Buffer> {
    const mail = {
      from,
      replyTo,
      to: message.to,
      subject: message.subject,
      date: message.at,
      messageId: message.id,
      text: message.text,
      ...(message.html ? { html: message.html } : {}),
      textEncoding: "quoted-printable" as const,
      headers: Object.entries(message.headers).map(([key, value]) => ({ key, value: { prepared: true, value } })),
      baseBoundary: createHmac("sha256", "boundary").update(message.id).digest("hex").slice(0, 32),
      newline: "\r\n",
      xMailer: false as const,
    };
    const raw = await new MailComposer(mail as never).compile().build();
    return sign ? sign(raw, message.at) : raw;
  }

  const envelopeFrom = (subscriberId: number) => `b+${signToken(keys, "bounce", String(subscriberId))}@${bounceDomain}`;
  const idOf = (...parts: (string | number)[]) =>
    createHmac("sha256", keys.at(-1) ?? keys[0])
      .update(parts.join("\n"))
      .digest("base64url")
      .slice(0, 20);

  return {
    async digest(digest) {
      const kept = fitting(digest, (some) => digestHtml(digestTemplate, some, to, foot));
      const subject = subjectOf(kept.digest);
      const day = digest.editionDate.replaceAll("-", "");
      const messageId = `<d.${day}.${idOf("digest", digest.subscriberId, digest.editionDate)}@${domain}>`;
      const text = digestText(kept.digest, to, foot);
      const raw = await build({
        id: messageId,
        subscriberId: digest.subscriberId,
        to: digest.email,
        at: digest.plannedAt,
        subject,
        text,
        ...(digest.format === "html" ? { html: kept.html } : {}),
        headers: {
          ...listHeaders(to, digest, domain, replyTo),
          "Feedback-ID": `${day}:${digest.cadence}:digest:${sender.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`,
        },
      });
      return {
        messageId,
        envelope: { from: envelopeFrom(digest.subscriberId), to: digest.email },
        subject,
        html: kept.html,
        text,
        raw,
      };
    },
    async letter(letter) {
      const words = letterWords[letter.kind];
      const link = letterLink(to, letter);
      const messageId = `<l.${idOf("letter", letter.id)}@${domain}>`;
      const footLine = `${words.foot} ${[foot.sender, foot.postalAddress].filter(Boolean).join(", ")}`;
      const values: Record<string, string> = { ...words, link, foot: footLine };
      const html = fill(letterTemplate.before, (slot) => escapeHtml(values[slot] ?? ""));
      const text = letterText(words, link, footLine);
      const raw = await build({
        id: messageId,
        subscriberId: letter.subscriberId,
        to: letter.to,
        at: letter.createdAt,
        subject: words.subject,
        text,
        html,
        headers: { "Auto-Submitted": "auto-generated" },
      });
      const envelope = { from: envelopeFrom(letter.subscriberId), to: letter.to };
      return { messageId, envelope, subject: words.subject, html, text, raw };
    },
  };
}

/** RFC 2369, RFC 2919, RFC 8058 and RFC 3834; each header once. */
function listHeaders(to: Links, digest: Digest, domain: string, replyTo: string): Record<string, string> {
  const owner = /<?([^\s<>]+@[^\s<>]+?)>?$/.exec(replyTo)?.[1] ?? replyTo;
  return {
    "List-Id": `Paperboy daily <daily.${domain}>`,
    "List-Unsubscribe": `<${to.unsubscribe(digest.subscriberId)}>`,
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "List-Help": `<${to.help}>`,
    "List-Owner": `<mailto:${owner}>`,
    "List-Archive": `<${to.home}>`,
    "List-Subscribe": `<${to.home}>`,
    "List-Post": "NO",
    "Auto-Submitted": "auto-generated",
  };
}

/** Gmail clips what is larger and hides the foot: leaves cards out from the end until the bytes fit. */
function fitting(digest: Digest, render: (digest: Digest) => string): { digest: Digest; html: string } {
  for (let kept = digest; ; kept = { ...kept, cards: kept.cards.slice(0, -1), more: kept.more + 1 }) {
    const html = render(kept);
    if (Buffer.byteLength(html) <= MAX_HTML_BYTES || kept.cards.length <= 1) return { digest: kept, html };
  }
}

function letterLink(to: Links, { kind, subscriberId, id, createdAt }: Letter): string {
  switch (kind) {
    case "confirm":
      return to.confirm(subscriberId, createdAt);
    case "change-address":
      return to.changeAddress(id, createdAt);
    case "erase":
      return to.erase(subscriberId, createdAt);
    case "export":
      return to.export(subscriberId, createdAt);
    default:
      return to.preferences(subscriberId);
  }
}
