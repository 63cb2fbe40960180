// What does a digest say about itself? Subject, introduction, by-lines; plain text, the same in both parts.
import { Temporal } from "temporal-polyfill";
import type { Cadence, Digest, DigestCard, LetterKind } from "./digest.ts";

const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const longMonths = "January February March April May June July August September October November December".split(" ");
const longDays = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(" ");

export const count = (number: number, noun: string) =>
  `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;

/** `Tue 6 Oct: 12 papers on Retrieval & RAG and Agents & Tool Use`; dated, so that days do not thread together. */
export function subjectOf({ editionDate, cards }: Pick<Digest, "editionDate" | "cards">): string {
  const date = Temporal.PlainDate.from(editionDate);
  const names = topicNames(cards);
  const shown = names.slice(0, 2);
  const on = names.length > 2 ? `${shown.join(", ")} and more` : shown.join(" and ");
  return `${weekdays[date.dayOfWeek - 1]} ${date.day} ${months[date.month - 1]}: ${count(cards.length, "paper")} on ${on}`;
}

/** `Tuesday, 6 October 2026` */
export function headingOf(editionDate: string): string {
  const date = Temporal.PlainDate.from(editionDate);
  return `${longDays[date.dayOfWeek - 1]}, ${date.day} ${longMonths[date.month - 1]} ${date.year}`;
}

export function introOf({ cards, more }: Pick<Digest, "cards" | "more">): string {
  const names = topicNames(cards);
  const on = names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return `${count(cards.length, "paper")} for you${more > 0 ? `, the best of ${cards.length + more}` : ""}, on ${on}.`;
}

/** Topic names, those with most papers first. */
function topicNames(cards: DigestCard[]): string[] {
  const counts = new Map<string, number>();
  for (const { topic } of cards) counts.set(topic.name, (counts.get(topic.name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

/** Who wrote it, where it stands: `Ada Byron, Alan Turing and 3 more · Org · 45 upvotes · 2 comments`. */
export function bylineOf(card: DigestCard): string {
  const total = card.authorCount ?? card.authors.length;
  const shown = card.authors.slice(0, total > 4 ? 3 : 4);
  const authors = total > shown.length ? `${shown.join(", ")} and ${total - shown.length} more` : shown.join(", ");
  return [
    authors,
    card.organization ?? "",
    card.upvotes > 0 ? count(card.upvotes, "upvote") : "",
    card.comments > 0 ? count(card.comments, "comment") : "",
    card.stars > 0 ? count(card.stars, "GitHub star") : "",
    card.earlier ? "from earlier this week" : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

/** `Why: Retrieval & RAG (retrieval, dense passages)` */
export function whyOf({ topic, terms }: DigestCard): string {
  return `${topic.name}${terms.length > 0 ? ` — ${terms.slice(0, 5).join(", ")}` : ""}`;
}

/** Cuts at a word, at most `limit` characters, with an ellipsis where something was left out. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const cut = text.slice(0, limit);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), limit - 40)).replace(/[\s,;:.–—-]+$/, "")}…`;
}

const often: Record<Cadence, string> = { daily: "every day", weekdays: "on weekdays", weekly: "every Monday" };
export const cadenceWords = (cadence: Cadence) => often[cadence];

/** Subject, text, button and what to do with an unexpected letter, by kind. */
export const letterWords: Record<LetterKind, { subject: string; intro: string; button: string; foot: string }> = {
  confirm: {
    subject: "Confirm your Paperboy digest",
    intro:
      "Someone, we hope you, asked for a digest of new research papers at this address. Confirm it and choose your topics and hour.",
    button: "Confirm and choose",
    foot: "Did not ask? Ignore this mail and nothing more will come. The link works for 72 hours.",
  },
  already: {
    subject: "You already get Paperboy",
    intro:
      "Someone asked for a digest at this address, and you already have one. You can change topics, hour and everything else here.",
    button: "Open my preferences",
    foot: "Did not ask? Ignore this mail; nothing has changed.",
  },
  preferences: {
    subject: "Your Paperboy preferences",
    intro: "Here is the link you asked for. It opens your topics, hour and everything else, without a login.",
    button: "Open my preferences",
    foot: "Did not ask? Ignore this mail; nothing has changed.",
  },
  "change-address": {
    subject: "Confirm your new address",
    intro: "A Paperboy reader wants their digest to come to this address from now on.",
    button: "Use this address",
    foot: "Did not ask? Ignore this mail and nothing will change. The link works once, for one hour.",
  },
  "address-changed": {
    subject: "Your Paperboy digest moves",
    intro: "Your digest was asked to go to another address from now on. If that was you, there is nothing to do.",
    button: "Open my preferences",
    foot: "Was it not you? Open your preferences now and put it right.",
  },
  erase: {
    subject: "Erase your Paperboy data",
    intro: "You asked us to erase your profile: address, topics, history. This cannot be undone.",
    button: "Go to the last step",
    foot: "Did not ask? Ignore this mail and nothing will change. The link works once, for one hour.",
  },
  export: {
    subject: "Your Paperboy data",
    intro: "Here is the link to all we keep about you, as one JSON file.",
    button: "Get my data",
    foot: "Did not ask? Ignore this mail. The link works once, for one hour.",
  },
  welcome: {
    subject: "Your Paperboy digest is set",
    intro: "You are in. The first digest comes at your hour, on the next day with news.",
    button: "Open my preferences",
    foot: "You can leave at any time from any digest.",
  },
};
