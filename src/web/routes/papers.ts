// Which papers came out on a day or in a week, and what is one paper?
import { Router } from "express";
import { categoryName } from "../../core/arxiv-categories.ts";
import { bibtex } from "../../core/citation.ts";
import { sumWords } from "../../core/match/explain.ts";
import { highlight, type Segment } from "../../core/match/highlight.ts";
import type { PaperLinks } from "../../core/paper.ts";
import { isDate, readWeek } from "../../core/weeks.ts";
import { listRelatedPapers } from "../../db/pages.ts";
import { findPaper } from "../../db/papers.ts";
import { listPaperReasons } from "../../db/reasons.ts";
import { citedOf, readCitationForm, sendCitations } from "../cited.ts";
import * as format from "../format.ts";
import { numberOf, paramOf, queryOf, readId } from "../forms.ts";
import { renderDay, renderWeek } from "../front.ts";
import { type Linked, splitAddresses } from "../linked.ts";
import { abstractWithMath } from "../math.ts";
import { sendNotFound, type Web } from "../web.ts";

const pages = { from: 1, to: 1_000, otherwise: 1 };
const topicOf = (text: string) => (/^[a-z0-9-]{1,60}$/.test(text) ? text : undefined);

export function paperRoutes(web: Web): Router {
  const router = Router();

  router.get("/", async (request, response) => {
    const topic = topicOf(queryOf(request, "topic"));
    const page = numberOf(request, "page", pages);
    await web.cache.send(request, response, async () => ({
      body: await renderDay(web, { topic, page, path: "/" }),
    }));
  });

  router.get("/papers", (_request, response) => {
    response.redirect(308, "/");
  });

  router.get("/papers/date/:date", async (request, response) => {
    const date = paramOf(request, "date");
    if (!isDate(date)) return sendNotFound(web, response);
    const topic = topicOf(queryOf(request, "topic"));
    const page = numberOf(request, "page", pages);
    const path = `/papers/date/${date}`;
    await web.cache.send(request, response, async () => ({
      body: await renderDay(web, { day: date, topic, page, path }),
    }));
  });

  router.get("/papers/week/:week", async (request, response) => {
    const week = paramOf(request, "week");
    const read = readWeek(week);
    if (!read) return sendNotFound(web, response);
    const topic = topicOf(queryOf(request, "topic"));
    const page = numberOf(request, "page", pages);
    await web.cache.send(request, response, async () => ({
      body: await renderWeek(web, { week, ...read, topic, page, path: `/papers/week/${week}` }),
    }));
  });

  router.get("/papers/:id", async (request, response) => {
    const id = readId(paramOf(request, "id"));
    const sent = id !== undefined && (await web.cache.send(request, response, () => paperPage(web, id)));
    if (!sent) sendNotFound(web, response);
  });

  router.get("/papers/:id/cite.:form", async (request, response) => {
    const id = readId(paramOf(request, "id"));
    const form = readCitationForm(paramOf(request, "form"));
    const found = id !== undefined && form ? await findPaper(web.db, id) : undefined;
    if (!found || !form) return sendNotFound(web, response);
    sendCitations(response, form, found.canonicalId.replace(/[^A-Za-z0-9.-]+/g, "-"), [citedOf(found)]);
  });

  return router;
}

async function paperPage(web: Web, id: number) {
  const paper = await findPaper(web.db, id);
  if (!paper) return undefined;
  const [reasons, related] = await Promise.all([listPaperReasons(web.db, id), listRelatedPapers(web.db, paper, 6)]);
  const terms = reasons.flatMap((reason) => reason.terms);
  const description = format.shorten(paper.abstract, 200);
  const page = {
    title: paper.title,
    description,
    canonical: `/papers/${id}`,
    section: "papers" as const,
    card: {
      title: paper.title,
      description,
      authors: paper.authors.slice(0, 20),
      ...(paper.publishedAt ? { publishedAt: paper.publishedAt.toISOString() } : {}),
    },
  };
  const body = web.pages.render("paper", page, {
    paper,
    reasons: reasons.map((reason) => ({ ...reason, sum: sumWords(reason) })),
    related,
    math: paper.abstractTex ? abstractWithMath(paper.abstractTex) : undefined,
    bibtex: bibtex(citedOf(paper)),
    links: listLinks(paper.links),
    categories: paper.categories.map((id) => ({ id, name: categoryName(id) })),
    title: highlight(paper.title, terms),
    abstract: splitAddresses(paper.abstract).flatMap((piece): (Linked | Segment)[] =>
      piece.href ? [piece] : highlight(piece.text, terms),
    ),
  });
  return { body };
}

/** The links of a paper in the order that a reader wants them; only http and https lead anywhere. */
function listLinks(links: PaperLinks): { says: string; href: string }[] {
  const all = [
    { says: "PDF", href: links.pdf },
    { says: "Abstract", href: links.abstract },
    { says: "Hugging Face", href: links.huggingface },
    { says: "Code", href: links.code },
    { says: "Project page", href: links.project },
    { says: "DOI", href: links.doi && `https://doi.org/${links.doi.split("/").map(encodeURIComponent).join("/")}` },
  ];
  return all.flatMap(({ says, href }) => (href && /^https?:\/\//i.test(href) ? [{ says, href }] : []));
}
