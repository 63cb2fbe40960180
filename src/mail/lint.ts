// Is this message fit to be sent? One more look at the ready message, by rules of its own, before it leaves.

import { decodeQuotedPrintable } from "../core/deliver/quoted-printable.ts";
import type { Digest } from "../core/digest.ts";
import { type TokenKeys, verifyToken } from "../core/tokens.ts";
import { SIGNED_HEADERS } from "./dkim.ts";

/** Thrown with one sentence about a message that must not leave. */
export class UnfitMessage extends Error {}

type Settings = { baseUrl: string; keys: TokenKeys; domain: string; signed: boolean };
/** The digest as it is shown, and how large its HTML is once decoded. */
type Expected = { digest: Digest; htmlSize: number };

/** Gmail clips HTML over 102 KB. */
const CLIPPED_BYTES = 102_000;
const ONCE_EACH = [...SIGNED_HEADERS, "list-help", "list-owner", "list-archive", "list-subscribe", "list-post"];
const rawTex = /\\[A-Za-z]+|\$[^$\n]*[\\^_{}][^$\n]*\$/;

/** A check of digests, a character a byte: headers, signature, size, the same papers and the way out in both parts. Throws an UnfitMessage. */
export function openLint(settings: Settings): (message: { head: string; body: string }, expected: Expected) => void {
  const { baseUrl } = settings;
  return ({ head, body }, { digest, htmlSize }) => {
    const link = checkHead(head.trimEnd(), digest, settings);
    if (htmlSize > CLIPPED_BYTES) throw new UnfitMessage(`its HTML of ${htmlSize} bytes would be clipped`);
    // The signature is over the body as it stands, which must be its own relaxed form (RFC 6376 §3.4.4).
    if (!/[^\r\n]\r\n$/.test(body.slice(-3))) throw new UnfitMessage("its body does not end in one line break");
    const htmlStart = body.indexOf("Content-Type: text/html");
    if (digest.format === "html" && htmlStart < 0) throw new UnfitMessage("it has no HTML part");
    checkPart("text", htmlStart < 0 ? body : body.slice(0, htmlStart), link, baseUrl, digest);
    if (htmlStart >= 0) checkPart("HTML", body.slice(htmlStart), link, baseUrl, digest);
  };
}

/** Reads the head as a receiver does; gives the one-click link. */
function checkHead(head: string, digest: Digest, { baseUrl, keys, domain, signed }: Settings): string {
  const fields = new Map<string, string>();
  const signatures: string[] = [];
  for (const line of head.replace(/\r\n[ \t]+/g, " ").split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "dkim-signature") signatures.push(value);
    else if (fields.has(name)) throw new UnfitMessage(`the header ${name} stands there twice`);
    else fields.set(name, value);
  }
  for (const name of ONCE_EACH) if (!fields.get(name)) throw new UnfitMessage(`the header ${name} is missing`);
  if (!fields.get("message-id")?.endsWith(`@${domain}>`)) throw new UnfitMessage("the Message-ID is of another domain");
  if (fields.get("list-unsubscribe-post") !== "List-Unsubscribe=One-Click")
    throw new UnfitMessage("it offers no one-click way out (RFC 8058)");
  if (rawTex.test(fields.get("subject") ?? "")) throw new UnfitMessage("the subject shows raw TeX");
  if (signed && signatures.length === 0) throw new UnfitMessage("it is not signed");
  for (const signature of signatures) {
    const covered = `:${(/\bh=([^;]*)/.exec(signature)?.[1] ?? "").replaceAll(" ", "")}:`;
    for (const name of SIGNED_HEADERS)
      if (!covered.includes(`:${name}:`)) throw new UnfitMessage(`the signature does not cover ${name}`);
  }
  const link = /^<([^<>\s]+)>/.exec(fields.get("list-unsubscribe") ?? "")?.[1] ?? "";
  const token = link.slice(link.lastIndexOf("/") + 1);
  // These tokens never expire, so that any moment will do.
  const read = verifyToken(keys, "unsubscribe", token, digest.plannedAt);
  const works = read.kind === "valid" && read.subject === String(digest.subscriberId);
  if (!works || !link.startsWith(`${baseUrl}/`)) throw new UnfitMessage("the unsubscribe link would not work");
  return link;
}

function checkPart(name: string, part: string, link: string, baseUrl: string, { cards }: Digest): void {
  let decoded: string | undefined;
  const find = (wanted: string, after: number): number => {
    const at = indexOfWhole(part, wanted, after);
    if (at >= 0) return at;
    // A long address may be broken over two lines.
    decoded ??= decodeQuotedPrintable(part);
    return indexOfWhole(decoded, wanted, 0) >= 0 ? after : -1;
  };
  if (find(link, 0) < 0) throw new UnfitMessage(`the ${name} part has no unsubscribe link`);
  let at = 0;
  for (const { paperId } of cards) {
    at = find(`${baseUrl}/papers/${paperId}`, at);
    if (at < 0) throw new UnfitMessage(`the ${name} part lacks paper ${paperId}`);
  }
}

/** Where an address stands that no further digit goes on. */
function indexOfWhole(text: string, wanted: string, after: number): number {
  let at = text.indexOf(wanted, after);
  while (at >= 0 && isDigit(text.charCodeAt(at + wanted.length))) at = text.indexOf(wanted, at + 1);
  return at;
}

const isDigit = (code: number) => code >= 48 && code <= 57;

/** Looks at one paper's card in HTML and text: absolute links only, no raw TeX. It says the same to all, so once is enough. */
export function lintCard(paperId: number, html: string, text: string): void {
  for (const [, href = ""] of html.matchAll(/href="([^"]*)"/g))
    if (!/^(?:https?:\/\/|$|\/\d+\/(?:more|less)$)/.test(href))
      throw new UnfitMessage(`paper ${paperId} has the link ${href}, which is not absolute`);
  const words = html.replace(/<[^>]*>/g, "");
  if (rawTex.test(words) || rawTex.test(text)) throw new UnfitMessage(`paper ${paperId} shows raw TeX`);
}
