// What does one answer of Hugging Face's daily_papers say? Entries become drafts; damaged ones are refused with their place.
import { z } from "zod";
import { utcDay } from "../core/calendar.ts";
import { readableAuthor } from "../core/ingest/author-names.ts";
import { canonicalId, readArxivId } from "../core/ingest/canonical-id.ts";
import { cleanLine, readWebUrl } from "../core/ingest/clean-text.ts";
import { readAbstract, readableAbstract, readableName, readableTitle } from "../core/ingest/readable.ts";
import type { PaperDraft, PaperLinks } from "../core/paper.ts";
import { collectRefusals, sayIssue, whatIs } from "./refusals.ts";

const count = z.number().int().min(0).max(1_000_000_000).optional().catch(undefined);
const instant = z
  .string()
  .refine((value) => !Number.isNaN(Date.parse(value)), "is not a date")
  .transform((value) => new Date(value));
const text = z.string().optional().catch(undefined);
/** A name; a paper is not lost for an author who has none. */
const person = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]).catch("");
const entry = z.object({
  paper: z.object({
    id: z.string().min(1).max(300),
    title: z.string(),
    summary: z.string().nullish(),
    authors: z.array(person).max(20_000).nullish(),
    submittedOnDailyAt: instant.nullish().catch(undefined),
    publishedAt: instant.nullish().catch(undefined),
    upvotes: count,
    ai_summary: text,
    ai_keywords: z.array(z.string()).optional().catch(undefined),
    githubRepo: text,
    githubStars: count,
    projectPage: text,
    organization: z.object({ name: text, fullname: text }).optional().catch(undefined),
  }),
  numComments: count,
  thumbnail: text,
  organization: z.object({ name: text, fullname: text }).optional().catch(undefined),
  _list_date: text,
});

/** The list days that may be meant: `day` is the requested one, where there is one; a day far after `now` is refused. */
export type Reading = { where: string; day?: string | undefined; now: Date };

/** Reads a whole answer: a list of entries. The good ones of a damaged list are kept. */
export function readDailyPapers(
  answer: unknown,
  reading: Reading,
): { drafts: PaperDraft[]; refused: string[]; entries: number } {
  if (!Array.isArray(answer)) return { drafts: [], refused: [`${reading.where}: ${sayNoList(answer)}.`], entries: 0 };
  const drafts: PaperDraft[] = [];
  const refusals = collectRefusals(reading.where);
  for (const [index, given] of answer.entries()) {
    const parsed = entry.safeParse(given);
    if (!parsed.success) {
      refusals.add(`[${index}]`, sayIssue(parsed.error, given));
      continue;
    }
    const draft = readEntry(parsed.data, reading);
    if (typeof draft === "object") drafts.push(draft);
    else refusals.add(`[${index}].paper`, draft);
  }
  return { drafts, refused: refusals.sentences(), entries: answer.length };
}

function sayNoList(answer: unknown): string {
  const error = answer && typeof answer === "object" && "error" in answer ? answer.error : undefined;
  if (typeof error === "string" && error.trim())
    return `Hugging Face says: ${cleanLine(error, 200).replace(/\.$/, "")}`;
  return `expected a list of daily papers, found ${whatIs(answer)}`;
}

/** One entry as a draft, or what is wrong with it, beginning with the place below `paper`. */
function readEntry({ paper, ...outer }: z.output<typeof entry>, { day, now }: Reading): PaperDraft | string {
  const title = readableTitle(paper.title);
  if (!title) return ".title: the title is empty";
  const listed = paper.submittedOnDailyAt;
  const listedOn = listed ? utcDay(listed) : (day ?? readDay(outer._list_date) ?? utcDay(paper.publishedAt ?? now));
  const listedAt = listed ?? new Date(`${listedOn}T00:00:00Z`);
  if (listedAt.getTime() > now.getTime() + 2 * 86_400_000) return `.submittedOnDailyAt: ${listedOn} lies in the future`;
  const arxiv = readArxivId(paper.id)?.id;
  const abstract = readAbstract(paper.summary ?? "");
  const organization = outer.organization ?? paper.organization;
  const links: PaperLinks = { huggingface: `https://huggingface.co/papers/${encodeURI(paper.id.trim())}` };
  const code = readWebUrl(paper.githubRepo);
  const project = readWebUrl(paper.projectPage);
  const thumbnail = readWebUrl(outer.thumbnail);
  const named = readableName(organization?.fullname ?? organization?.name ?? "");
  return {
    source: "huggingface",
    canonicalId: canonicalId({ arxiv: paper.id, source: "huggingface", id: paper.id }),
    title,
    ...abstract,
    ...(paper.ai_summary && { summary: readableAbstract(paper.ai_summary) }),
    authors: (paper.authors ?? []).map(readableAuthor).filter(Boolean),
    categories: [],
    keywords: (paper.ai_keywords ?? []).slice(0, 50).map(readableName).filter(Boolean),
    ...(named && { organization: named }),
    links: {
      ...links,
      ...(arxiv && { abstract: `https://arxiv.org/abs/${arxiv}`, pdf: `https://arxiv.org/pdf/${arxiv}` }),
      ...(code && { code }),
      ...(project && { project }),
    },
    ...(thumbnail && { thumbnail }),
    ...(paper.upvotes !== undefined && { upvotes: paper.upvotes }),
    ...(outer.numComments !== undefined && { comments: outer.numComments }),
    ...(paper.githubStars !== undefined && { stars: paper.githubStars }),
    listedOn,
    listedAt,
    ...(paper.publishedAt && paper.publishedAt <= now && { publishedAt: paper.publishedAt }),
    announce: "new",
  };
}

const readDay = (text: string | undefined) => (text && /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : undefined);
