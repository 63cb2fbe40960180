// What does one JSON record of a paper say? JSON lines as exported by others, arXiv's metadata snapshot among them.
import { z } from "zod";
import { arxivAnnouncedAt, arxivListDay, utcDay } from "../core/calendar.ts";
import { forwardName, splitAuthors } from "../core/ingest/author-names.ts";
import { canonicalId, findArxivId, readArxivId, readDoi } from "../core/ingest/canonical-id.ts";
import { readWebUrl } from "../core/ingest/clean-text.ts";
import { readAbstract, readableName, readableTitle } from "../core/ingest/readable.ts";
import type { PaperDraft } from "../core/paper.ts";
import { readInstant, saysWithdrawn } from "./arxiv-records.ts";
import { sayIssue } from "./refusals.ts";

const text = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .catch(undefined);
const person = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]);
const count = z.number().int().min(0).max(1_000_000_000).nullish().catch(undefined);
const record = z.object({
  id: text,
  arxiv_id: text,
  doi: text,
  url: text,
  title: z.string(),
  abstract: text,
  summary: text,
  authors: z
    .union([z.string(), z.array(person).max(20_000)])
    .nullish()
    .catch(undefined),
  categories: z
    .union([z.string(), z.array(z.string())])
    .nullish()
    .catch(undefined),
  keywords: z.array(z.string()).nullish().catch(undefined),
  organization: text,
  comments: z.union([z.string(), count]).nullish().catch(undefined),
  upvotes: count,
  stars: count,
  listed_on: text,
  published: text,
  published_at: text,
  date: text,
  update_date: text,
  versions: z
    .array(z.object({ version: text, created: text }))
    .nullish()
    .catch(undefined),
});

/** One record as a draft of source `jsonl` (`arxiv` for arXiv's snapshot), or what is wrong with it and where. */
export function readJsonRecord(given: unknown, now: Date): PaperDraft | string {
  const parsed = record.safeParse(given);
  if (!parsed.success) return sayIssue(parsed.error, given);
  const one = parsed.data;
  const title = readableTitle(one.title);
  if (!title) return ".title: the title is empty";
  const snapshot = one.versions != null && readArxivId(one.id ?? "") !== undefined;
  const arxiv = readArxivId(one.arxiv_id ?? "") ?? readArxivId(one.id ?? "") ?? findArxivId(one.url ?? "");
  const address = readWebUrl(one.url);
  const id = one.id ?? one.doi ?? address;
  if (!arxiv && !id) return "expected an id, a doi or a url to know the paper by";
  const stated = one.versions?.[0]?.created ?? one.published ?? one.published_at ?? one.date ?? one.update_date;
  const publishedAt = readInstant(stated ?? "");
  const listing = listed(readInstant(one.listed_on ?? ""), publishedAt, snapshot, now);
  if (listing.listedAt.getTime() > now.getTime() + 2 * 86_400_000)
    return `.date: ${listing.listedOn} lies in the future`;
  const doi = readDoi(one.doi ?? "");
  const abstract = one.abstract ?? one.summary ?? "";
  const comment = typeof one.comments === "string" ? one.comments : "";
  const version = Number(/\d+/.exec(one.versions?.at(-1)?.version ?? "")?.[0] ?? arxiv?.version ?? 0);
  const categories = typeof one.categories === "string" ? one.categories.split(/[\s,;]+/) : (one.categories ?? []);
  const organization = readableName(one.organization ?? "");
  const source = snapshot ? "arxiv" : "jsonl";
  return {
    source,
    canonicalId: canonicalId({ arxiv: arxiv?.id, doi, source, id: id ?? "" }),
    ...(version > 0 && { version }),
    title,
    ...readAbstract(abstract),
    authors:
      typeof one.authors === "string"
        ? splitAuthors(one.authors)
        : (one.authors ?? []).map(forwardName).filter(Boolean),
    categories: categories
      .map((name) => name.trim())
      .filter((name) => /^[\w.-]{2,40}$/.test(name))
      .slice(0, 50),
    keywords: (one.keywords ?? []).map(readableName).filter(Boolean).slice(0, 50),
    ...(organization && { organization }),
    links: {
      ...(address && { abstract: address }),
      ...(arxiv && { abstract: `https://arxiv.org/abs/${arxiv.id}`, pdf: `https://arxiv.org/pdf/${arxiv.id}` }),
      ...(doi && { doi }),
    },
    ...(one.upvotes != null && { upvotes: one.upvotes }),
    ...(typeof one.comments === "number" && { comments: one.comments }),
    ...(one.stars != null && { stars: one.stars }),
    ...listing,
    ...(publishedAt && publishedAt <= now && { publishedAt }),
    ...(snapshot && { withdrawn: saysWithdrawn({ abstract, comment }) }),
    announce: "new",
  };
}

/** The list day stated, else the publication; for arXiv's snapshot the announcement after its submission. */
function listed(stated: Date | undefined, published: Date | undefined, snapshot: boolean, now: Date) {
  const announced = snapshot && published && !stated ? arxivAnnouncedAt(published) : undefined;
  if (announced && announced <= now) return { listedOn: arxivListDay(announced), listedAt: announced };
  const listedAt = stated ?? published ?? now;
  return { listedOn: utcDay(listedAt), listedAt };
}
