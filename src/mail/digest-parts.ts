// What stands in both parts of a digest around its cards? Ready pieces, with one reader's links and words in the gaps.

import { type DigestWords, wordsOf } from "../core/deliver/digest-words.ts";
import { wrap } from "../core/deliver/wrap.ts";
import type { Digest } from "../core/digest.ts";
import { escapeHtml } from "../core/escape-html.ts";
import type { Links } from "../core/links.ts";
import { type EncodedCard, openCards } from "./cards.ts";
import { compileTemplate, type Encoded, encode, encodePiece, fillGaps, type Sections, withBreaks } from "./template.ts";

export type Sender = { name: string; postalAddress: string | undefined };
type PersonalLinks = { unsubscribe: string; preferences: string; browser: string; votes: string };
/** Both parts are pieces of quoted-printable, a character a byte. */
export type DigestParts = {
  /** The digest with as many cards as fit, the others counted in `more`. */
  shown: Digest;
  subject: string;
  links: PersonalLinks;
  text: string[];
  /** Empty for a reader who wants plain text. */
  html: string[];
  /** Bytes of the HTML once decoded. */
  htmlSize: number;
};

/** Gmail clips at about 102 KB and hides the foot; this leaves room for what relays add. */
export const MAX_HTML_BYTES = 90_000;

/** What stands before and after the cards of one part. */
type Frame = { before: Encoded; after: Encoded };
type Values = Record<string, string>;

/** Compiles the templates; the function it gives composes both parts of any digest, its cards encoded once for all. */
export async function openDigestParts(to: Links, { name, postalAddress = "" }: Sender) {
  const template = await compileTemplate("digest");
  const html = openFrame(template.html, {
    sender: escapeHtml(name),
    postal: postalAddress && `<br>${escapeHtml(postalAddress)}`,
  });
  const text = openFrame(template.text, {
    sender: name,
    postal: postalAddress && withBreaks(`\n${wrap(postalAddress)}`),
  });
  const encodedCard = openCards({ html: template.html.card, text: template.text.card }, to);

  // The functions below run for each digest: they make no closures.
  return (digest: Digest): DigestParts => {
    if (digest.cards.length === 0) throw new Error("it holds no paper");
    const links = {
      unsubscribe: to.unsubscribe(digest.subscriberId),
      preferences: to.preferences(digest.subscriberId),
      browser: to.digest(digest.id),
      votes: to.votes(digest.subscriberId),
    };
    const cards = digest.cards.map(encodedCard);
    let shown = digest;
    let words = wordsOf(shown, name);
    let htmlSize = 0;
    let htmlPart: string[] = [];
    if (digest.format === "html") {
      let values = htmlValues(words, links);
      let cardsSize = 0;
      for (const { html } of cards) cardsSize += html.size + 2 * links.votes.length;
      htmlSize = cardsSize + frameSize(html, values);
      while (htmlSize > MAX_HTML_BYTES && cards.length > 1) {
        cardsSize -= (cards.pop()?.html.size ?? 0) + 2 * links.votes.length;
        shown = { ...shown, cards: shown.cards.slice(0, -1), more: shown.more + 1 };
        words = wordsOf(shown, name);
        values = htmlValues(words, links);
        htmlSize = cardsSize + frameSize(html, values);
      }
      htmlPart = fill(html, values, cards, "html", links);
    }
    const textPart = fill(text, textValues(words, links), cards, "text", links);
    return { shown, subject: words.subject, links, text: textPart, html: htmlPart, htmlSize };
  };
}

function fill(
  { before, after }: Frame,
  values: Values,
  cards: EncodedCard[],
  part: keyof EncodedCard,
  links: PersonalLinks,
): string[] {
  const votes = encodePiece(links.votes);
  const into: string[] = [];
  fillGaps(before, values, into);
  for (const card of cards) {
    const known = card[part].pieces;
    into.push(known[0] as string);
    for (let at = 1; at < known.length; at++) into.push(votes, known[at] as string);
  }
  fillGaps(after, values, into);
  return into;
}

function openFrame({ before, after }: Sections, fixed: Values): Frame {
  const value = (slot: string) => fixed[slot];
  return { before: encode(before, value), after: encode(after, value) };
}

/** Bytes of a frame once decoded. */
function frameSize({ before, after }: Frame, values: Values): number {
  let size = before.size + after.size;
  for (const slot of before.slots) size += Buffer.byteLength(values[slot] ?? "");
  for (const slot of after.slots) size += Buffer.byteLength(values[slot] ?? "");
  return size;
}

function htmlValues({ subject, headline, intro, date, rest, asked }: DigestWords, links: PersonalLinks): Values {
  return {
    subject: escapeHtml(subject),
    headline: escapeHtml(headline),
    intro: escapeHtml(intro),
    date,
    unsubscribe: escapeHtml(links.unsubscribe),
    preferences: escapeHtml(links.preferences),
    browser: escapeHtml(links.browser),
    rest: rest && `<a href="${escapeHtml(links.browser)}#more">${rest}</a>`,
    asked: escapeHtml(asked),
  };
}

function textValues({ headline, intro, date, rest, asked }: DigestWords, links: PersonalLinks): Values {
  const { unsubscribe, preferences, browser } = links;
  return {
    headline,
    intro: withBreaks(wrap(intro)),
    date,
    unsubscribe,
    preferences,
    browser,
    // On a line of its own an address is broken only where it is longer than the line.
    rest: rest && `${rest}:\r\n${browser}#more\r\n\r\n`,
    asked: withBreaks(wrap(asked)),
  };
}
