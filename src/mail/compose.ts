// How does a digest or letter become the very bytes that are sent? The same input gives the same bytes.
import { createHmac, createSecretKey, hash } from "node:crypto";
import { letterWords } from "../core/deliver/letter-words.ts";
import {
  domainOf,
  type MailAddress,
  readMailAddress,
  writeAddressHeader,
  writeHeader,
  writeTextHeader,
} from "../core/deliver/mime.ts";
import { wrap } from "../core/deliver/wrap.ts";
import type { Digest, Letter } from "../core/digest.ts";
import { escapeHtml } from "../core/escape-html.ts";
import { type Links, links } from "../core/links.ts";
import { signToken, type TokenKeys } from "../core/tokens.ts";
import { openDigestParts, type Sender } from "./digest-parts.ts";
import { type DkimSettings, type Field, openSigner } from "./dkim.ts";
import { openLint } from "./lint.ts";
import { compileTemplate, encode, withBreaks } from "./template.ts";

export type ComposerSettings = {
  /** No trailing slash. */
  baseUrl: string;
  keys: TokenKeys;
  from: string;
  replyTo: string;
  postalAddress: string | undefined;
  bounceDomain: string;
  /** A domain whose mailbox is read: readers may leave by a mail to it. */
  leaveDomain: string | undefined;
  dkim: DkimSettings;
};
export type ComposedMessage = {
  messageId: string;
  envelope: { from: string; to: string };
  subject: string;
  /** The very bytes, signed where a key is set. */
  raw: Buffer;
  /** Gives the bytes' memory back for another message; only for who is sure that nobody reads them any more. */
  release: () => void;
};
export type Composer = {
  /** Rejects with one sentence where the message is not fit to be sent. */
  digest: (digest: Digest) => Promise<ComposedMessage>;
  letter: (letter: Letter) => Promise<ComposedMessage>;
};

/** Memory for messages comes in steps of this many bytes, and so many pieces wait for the next message. */
const STEP = 16_384;
const MOST_SPARE = 64;

