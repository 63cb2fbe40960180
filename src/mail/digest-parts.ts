// What stands in both parts of a digest around its cards? Ready pieces, with one reader's links and words in the gaps.
import type { Digest } from "../core/digest.ts";
import { askedWords, count, headlineOf, introOf, longDate, subjectOf } from "../core/digest-words.ts";
import type { Links } from "../core/links.ts";
import { encodeQuotedPrintable } from "../core/quoted-printable.ts";
import { wrap } from "../core/wrap.ts";
import { type EncodedCard, openCards } from "./cards.ts";
import { compileTemplate, encode, encodeValue, escapeHtml, fillGaps, type Piece } from "./template.ts";

export type Sender = { name: string; postalAddress: string | undefined };
export type DigestParts = {
  /** The digest with as many cards as fit, the others counted in `more`. */
  shown: Digest;
  subject: string;
  text: Piece[];
  /** Empty for a reader who wants plain text. */
  html: Piece[];
  /** Bytes of the HTML once decoded. */
  htmlSize: number;
};

/** Gmail clips at about 102 KB and hides the foot; this leaves room for what relays add. */
export const MAX_HTML_BYTES = 90_000;

/** Compiles the template; the function it gives composes both parts of any digest, its cards encoded once for all. */
export async function openDigestParts(to: Links, sender: Sender): Promise<(digest: Digest) => DigestParts> {
  const template = await compileTemplate("digest");
  const before = encode(template.before, () => undefined);
  const after = encode(template.after, () => undefined);
  const encodedCard = openCards(template.card, to);
  const fixedSize = before.size + after.size;

  return (digest) => {
    if (digest.cards.length === 0) throw new Error("it holds no paper");
    const encoded = digest.cards.map(encodedCard);
    const personal = personalLinks(to, digest);
    const votes = encodeValue(personal.votes);
    const sizes = encoded.map(({ html }) => html.size + 2 * personal.votes.length);
    const wantsHtml = digest.format === "html";
    let shown = digest;
    let around = htmlAround(shown, personal, sender);
    let htmlSize = sizes.reduce((sum, size) => sum + size, fixedSize) + around.size;
    while (wantsHtml && shown.cards.length > 1 && htmlSize > MAX_HTML_BYTES) {
      htmlSize -= (sizes[shown.cards.length - 1] ?? 0) + around.size;
      shown = { ...shown, cards: shown.cards.slice(0, -1), more: shown.more + 1 };
      around = htmlAround(shown, personal, sender);
      htmlSize += around.size;
    }
    const cards = (part: keyof EncodedCard, into: Piece[]) => {
      for (let at = 0; at < shown.cards.length; at++) fillGaps((encoded[at] as EncodedCard)[part], into, () => votes);
    };
    const subject = subjectOf(shown);
    const text: Piece[] = [];
    pushText(text, textBefore(shown, personal, sender));
    cards("text", text);
    pushText(text, textAfter(shown, personal, sender));
    const html: Piece[] = [];
    if (wantsHtml) {
      fillGaps(before, html, around.value);
      cards("html", html);
      fillGaps(after, html, around.value);
    }
    return { shown, subject, text, html, htmlSize: wantsHtml ? htmlSize : 0 };
  };
}

type PersonalLinks = { unsubscribe: string; preferences: string; browser: string; votes: string };

function personalLinks(to: Links, { id, subscriberId }: Digest): PersonalLinks {
  return {
    unsubscribe: to.unsubscribe(subscriberId),
    preferences: to.preferences(subscriberId),
    browser: to.digest(id),
    votes: to.votes(subscriberId),
  };
}

function htmlAround(digest: Digest, links: PersonalLinks, sender: Sender) {
  const link = (href: string, text: string) => `<a href="${escapeHtml(href)}">${text}</a>`;
  const { unsubscribe, preferences, browser } = links;
  const postal = sender.postalAddress ? `<br>${escapeHtml(sender.postalAddress)}` : "";
  const values: Record<string, string> = {
    subject: escapeHtml(subjectOf(digest)),
    headline: escapeHtml(headlineOf(digest)),
    intro: escapeHtml(introOf(digest)),
    sender: escapeHtml(sender.name),
    date: longDate(digest.editionDate),
    unsubscribe: escapeHtml(unsubscribe),
    preferences: escapeHtml(preferences),
    browser: escapeHtml(browser),
    rest: digest.more > 0 ? link(browser, `And ${count(digest.more, "more paper")} that matched`) : "",
    foot: `${escapeHtml(askedWords(digest, sender.name))} ${link(preferences, "Change topics or hour")} or ${link(unsubscribe, "unsubscribe")}, with one click and no login.${postal}`,
  };
  const size = Object.values(values).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  return { value: (slot: string) => encodeValue(values[slot] ?? ""), size };
}

/** Addresses stay whole on their line, so that a reader of the raw text, and our own last look, finds them. */
function pushText(into: Piece[], text: string): void {
  for (const piece of text.replaceAll("\n", "\r\n").split(/(https?:\/\/\S+)/))
    if (piece !== "")
      into.push(piece.startsWith("http") ? encodeValue(piece) : encodeQuotedPrintable(piece, { joins: true }));
}

function textBefore(digest: Digest, { unsubscribe, preferences, browser }: PersonalLinks, sender: Sender): string {
  return [
    headlineOf(digest),
    wrap(introOf(digest)),
    "",
    `${sender.name}, ${longDate(digest.editionDate)}`,
    `View in browser: ${browser}`,
    `Preferences: ${preferences}`,
    `Unsubscribe: ${unsubscribe}`,
    "",
  ].join("\n");
}

function textAfter(digest: Digest, { unsubscribe, preferences, browser }: PersonalLinks, sender: Sender): string {
  return [
    "",
    "",
    ...(digest.more > 0 ? [`And ${count(digest.more, "more paper")} that matched: ${browser}`, ""] : []),
    "--",
    wrap(askedWords(digest, sender.name)),
    `Change topics or hour: ${preferences}`,
    `Unsubscribe, with one click and no login: ${unsubscribe}`,
    ...(sender.postalAddress ? [wrap(sender.postalAddress)] : []),
    "",
  ].join("\n");
}
