// Which papers hold these words? The same grammar as topics, with what was found marked.
import { Router } from "express";
import { mistakeIn } from "../../core/match/rules.ts";
import { findNamedPaper, searchPapers } from "../../db/search.ts";
import { numberOf, queryOf } from "../forms.ts";
import { pager } from "../front.ts";
import { networkOf } from "../limits.ts";
import { sendTooOften, type Web } from "../web.ts";

const PER_PAGE = 25;

export function searchRoutes(web: Web): Router {
  const router = Router();
  router.get("/search", async (request, response) => {
    const words = queryOf(request, "q", 600).trim();
    const about = {
      title: words === "" ? "Search" : `Search: ${words.slice(0, 80)}`,
      section: "search" as const,
      ...(words === "" ? { canonical: "/search", description: "Search all papers by words." } : {}),
    };
    if (words === "") {
      web.pages.send(response, "search", about, { words });
      return;
    }
    const seconds = await web.limits.search(networkOf(request));
    if (seconds !== undefined) return sendTooOften(web, response, seconds);
    const named = await findNamedPaper(web.db, words);
    if (named?.paperId !== undefined) {
      response.redirect(303, `/papers/${named.paperId}`);
      return;
    }
    if (named) {
      web.pages.send(response, "search", about, { words, answer: { results: [] }, named: true });
      return;
    }
    const page = numberOf(request, "page", { from: 1, to: 1_000, otherwise: 1 });
    await web.cache.send(request, response, async () => {
      const answer = await searchPapers(web.db, words, { page, perPage: PER_PAGE });
      if (answer.kind === "error")
        return { status: 422, body: web.pages.render("search", about, { words, error: mistakeIn(words, answer) }) };
      const shown = pager(answer.total, answer.page, "/search", undefined, PER_PAGE, words);
      return { body: web.pages.render("search", about, { words, answer, author: authorOf(words), pager: shown }) };
    });
  });
  return router;
}

/** The search for an author, where the words may be a name: `author:"Ada Lovelace"`. */
function authorOf(words: string): string | undefined {
  return /^[\p{L}\p{M}.'’ -]{2,80}$/u.test(words) && !/(^| )(-|OR|AND|NEAR)/.test(words)
    ? `author:"${words}"`
    : undefined;
}
