// What does the text edition say? The same papers and links, wrapped for reading.
import type { Digest } from "../core/digest.ts";
import { bylineOf, cadenceWords, headingOf, introOf, shorten, whyOf } from "../core/digest-words.ts";
import type { Links } from "../core/links.ts";
import { type Foot, readingLinks } from "./digest-html.ts";

const WIDTH = 76;
const ABSTRACT_LENGTH = 420;

/** The text part of a digest. */
export function digestText(digest: Digest, to: Links, foot: Foot): string {
  const unsubscribe = `Unsubscribe: ${to.unsubscribe(digest.subscriberId)}`;
  const preferences = `Change topics: ${to.preferences(digest.subscriberId)}`;
  const cards = digest.cards.map((card, at) =>
    [
      wrap(`${at + 1}. ${card.title}`),
      wrap(bylineOf(card)),
      "",
      wrap(shorten(card.abstract, ABSTRACT_LENGTH)),
      "",
      wrap(`Why: ${whyOf(card)}`),
      to.paper(card.paperId),
      ...readingLinks(card).map(([name, href]) => `${name}: ${href}`),
      `More like this: ${to.vote(digest.subscriberId, card.paperId, "more")}`,
      `Less like this: ${to.vote(digest.subscriberId, card.paperId, "less")}`,
    ].join("\n"),
  );
  return [
    unsubscribe,
    preferences,
    "",
    headingOf(digest.editionDate),
    wrap(introOf(digest)),
    "",
    cards.join("\n\n\n"),
    "",
    ...(digest.more > 0 ? [`...and ${digest.more} more: ${to.digest(digest.id)}`, ""] : []),
    "--",
    wrap(`You get this ${cadenceWords(digest.cadence)} because you asked ${foot.sender} for it at ${digest.email}.`),
    preferences,
    unsubscribe,
    ...(foot.postalAddress ? [wrap(foot.postalAddress)] : []),
    "",
  ].join("\n");
}

export function letterText(
  words: { subject: string; intro: string; button: string },
  link: string,
  foot: string,
): string {
  return [words.subject, "", wrap(words.intro), "", `${words.button}:`, link, "", wrap(foot), ""].join("\n");
}

/** Breaks a paragraph at spaces into lines of at most 76 characters; a longer word stays whole. */
function wrap(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
