// What stood in a digest? The edition in the browser, and the very message that was mailed.
import { Router } from "express";
import { highlight } from "../../core/highlight.ts";
import { findEdition, listEditionCards } from "../../db/editions.ts";
import * as format from "../format.ts";
import { paramOf } from "../forms.ts";
import { privatePage, sendForeignHtml } from "../security.ts";
import { pathOf, readIdToken, sendNotFound, type Web } from "../web.ts";

export function digestRoutes(web: Web): Router {
  const router = Router();

  router.get("/digests/:token", privatePage, async (request, response) => {
    const token = readIdToken(web, "digest", paramOf(request, "token"));
    const edition = token.kind === "valid" ? await findEdition(web.db, token.id) : undefined;
    if (!edition) return sendNotFound(web, response);
    const cards = await listEditionCards(web.db, edition.id);
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
        preferences: pathOf(web, web.links.preferences(edition.subscriberId)),
        unsubscribe: pathOf(web, web.links.unsubscribe(edition.subscriberId)),
        asMailed: web.extras.renderDigest !== undefined,
      },
    );
  });

  router.get("/digests/:token/:form", privatePage, async (request, response) => {
    const token = readIdToken(web, "digest", paramOf(request, "token"));
    const form = paramOf(request, "form");
    const known = token.kind === "valid" && (form === "message.html" || form === "message.txt");
    const message = known ? await web.extras.renderDigest?.(token.id) : undefined;
    if (!message) return sendNotFound(web, response);
    if (form === "message.txt") {
      response.type("text/plain; charset=utf-8").send(message.text);
      return;
    }
    sendForeignHtml(response, message.html);
  });

  return router;
}
