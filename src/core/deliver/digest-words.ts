// What does a digest say about itself? Subject, introduction, by-lines; plain text, the same in both parts.
import { monthNames, weekdayNames } from "../calendar.ts";
import type { Cadence, Digest, DigestCard } from "../digest.ts";

const weekdayOf = (date: Date) => weekdayNames[(date.getUTCDay() + 6) % 7] ?? "";
const monthOf = (date: Date) => monthNames[date.getUTCMonth()] ?? "";

const thousands = new Intl.NumberFormat("en");

/** `1 paper`, `1,234 papers`. */
const count = (number: number, noun: string) => `${numberOf(number)} ${noun}${number === 1 ? "" : "s"}`;

const numberOf = (number: number) => (number < 1_000 ? String(number) : thousands.format(number));

/** What one digest says of itself; the same in both parts. */
export type DigestWords = {
  /** `Tue 6 Oct: 12 papers on Retrieval & RAG and Agents & Tool Use`; dated, so that days do not thread together. */
  subject: string;
  /** `12 papers for you` */
  headline: string;
  /** `On Retrieval & RAG, Robotics and 3 more topics: the best of 45 that matched.` */
  intro: string;
  /** `Tuesday, 6 October 2026` */
  date: string;
  /** `And 33 more papers that matched`; empty where that is all. */
  rest: string;
  /** Why it comes: `You get this every day because you asked Paperboy for it at ada@example.org.` */
  asked: string;
};

/** The words of a digest that `sender` sends. */
export function wordsOf(
  digest: Pick<Digest, "editionDate" | "cadence" | "email" | "cards" | "more">,
  sender: string,
): DigestWords {
  const { editionDate, cadence, email, cards, more } = digest;
  const date = new Date(`${editionDate}T00:00:00Z`);
  const papers = count(cards.length, "paper");
  const names = topicNames(cards);
  const best = more > 0 ? `: the best of ${numberOf(cards.length + more)} that matched` : "";
  return {
    subject: `${shortDate(date)}: ${papers} on ${fewOf(names)}`,
    headline: `${papers} for you`,
    intro: `On ${listOf(names)}${best}.`,
    date: longDate(date),
    rest: more > 0 ? `And ${count(more, "more paper")} that matched` : "",
    asked: `You get this ${often[cadence]} because you asked ${sender} for it at ${email}.`,
  };
}

const fewOf = (names: string[]) =>
  names.length > 2 ? `${names.slice(0, 2).join(", ")} and more` : names.join(" and ");

function listOf(names: string[]): string {
  const shown = names.length > 4 ? names.slice(0, 3) : names.slice(0, -1);
  const last = names.length > 4 ? `${names.length - 3} more topics` : names.at(-1);
  return shown.length > 0 ? `${shown.join(", ")} and ${last}` : `${last}`;
}

const shortDate = (date: Date) => `${weekdayOf(date).slice(0, 3)} ${date.getUTCDate()} ${monthOf(date).slice(0, 3)}`;

const longDate = (date: Date) => `${weekdayOf(date)}, ${date.getUTCDate()} ${monthOf(date)} ${date.getUTCFullYear()}`;

/** Topic names, those with most papers first. */
function topicNames(cards: DigestCard[]): string[] {
  const counts = new Map<string, number>();
  for (const { topic } of cards) counts.set(topic.name, (counts.get(topic.name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

const often: Record<Cadence, string> = { daily: "every day", weekdays: "on weekdays", weekly: "every Monday" };

const FEW = 3;
const MOST_NAME_LENGTH = 80;

/** Who wrote it: `Ada Byron, Alan Turing, Grace Hopper and 4 more`; empty where nobody is named. */
function authorsOf({ authors, authorCount }: Pick<DigestCard, "authors" | "authorCount">): string {
  const total = Math.max(authorCount ?? 0, authors.length);
  if (authors.length === 0) return total > 0 ? count(total, "author") : "";
  const shown = authors.slice(0, total === FEW + 1 ? total : FEW).map((name) => shorten(name, MOST_NAME_LENGTH));
  return total > shown.length ? `${shown.join(", ")} and ${numberOf(total - shown.length)} more` : shown.join(", ");
}

/** Where it stands: `45 upvotes · 2 comments · 1,234 GitHub stars`; what is nought is left out. */
function standingOf(card: Pick<DigestCard, "upvotes" | "comments" | "stars">): string {
  return [
    card.upvotes > 0 ? count(card.upvotes, "upvote") : "",
    card.comments > 0 ? count(card.comments, "comment") : "",
    card.stars > 0 ? count(card.stars, "GitHub star") : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Who, where from, where it stands and, where it was listed before this edition, on which day; in one line. */
export function bylineOf(card: DigestCard): string {
  const late = card.earlier ? `listed on ${shortDate(new Date(`${card.listedOn}T00:00:00Z`))}` : "";
  return [authorsOf(card), shorten(card.organization ?? "", MOST_NAME_LENGTH), standingOf(card), late]
    .filter(Boolean)
    .join(" · ");
}

const MOST_TERMS = 5;

/** Matched words as a reader would list them: each once, whatever its case or plural s, at most `most`. */
export function distinctTerms(words: string[], most = 5): string[] {
  const seen = new Map<string, string>();
  for (const word of words) {
    const key = word.toLowerCase().replace(/(?<=[a-z]{3})s$/, "");
    if (!seen.has(key)) seen.set(key, word);
  }
  return [...seen.values()].slice(0, most);
}

/** Why it is there: `Why: Retrieval & RAG, for the words retriever, dense passages` */
export function whyOf({ topic, terms }: Pick<DigestCard, "topic" | "terms">): string {
  const said = distinctTerms(terms, MOST_TERMS);
  const words = said.length > 0 ? `, for the ${said.length === 1 ? "word" : "words"} ${said.join(", ")}` : "";
  return `Why: ${topic.owned ? "your own topic " : ""}${topic.name}${words}`;
}

/** Cuts at a word, at most `limit` characters, with an ellipsis where something was left out. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const cut = text.slice(0, limit - 1);
  const space = cut.lastIndexOf(" ");
  return `${cut.slice(0, space > limit / 2 ? space : undefined).replace(/[\s\p{Surrogate},;:.–—-]+$/u, "")}…`;
}
