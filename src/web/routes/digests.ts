// What stood in a digest? The edition in the browser, its papers to take away, and the very message that was mailed.
import { Router } from "express";
import { highlight } from "../../core/match/highlight.ts";
import { type Edition, findEdition, listEditionCards } from "../../db/editions.ts";
import { listPapersById } from "../../db/papers.ts";
import { citedOf, readCitationForm, sendCitations } from "../cited.ts";
import { cardHtml, writeFeed } from "../feeds.ts";
import * as format from "../format.ts";
import { paramOf } from "../forms.ts";
import { listMoreMatched } from "../more-matched.ts";
import { privatePage, sendForeignHtml } from "../security.ts";
import { pathOf, readIdToken, sendNotFound, type Web } from "../web.ts";

export function digestRoutes(web: Web): Router {
  const router = Router();

  const editionOf = async (token: string): Promise<Edition | undefined> => {
    const read = readIdToken(web, "digest", token);
    return read.kind === "valid" ? findEdition(web.db, read.id) : undefined;
  };

  router.get("/digests/:token", privatePage, async (request, response) => {
    const edition = await editionOf(paramOf(request, "token"));
    if (!edition) return sendNotFound(web, response);
    const [cards, more] = await Promise.all([listEditionCards(web.db, edition.id), listMoreMatched(web, edition)]);
    web.pages.send(
      response,
      "digest",
      { title: `Digest of ${format.day(edition.editionDate)}` },
      {
        edition,
        action: `/digests/${paramOf(request, "token")}`,
        cards: cards.map((card) => ({
          ...card,
          titleParts: highlight(card.title, card.terms),
          abstractParts: highlight(format.shorten(card.abstract, 600), card.terms),
        })),
        more,
        preferences: pathOf(web, web.links.preferences(edition.subscriberId)),
        unsubscribe: pathOf(web, web.links.unsubscribe(edition.subscriberId)),
        asMailed: web.extras.renderDigest !== undefined,
      },
    );
  });

  router.get("/digests/:token/cite.:form", privatePage, async (request, response) => {
    const edition = await editionOf(paramOf(request, "token"));
    const form = readCitationForm(paramOf(request, "form"));
    if (!edition || !form) return sendNotFound(web, response);
    const cards = await listEditionCards(web.db, edition.id);
    const ids = cards.map(({ paperId }) => paperId);
    const papers = await listPapersById(web.db, ids);
    sendCitations(response, form, `paperboy-${edition.editionDate}`, papers.map(citedOf));
  });

  router.get("/digests/:token/papers.atom", privatePage, async (request, response) => {
    const edition = await editionOf(paramOf(request, "token"));
    if (!edition) return sendNotFound(web, response);
    const cards = await listEditionCards(web.db, edition.id);
    const at = edition.sentAt ?? edition.plannedAt;
    const path = `/digests/${paramOf(request, "token")}`;
    const title = `Paperboy: digest of ${format.day(edition.editionDate)}`;
    const about = { title, description: "One edition.", page: path, path: `${path}/papers`, isPrivate: true };
    const entries = cards.map((card) => ({
      url: web.links.paper(card.paperId),
      title: card.title,
      summary: format.shorten(card.abstract, 300),
      html: `<p>${cardHtml(web, card)}</p>`,
      authors: card.authors.slice(0, 20),
      topics: [card.topic.name],
      publishedAt: at,
      updatedAt: at,
    }));
    const { type, body } = writeFeed(web, "atom", about, entries);
    response.set("Content-Type", type).send(body);
  });

  router.get(
    ["/digests/:token/message.html", "/digests/:token/message.txt"],
    privatePage,
    async (request, response) => {
      const edition = await editionOf(paramOf(request, "token"));
      const message = edition ? await web.extras.renderDigest?.(edition.id) : undefined;
      if (!message) return sendNotFound(web, response);
      if (request.path.endsWith(".txt")) {
        response.type("text/plain; charset=utf-8").send(message.text);
        return;
      }
      sendForeignHtml(response, message.html);
    },
  );

  return router;
}
