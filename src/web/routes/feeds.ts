// Which feeds can a reader program follow? The front page, each topic, and a reader's own digests behind a token.
import { type Request, type Response, Router } from "express";
import { escapeHtml } from "../../core/escape-html.ts";
import { listEditionCards, listSentEditions } from "../../db/editions.ts";
import { findLatestDay, type ListedPaper, listPapersOfSpan, listPapersOfTopic } from "../../db/pages.ts";
import { findSubscriber } from "../../db/subscriber-rows.ts";
import { listOfferedTopics } from "../../db/topics.ts";
import { cardHtml, type FeedEntry, readFeedForm, writeFeed } from "../feeds.ts";
import * as format from "../format.ts";
import { paramOf } from "../forms.ts";
import { privatePage } from "../security.ts";
import { pathOf, readIdToken, sendNotFound, type Web } from "../web.ts";

const PAPERS = 50;
const EDITIONS = 14;

export function feedRoutes(web: Web): Router {
  const router = Router();

  router.get("/papers.:form", async (request, response) => {
    const form = readFeedForm(paramOf(request, "form"));
    if (!form) return sendNotFound(web, response);
    await web.cache.send(request, response, async () => {
      const day = (await findLatestDay(web.db, web.now())) ?? "1970-01-01";
      const { papers } = await listPapersOfSpan(web.db, {
        from: day,
        to: day,
        limit: PAPERS,
        offset: 0,
        now: web.now(),
      });
      const about = {
        title: "Paperboy: Daily Papers",
        description: "The research papers of the latest list day.",
        page: "/",
        path: "/papers",
      };
      return writeFeed(
        web,
        form,
        about,
        papers.map((paper) => entryOf(web, paper)),
      );
    });
  });

  const topicFeed = async (request: Request, response: Response): Promise<void> => {
    const form = readFeedForm(paramOf(request, "form"));
    const slug = paramOf(request, "slug");
    const sent =
      form !== undefined &&
      (await web.cache.send(request, response, async () => {
        const topic = (await listOfferedTopics(web.db)).find((one) => one.slug === slug);
        if (!topic) return undefined;
        const { papers } = await listPapersOfTopic(web.db, {
          topicId: topic.id,
          limit: PAPERS,
          offset: 0,
          now: web.now(),
        });
        const about = {
          title: `Paperboy: ${topic.name}`,
          description: topic.description,
          page: `/topics/${slug}`,
          path: `/topics/${slug}`,
        };
        return writeFeed(
          web,
          form,
          about,
          papers.map((paper) => entryOf(web, paper)),
        );
      }));
    if (!sent) sendNotFound(web, response);
  };
  router.get("/topics/:slug.:form", topicFeed);

  router.get("/feeds/:token.atom", privatePage, async (request, response) => {
    const token = readIdToken(web, "feed", paramOf(request, "token"));
    const subscriber = token.kind === "valid" ? await findSubscriber(web.db, token.id) : undefined;
    if (!subscriber || subscriber.state === "suppressed") return sendNotFound(web, response);
    const editions = await listSentEditions(web.db, subscriber.id, EDITIONS);
    const entries = await Promise.all(
      editions.map(async (edition): Promise<FeedEntry> => {
        const cards = await listEditionCards(web.db, edition.id);
        return {
          url: web.links.digest(edition.id),
          title: `${format.day(edition.editionDate)}: ${format.plural(cards.length, "paper")}`,
          summary: cards.map(({ title }) => title).join(" · "),
          html: `<ol>${cards.map((card) => `<li>${cardHtml(web, card)}</li>`).join("")}</ol>`,
          authors: [],
          topics: [...new Set(cards.map(({ topic }) => topic.name))],
          publishedAt: edition.sentAt ?? edition.plannedAt,
          updatedAt: edition.sentAt ?? edition.plannedAt,
        };
      }),
    );
    const path = pathOf(web, web.links.feed(subscriber.id)).replace(/\.atom$/, "");
    const about = { title: "Paperboy: your digests", description: "For you alone.", page: "/", path, isPrivate: true };
    const { type, body } = writeFeed(web, "atom", about, entries);
    response.set("Content-Type", type).send(body);
  });

  return router;
}

function entryOf(web: Web, paper: ListedPaper): FeedEntry {
  const listed = new Date(`${paper.listedOn}T00:00:00Z`);
  const shown = paper.lastAuthor ? [...paper.firstAuthors, paper.lastAuthor] : paper.firstAuthors;
  return {
    url: web.links.paper(paper.id),
    title: paper.title,
    summary: format.shorten(paper.abstract, 300),
    html: `<p>${escapeHtml(paper.abstract)}</p><p>${escapeHtml(format.names(paper.firstAuthors, paper.lastAuthor, paper.authorCount))}</p>`,
    authors: [...new Set(shown)],
    topics: paper.topics.map(({ name }) => name),
    publishedAt: listed,
    // Counts move by the hour; a reader program need not show the paper anew for that.
    updatedAt: listed,
  };
}
