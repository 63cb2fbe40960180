// How do papers become a feed? Atom, RSS and JSON Feed; what a reader program takes for HTML is escaped.
import { Feed } from "feed";
import { distinctTerms } from "../core/deliver/digest-words.ts";
import type { DigestCard } from "../core/digest.ts";
import { escapeHtml } from "../core/escape-html.ts";
import { shorten } from "./format.ts";
import type { Web } from "./web.ts";

/** Stands for `<` where the writer of Atom forgets to escape it, in attributes; no text holds it (`clean`). */
const LESS_THAN = "\uFFFF";

const forms = {
  atom: {
    type: "application/atom+xml; charset=utf-8",
    write: (feed: Feed) => feed.atom1().replaceAll(LESS_THAN, "&lt;"),
  },
  rss: { type: "application/rss+xml; charset=utf-8", write: (feed: Feed) => feed.rss2() },
  json: { type: "application/feed+json; charset=utf-8", write: (feed: Feed) => feed.json1() },
};
export type FeedForm = keyof typeof forms;

export function readFeedForm(extension: string): FeedForm | undefined {
  return extension === "atom" || extension === "rss" || extension === "json" ? extension : undefined;
}

export type FeedEntry = {
  /** Absolute, and the entry's lasting id. */
  url: string;
  /** Plain text. */
  title: string;
  summary: string;
  /** HTML, already escaped where it has to be. */
  html: string;
  authors: string[];
  topics: string[];
  publishedAt: Date;
  updatedAt: Date;
};
export type FeedAbout = {
  title: string;
  description: string;
  /** Path of the page that the feed mirrors. */
  page: string;
  /** Path of the feed without its extension. */
  path: string;
  isPrivate?: boolean;
};

/** The text of a feed with its content type and the time of its last change. */
export function writeFeed(web: Web, form: FeedForm, about: FeedAbout, entries: FeedEntry[]) {
  const base = web.config.BASE_URL;
  const plain = form === "json";
  const text = (value: string) => (plain ? clean(value) : escapeHtml(clean(value)));
  const times = entries.map(({ updatedAt }) => updatedAt.getTime());
  const modifiedAt = times.length > 0 ? new Date(Math.max(...times)) : undefined;
  const feed = new Feed({
    title: clean(about.title),
    description: clean(about.description),
    id: `${base}${about.page}`,
    link: `${base}${about.page}`,
    updated: modifiedAt ?? new Date(0),
    generator: false,
    language: "en",
    author: { name: "Paperboy" },
    feedLinks: about.isPrivate
      ? { atom: `${base}${about.path}.atom` }
      : { atom: `${base}${about.path}.atom`, rss: `${base}${about.path}.rss`, json: `${base}${about.path}.json` },
  });
  for (const entry of entries)
    feed.addItem({
      id: entry.url,
      link: entry.url,
      title: text(entry.title),
      description: text(entry.summary),
      content: clean(entry.html),
      date: entry.updatedAt,
      published: entry.publishedAt,
      // An empty list of authors is more than the JSON Feed writer can bear.
      ...(entry.authors.length > 0 ? { author: entry.authors.map((name) => ({ name: clean(name) })) } : {}),
      category: entry.topics
        .map(clean)
        .map((name) => (form === "atom" ? name.replaceAll("<", LESS_THAN) : name))
        .map((name) => ({ name, term: name })),
    });
  const { type, write } = forms[form];
  return { type, body: write(feed), modifiedAt };
}

/** One card of a digest as HTML, for reader programs. */
export function cardHtml(web: Web, card: DigestCard): string {
  const url = escapeHtml(web.links.paper(card.paperId));
  const why = `${card.topic.name}${card.terms.length > 0 ? `: ${distinctTerms(card.terms).join(", ")}` : ""}`;
  return `<a href="${url}">${escapeHtml(card.title)}</a><br>${escapeHtml(why)}<br>${escapeHtml(shorten(card.abstract, 300))}`;
}

/** XML 1.0 cannot hold these, not even escaped. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, (sign) => (/[\t\n\r]/.test(sign) ? sign : ""));
}