/** Compiles the templates and checks the keys; throws one sentence when either is broken. */
export async function openComposer(settings: ComposerSettings): Promise<Composer> {
  const { baseUrl, keys, bounceDomain, leaveDomain } = settings;
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

  /** Garbage of 40 KB a message is collected late and would fill the memory meanwhile. */
  const spare: Buffer[] = [];
  const room = (size: number): Buffer => {
    const found = spare.pop();
    return found && found.length >= size ? found : Buffer.allocUnsafeSlow(Math.ceil(size / STEP) * STEP);
  };
  const release = (memory: Buffer) => {
    if (spare.length < MOST_SPARE) spare.push(memory);
  };

  type Message = { id: string; to: string; at: Date; subject: string; more: Field[]; text: string[]; html: string[] };
  /** `head` and `body` are what `raw` says, a character a byte. */
  type Assembled = { raw: Buffer; head: string; body: string; release: () => void };
  const fromField: Field = ["from", writeAddressHeader("From", from)];
  const replyToField: Field = ["reply-to", writeAddressHeader("Reply-To", replyTo)];

  /** Head and body in one buffer, the signatures in front; it is filled once and copied never again. */
  async function assemble({ id, to: recipient, at, subject, more, text, html }: Message): Promise<Assembled> {
    const boundary = `=_${id}`;
    const isMultipart = html.length > 0;
    const fields: Field[] = [
      fromField,
      replyToField,
      ["to", writeAddressHeader("To", { name: "", address: recipient })],
      ["subject", writeTextHeader("Subject", subject)],
      ["date", `Date: ${dateOf(at)}`],
      ["message-id", `Message-ID: <${id}@${domain}>`],
      ...more,
      ["mime-version", "MIME-Version: 1.0"],
      isMultipart
        ? ["content-type", `Content-Type: multipart/alternative;\r\n boundary="${boundary}"`]
        : ["content-type", "Content-Type: text/plain; charset=utf-8"],
      ...(isMultipart ? [] : [["content-transfer-encoding", "Content-Transfer-Encoding: quoted-printable"] as const]),
    ];
    let head = "";
    for (const [, written] of fields) head += `${written}\r\n`;
    head += "\r\n";
    // An address may hold more than ASCII (RFC 6531).
    if (!/^\p{ASCII}*$/u.test(head)) head = Buffer.from(head, "utf8").toString("latin1");
    const part = (kind: string) =>
      `--${boundary}\r\nContent-Type: text/${kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n`;
    const body = isMultipart
      ? [part("plain"), ...text, `\r\n${part("html")}`, ...html, `\r\n--${boundary}--\r\n`].join("")
      : // Empty lines at the end do not count for DKIM (RFC 6376 §3.4.4): there shall be none.
        text.join("").replace(/(?:=?\r\n)+$/, "\r\n");
    const signing = sign?.(fields, at);
    const start = signing?.size ?? 0;
    const memory = room(start + head.length + body.length);
    const raw = memory.subarray(0, start + head.length + body.length);
    raw.write(body, raw.write(head, start, "latin1") + start, "latin1");
    // What the encoder writes is its own relaxed form (RFC 6376 §3.4.4): the bytes are hashed as they stand.
    const signatures = (await signing?.sign(hash("sha256", raw.subarray(start + head.length), "base64"))) ?? "";
    if (signatures.length !== start) throw new Error("its signature is not as long as it was to be");
    raw.write(signatures, 0, "latin1");
    return { raw, head: signatures + head, body, release: once(() => release(memory)) };
  }

  const listed = listFields(to, domain, replyTo);
  /** RFC 2369 §3.2: the ways out in the order they are to be tried, on a line each. */
  const wayOut = (link: string): Field => {
    const first = writeHeader("List-Unsubscribe", `<${link}>`);
    const token = link.slice(link.lastIndexOf("/") + 1);
    const byMail = leaveDomain ? `,\r\n <mailto:u+${token}@${leaveDomain}?subject=unsubscribe>` : "";
    return ["list-unsubscribe", first + byMail];
  };
  return {
    async digest(digest) {
      const { shown, subject, links, text, html, htmlSize } = partsOf(digest);
      const day = digest.editionDate.replaceAll("-", "");
      const id = `d.${day}.${idOf("digest", digest.subscriberId, digest.editionDate)}`;
      const more = [
        wayOut(links.unsubscribe),
        ...listed,
        field("Feedback-ID", `${day}:${digest.cadence}:digest:${feedbackSender}`),
      ];
      const { raw, head, body, release } = await assemble({
        id,
        to: digest.email,
        at: digest.plannedAt,
        subject,
        more,
        text,
        html,
      });
      lint({ head, body }, { digest: shown, htmlSize });
      return {
        messageId: `<${id}@${domain}>`,
        envelope: { from: envelopeFrom(digest.subscriberId), to: digest.email },
        subject,
        raw,
        release,
      };
    },
    async letter(letter) {
      const words = letterWords(letter.kind, sender.name);
      const link = letterLink(to, letter);
      const who = [sender.name, sender.postalAddress].filter(Boolean).join(" · ");
      const values: Record<string, string> = { ...words, link, address: link, who };
      const html = encode(letterTemplate.html.before, (slot) => escapeHtml(values[slot] ?? "")).pieces;
      const inText = (slot: string) => (slot === "link" ? { whole: link } : withBreaks(wrap(values[slot] ?? "")));
      const text = encode(letterTemplate.text.before, inText).pieces;
      const id = `l.${idOf("letter", letter.id)}`;
      const more = [field("Auto-Submitted", "auto-generated")];
      const { subject } = words;
      const { raw, release } = await assemble({ id, to: letter.to, at: letter.createdAt, subject, more, text, html });
      const envelope = { from: envelopeFrom(letter.subscriberId), to: letter.to };
      return { messageId: `<${id}@${domain}>`, envelope, subject, raw, release };
    },
  };
}

/** Memory that is given back twice would be two messages' at once. */
function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}

const field = (name: string, value: string): Field => [name.toLowerCase(), writeHeader(name, value)];

/** RFC 5322 §3.3, in UTC. */
const dateOf = (at: Date) => at.toUTCString().replace("GMT", "+0000");

/** RFC 2369, RFC 2919, RFC 8058 and RFC 3834; each header once, all but the reader's own link. */
function listFields(to: Links, domain: string, owner: MailAddress): Field[] {
  return [
    field("List-Id", `Paperboy daily <daily.${domain}>`),
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
