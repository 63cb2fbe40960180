// How does a paper look in a digest? Its card in both parts, rendered and encoded once for all who get it.

import { bylineOf, shorten, whyOf } from "../core/deliver/digest-words.ts";
import { decodeQuotedPrintable } from "../core/deliver/quoted-printable.ts";
import { WIDTH, wrap } from "../core/deliver/wrap.ts";
import type { DigestCard } from "../core/digest.ts";
import { escapeHtml } from "../core/escape-html.ts";
import type { Links } from "../core/links.ts";
import { highlight } from "../core/match/highlight.ts";
import { lintCard } from "./lint.ts";
import { type Cut, type Encoded, encode, withBreaks } from "./template.ts";

/** Both parts of a card; in every gap stands where one reader's links to more and less begin. */
export type EncodedCard = { html: Encoded; text: Encoded };

const ABSTRACT_LENGTH = 400;

/** Gives the encoded form of a card, made once a card object; an edition's cards are frozen, so the same object says the same. */
export function openCards(templates: { html: Cut; text: Cut }, to: Links): (card: DigestCard) => EncodedCard {
  const known = new WeakMap<DigestCard, EncodedCard>();
  return (card) => {
    const before = known.get(card);
    if (before) return before;
    const encoded = { html: encodeHtml(templates.html, card, to), text: encodeText(templates.text, card, to) };
    lintCard(card.paperId, decode(encoded.html), decode(encoded.text));
    known.set(card, encoded);
    return encoded;
  };
}

const decode = ({ pieces }: Encoded) => decodeQuotedPrintable(pieces.join(""));

/** Where a card's paper can be read, by name; only addresses of the web. */
export function readingLinks({ links }: DigestCard): { name: string; href: string }[] {
  const doi = links.doi ? `https://doi.org/${encodeURI(links.doi)}` : undefined;
  const abstract = links.abstract ?? doi ?? links.huggingface;
  const known = [
    { name: abstract?.includes("//arxiv.org/") ? "arXiv" : "Abstract", href: abstract },
    { name: "PDF", href: links.pdf },
    { name: "Code", href: links.code },
    { name: "Project", href: links.project },
  ];
  return known.flatMap(({ name, href }) => (href && /^https?:\/\/[!-~]+$/.test(href) ? [{ name, href }] : []));
}

/** Words that TeX was left in, without its signs: a mail shows no raw TeX, and loses no word. */
function withoutTexSigns(text: string): string {
  return text.replace(/\\(?=[A-Za-z])/g, "").replace(/\$([^$]*[\\^_{}][^$]*)\$/g, "$1");
}

function encodeHtml(template: Cut, card: DigestCard, to: Links): Encoded {
  return encode(template, (slot) => {
    switch (slot) {
      case "paper":
        return { whole: escapeHtml(to.paper(card.paperId)) };
      case "title":
        return marked(withoutTexSigns(card.title), card.terms);
      case "byline":
        // A number and what it counts stay on one line, and no line begins with a dot.
        return escapeHtml(bylineOf(card))
          .replace(/(\d) (?=\p{L})/gu, "$1&nbsp;")
          .replaceAll(" · ", "&nbsp;· ");
      case "abstract":
        return marked(withoutTexSigns(shorten(card.abstract, ABSTRACT_LENGTH)), card.terms);
      case "why":
        return escapeHtml(whyOf(card));
      case "links":
        return readingLinks(card)
          .map(({ name, href }) => `<a href="${escapeHtml(href)}">${name}</a> &nbsp;·&nbsp; `)
          .join("");
      case "number":
        return String(card.paperId);
      default:
        return undefined;
    }
  });
}

function marked(text: string, terms: string[]): string {
  return highlight(text, terms)
    .map(({ text: piece, hit }) => (hit ? `<mark>${escapeHtml(piece)}</mark>` : escapeHtml(piece)))
    .join("");
}

function encodeText(template: Cut, card: DigestCard, to: Links): Encoded {
  const title = wrap(withoutTexSigns(card.title));
  const longest = Math.max(...title.split("\n").map((line) => line.length));
  const byline = bylineOf(card);
  const abstract = withoutTexSigns(shorten(card.abstract, ABSTRACT_LENGTH));
  const values: Record<string, string> = {
    title,
    underline: "-".repeat(Math.min(longest, WIDTH)),
    byline: byline && `${wrap(byline)}\n`,
    abstract: abstract && `${wrap(abstract)}\n\n`,
    why: wrap(whyOf(card)),
    links: readingLinks(card)
      .map(({ name, href }) => `${name}: ${href}\n`)
      .join(""),
    number: String(card.paperId),
  };
  return encode(template, (slot) => {
    if (slot === "paper") return { whole: to.paper(card.paperId) };
    const value = values[slot];
    return value === undefined ? undefined : withBreaks(value);
  });
}
