// What does a digest look like? The compiled template with each paper's card filled in; every value is escaped here.
import type { Digest, DigestCard } from "../core/digest.ts";
import { bylineOf, cadenceWords, headingOf, introOf, shorten, subjectOf, whyOf } from "../core/digest-words.ts";
import { highlight } from "../core/highlight.ts";
import type { Links } from "../core/links.ts";
import { type compileTemplate, escapeHtml, fill } from "./template.ts";

type Template = Awaited<ReturnType<typeof compileTemplate>>;
export type Foot = { sender: string; postalAddress: string | undefined };

/** Gmail clips at about 102 KB; this leaves room for what relays add. */
export const MAX_HTML_BYTES = 90_000;
const ABSTRACT_LENGTH = 420;

/** The HTML part of a digest. */
export function digestHtml(template: Template, digest: Digest, to: Links, foot: Foot): string {
  const link = (href: string, text: string) => `<a href="${escapeHtml(href)}">${escapeHtml(text)}</a>`;
  const preferences = to.preferences(digest.subscriberId);
  const unsubscribe = to.unsubscribe(digest.subscriberId);
  const values: Record<string, string> = {
    subject: escapeHtml(subjectOf(digest)),
    heading: escapeHtml(headingOf(digest.editionDate)),
    intro: escapeHtml(introOf(digest)),
    unsubscribe: escapeHtml(unsubscribe),
    preferences: escapeHtml(preferences),
    browser: escapeHtml(to.digest(digest.id)),
    rest: digest.more > 0 ? `…and ${link(to.digest(digest.id), `${digest.more} more`)}.` : "",
    foot: `You get this ${cadenceWords(digest.cadence)} because you asked ${escapeHtml(foot.sender)} for it at ${escapeHtml(digest.email)}. ${link(preferences, "Change topics or hour")} or ${link(unsubscribe, "unsubscribe")} with one click, no login.${foot.postalAddress ? `<br>${escapeHtml(foot.postalAddress)}` : ""}`,
  };
  const cards = digest.cards.map((card) => fill(template.card, (slot) => cardValue(card, digest, to, slot)));
  return (
    fill(template.before, (slot) => values[slot] ?? "") +
    cards.join("") +
    fill(template.after, (slot) => values[slot] ?? "")
  );
}

function cardValue(card: DigestCard, digest: Digest, to: Links, slot: string): string {
  switch (slot) {
    case "paper":
      return escapeHtml(to.paper(card.paperId));
    case "title":
      return marked(card.title, card.terms);
    case "byline":
      return escapeHtml(bylineOf(card));
    case "abstract":
      return marked(shorten(card.abstract, ABSTRACT_LENGTH), card.terms);
    case "why":
      return escapeHtml(`Why: ${whyOf(card)}`);
    case "links":
      return readingLinks(card)
        .map(([name, href]) => `<a href="${escapeHtml(href)}">${name}</a> &nbsp;·&nbsp; `)
        .join("");
    case "more":
    case "less":
      return escapeHtml(to.vote(digest.subscriberId, card.paperId, slot));
    default:
      return "";
  }
}

/** Where a card's paper can be read, by name. */
export function readingLinks({ links }: DigestCard): [string, string][] {
  const known: [string, string | undefined][] = [
    ["Abstract", links.abstract ?? (links.doi ? `https://doi.org/${links.doi}` : links.huggingface)],
    ["PDF", links.pdf],
    ["Code", links.code],
  ];
  return known.flatMap(([name, href]) => (href ? [[name, href] as [string, string]] : []));
}

function marked(text: string, terms: string[]): string {
  return highlight(text, terms)
    .map(({ text: piece, hit }) => (hit ? `<mark>${escapeHtml(piece)}</mark>` : escapeHtml(piece)))
    .join("");
}
