// What does one more reading of a paper change? The rule by which sources fold into one row.
import type { PaperDraft, PaperLinks, StoredPaper } from "../paper.ts";

export type Merged = { kind: "new" | "updated" | "unchanged"; paper: StoredPaper; textChanged: boolean };

/** Who is believed about title, abstract, authors and categories: the place of publication, then Hugging Face, then the rest. */
function textRank(source: string): number {
  if (source === "arxiv" || source === "biorxiv" || source === "medrxiv") return 3;
  if (source === "huggingface") return 2;
  return source === "page" ? 0 : 1;
}

/**
 * Folds a draft into what is stored (nothing yet: `stored` undefined). Text belongs to the highest `textRank`, among equals to
 * the source that wrote it first, and an older version never overwrites a newer; votes, comments, stars, code, summary and
 * keywords belong to Hugging Face; absent never overwrites present. The list day is Hugging Face's first one, else the earliest;
 * `listedAt` is the earliest instant known and never moves forward. Undefined: a replacement of a paper nobody knows is no news.
 */
export function mergePaper(stored: StoredPaper | undefined, draft: PaperDraft, now: Date): Merged | undefined {
  if (!stored)
    return draft.announce === "replace" ? undefined : { kind: "new", paper: fresh(draft, now), textChanged: true };
  const paper: StoredPaper = { ...stored, links: mergeLinks(stored, draft) };
  if (ownsText(stored, draft)) {
    paper.source = draft.source;
    paper.version = Math.max(stored.version, draft.version ?? 0);
    paper.title = draft.title || stored.title;
    if (draft.abstract) {
      paper.abstract = draft.abstract;
      paper.abstractTex = draft.abstractTex ?? null;
    }
    if (draft.authors.length > 0) paper.authors = draft.authors;
    if (draft.categories.length > 0) paper.categories = draft.categories;
    if (draft.withdrawn !== undefined) paper.withdrawnAt = draft.withdrawn ? (stored.withdrawnAt ?? now) : null;
  } else {
    if (!stored.abstract && draft.abstract) {
      paper.abstract = draft.abstract;
      paper.abstractTex = draft.abstractTex ?? null;
    }
    if (stored.authors.length === 0) paper.authors = draft.authors;
    if (stored.categories.length === 0) paper.categories = draft.categories;
  }
  if (paper.authors.length > 0) paper.authorCount = null;
  else if (draft.authorCount !== undefined) paper.authorCount = draft.authorCount;
  const canonicalFirst = draft.canonicalId.startsWith("arxiv:") && !stored.canonicalId.startsWith("arxiv:");
  if (canonicalFirst) paper.canonicalId = draft.canonicalId;
  const social = draft.source === "huggingface" || !stored.links.huggingface;
  if (social) {
    paper.upvotes = draft.upvotes ?? stored.upvotes;
    paper.comments = draft.comments ?? stored.comments;
    paper.stars = draft.stars ?? stored.stars;
  }
  paper.summary = pick(social, draft.summary, stored.summary);
  paper.organization = pick(social, draft.organization, stored.organization);
  paper.thumbnail = pick(social, draft.thumbnail, stored.thumbnail);
  if (draft.keywords.length > 0 && (social || stored.keywords.length === 0)) paper.keywords = draft.keywords;
  paper.publishedAt = earlier(stored.publishedAt, draft.publishedAt ?? null);
  if (draft.announce === "new") {
    paper.listedOn = listDay(stored, draft);
    paper.listedAt = earlier(stored.listedAt, draft.listedAt) ?? stored.listedAt;
  }
  const textChanged = !same(textOf(stored), textOf(paper));
  return { kind: textChanged || !same(stored, paper) ? "updated" : "unchanged", paper, textChanged };
}

function ownsText(stored: StoredPaper, draft: PaperDraft): boolean {
  if (draft.source === stored.source) return (draft.version ?? stored.version) >= stored.version;
  return textRank(draft.source) > textRank(stored.source);
}

function fresh(draft: PaperDraft, now: Date): StoredPaper {
  return {
    canonicalId: draft.canonicalId,
    source: draft.source,
    version: draft.version ?? 0,
    title: draft.title,
    abstract: draft.abstract,
    abstractTex: draft.abstractTex ?? null,
    summary: draft.summary ?? null,
    authors: draft.authors,
    authorCount: draft.authorCount ?? null,
    categories: draft.categories,
    keywords: draft.keywords,
    organization: draft.organization ?? null,
    links: draft.links,
    thumbnail: draft.thumbnail ?? null,
    upvotes: draft.upvotes ?? 0,
    comments: draft.comments ?? 0,
    stars: draft.stars ?? 0,
    listedOn: draft.listedOn,
    listedAt: draft.listedAt,
    publishedAt: draft.publishedAt ?? null,
    withdrawnAt: draft.withdrawn ? now : null,
  };
}

function mergeLinks(stored: StoredPaper, draft: PaperDraft): PaperLinks {
  const owns = ownsText(stored, draft);
  const links = owns ? { ...stored.links, ...draft.links } : { ...draft.links, ...stored.links };
  if (draft.source !== "huggingface") {
    if (stored.links.code) links.code = stored.links.code;
    if (stored.links.project) links.project = stored.links.project;
    return links;
  }
  const { code, project, huggingface } = draft.links;
  return { ...links, ...(code && { code }), ...(project && { project }), ...(huggingface && { huggingface }) };
}

function listDay(stored: StoredPaper, draft: PaperDraft): string {
  const storedBySocial = stored.links.huggingface !== undefined;
  const draftBySocial = draft.source === "huggingface";
  if (storedBySocial !== draftBySocial) return draftBySocial ? draft.listedOn : stored.listedOn;
  const [first] = [draft.listedOn, stored.listedOn].sort();
  return first ?? stored.listedOn;
}

const pick = (owns: boolean, given: string | undefined, kept: string | null) =>
  owns || kept === null ? (given ?? kept) : kept;
const earlier = (one: Date | null, other: Date | null) =>
  one && other ? (one <= other ? one : other) : (one ?? other);
const textOf = ({ title, abstract, authors, categories, organization }: StoredPaper) => [
  title,
  abstract,
  authors,
  categories,
  organization,
];
/** Equal as values; keys in any order. */
const same = (one: unknown, other: unknown) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
const sorted = (value: unknown): unknown =>
  value && typeof value === "object" && !Array.isArray(value) && !(value instanceof Date)
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, inner]) => [key, sorted(inner)]),
      )
    : value;
