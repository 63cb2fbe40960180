// How does a digest or letter become the very bytes that are sent? The same input gives the same bytes.
import { createHash, createHmac, createSecretKey } from "node:crypto";
import type { Digest, Letter } from "../core/digest.ts";
import { letterWords } from "../core/letter-words.ts";
import { type Links, links } from "../core/links.ts";
import {
  domainOf,
  type MailAddress,
  readMailAddress,
  writeAddressHeader,
  writeHeader,
  writeTextHeader,
} from "../core/mime.ts";
import { encodeQuotedPrintable } from "../core/quoted-printable.ts";
import { signToken, type TokenKeys } from "../core/tokens.ts";
import { wrap } from "../core/wrap.ts";
import { openDigestParts, type Sender } from "./digest-parts.ts";
import { type DkimSettings, type Field, openSigner } from "./dkim.ts";
import { openLint } from "./lint.ts";
import { compileTemplate, encode, escapeHtml, type Piece } from "./template.ts";

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
  /** The very bytes, signed where a key is set. */
  raw: Buffer;
};
export type Composer = {
  /** Rejects with one sentence where the message is not fit to be sent. */
  digest: (digest: Digest) => Promise<ComposedMessage>;
  letter: (letter: Letter) => Promise<ComposedMessage>;
};

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Compiles the templates and checks the keys; throws one sentence when either is broken. */
export async function openComposer(settings: ComposerSettings): Promise<Composer> {
  const { baseUrl, keys, bounceDomain } = settings;
  const from = readMailAddress(settings.from);
  const replyTo = readMailAddress(settings.replyTo);
  const domain = domainOf(from.address);
  const sender: Sender = { name: from.name || domain, postalAddress: settings.postalAddress };
  const feedbackSender = sender.name.toLowerCase().replace(/[^a-z0-9]+/g, "-") || "paperboy";
  const to = links(baseUrl, keys);
  const [partsOf, letterTemplate] = await Promise.all([openDigestParts(to, sender), compileTemplate("letter")]);
  const sign = openSigner(settings.dkim);
  const lint = openLint({ baseUrl, keys, domain, signed: sign !== undefined });

  const envelopeFrom = (subscriberId: number) => `b+${signToken(keys, "bounce", String(subscriberId))}@${bounceDomain}`;
  const idSecret = createSecretKey(keys.at(-1) ?? keys[0], "utf8");
  // The last key: rotation puts new ones in front, and a retry must keep its Message-ID.
  const idOf = (...parts: (string | number)[]) =>
    createHmac("sha256", idSecret).update(parts.join("\n")).digest("base64url").slice(0, 20);

  type Message = { id: string; to: string; at: Date; subject: string; more: Field[]; text: Piece[]; html: Piece[] };

  /** Head and body in one buffer, the signatures in front; it is filled once and copied never again. */
  async function assemble({ id, to: recipient, at, subject, more, text, html }: Message): Promise<Buffer> {
    const boundary = `=_${id}`;
    const isMultipart = html.length > 0;
    const fields: Field[] = [
      ["from", writeAddressHeader("From", from)],
      ["reply-to", writeAddressHeader("Reply-To", replyTo)],
      ["to", writeAddressHeader("To", { name: "", address: recipient })],
      ["subject", writeTextHeader("Subject", subject)],
      ["date", writeHeader("Date", dateOf(at))],
      ["message-id", writeHeader("Message-ID", `<${id}@${domain}>`)],
      ...more,
      ["mime-version", "MIME-Version: 1.0"],
      isMultipart
        ? ["content-type", `Content-Type: multipart/alternative;\r\n boundary="${boundary}"`]
        : ["content-type", "Content-Type: text/plain; charset=utf-8"],
      ...(isMultipart ? [] : [["content-transfer-encoding", "Content-Transfer-Encoding: quoted-printable"] as const]),
    ];
    const head = `${fields.map(([, written]) => written).join("\r\n")}\r\n\r\n`;
    const part = (kind: string) =>
      `--${boundary}\r\nContent-Type: text/${kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n`;
    const body = isMultipart
      ? [part("plain"), ...text, `\r\n${part("html")}`, ...html, `\r\n--${boundary}--\r\n`]
      : text;
    const signing = sign?.(fields, at);
    const headSize = Buffer.byteLength(head);
    const start = signing?.size ?? 0;
    let size = start + headSize;
    for (const piece of body) size += piece.length;
    const raw = Buffer.allocUnsafe(size);
    let end = start + raw.write(head, start, "utf8");
    for (const piece of body) end += typeof piece === "string" ? raw.write(piece, end, "latin1") : piece.copy(raw, end);
    if (signing) {
      // What the encoder writes is its own relaxed form (RFC 6376 §3.4.4): the bytes are hashed as they stand.
      const bodyHash = createHash("sha256")
        .update(raw.subarray(start + headSize))
        .digest("base64");
      raw.write(await signing.sign(bodyHash), 0, "latin1");
    }
    return raw;
  }

  return {
    async digest(digest) {
      const { shown, subject, text, html, htmlSize } = partsOf(digest);
      const day = digest.editionDate.replaceAll("-", "");
      const id = `d.${day}.${idOf("digest", digest.subscriberId, digest.editionDate)}`;
      const more = [
        ...listFields(to, digest, domain, replyTo),
        field("Feedback-ID", `${day}:${digest.cadence}:digest:${feedbackSender}`),
      ];
      const raw = await assemble({ id, to: digest.email, at: digest.plannedAt, subject, more, text, html });
      lint(raw, { digest: shown, htmlSize });
      return {
        messageId: `<${id}@${domain}>`,
        envelope: { from: envelopeFrom(digest.subscriberId), to: digest.email },
        subject,
        raw,
      };
    },
    async letter(letter) {
      const words = letterWords(letter.kind, sender.name);
      const link = letterLink(to, letter);
      const who = [sender.name, sender.postalAddress].filter(Boolean).join(" · ");
      const values: Record<string, string> = { ...words, link, address: link, who };
      const html = encode(letterTemplate.before, (slot) => escapeHtml(values[slot] ?? "")).pieces;
      const lines = [
        words.subject,
        "",
        wrap(words.intro),
        "",
        `${words.button}:`,
        link,
        "",
        wrap(words.foot),
        "",
        "-- ",
        wrap(who),
        "",
      ];
      const text = [encodeQuotedPrintable(lines.join("\n").replaceAll("\n", "\r\n"), { joins: true })];
      const id = `l.${idOf("letter", letter.id)}`;
      const more = [field("Auto-Submitted", "auto-generated")];
      const { subject } = words;
      const raw = await assemble({ id, to: letter.to, at: letter.createdAt, subject, more, text, html });
      const envelope = { from: envelopeFrom(letter.subscriberId), to: letter.to };
      return { messageId: `<${id}@${domain}>`, envelope, subject, raw };
    },
  };
}

const field = (name: string, value: string): Field => [name.toLowerCase(), writeHeader(name, value)];

/** RFC 5322 §3.3, in UTC. */
function dateOf(at: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${weekdays[at.getUTCDay()]}, ${two(at.getUTCDate())} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
  return `${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
}

/** RFC 2369, RFC 2919, RFC 8058 and RFC 3834; each header once. */
function listFields(to: Links, { subscriberId }: Digest, domain: string, owner: MailAddress): Field[] {
  return [
    field("List-Id", `Paperboy daily <daily.${domain}>`),
    field("List-Unsubscribe", `<${to.unsubscribe(subscriberId)}>`),
    field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    field("List-Help", `<${to.help}>`),
    field("List-Owner", `<mailto:${owner.address}>`),
    field("List-Archive", `<${to.home}>`),
    field("List-Subscribe", `<${to.home}>`),
    field("List-Post", "NO"),
    field("Auto-Submitted", "auto-generated"),
  ];
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
