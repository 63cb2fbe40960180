// What is this, how does it work, and what is kept about a reader?
import { Router } from "express";
import type { Web } from "../web.ts";

export function helpRoutes(web: Web): Router {
  const router = Router();
  router.get("/help", async (request, response) => {
    await web.cache.send(request, response, async () => ({
      body: web.pages.render(
        "help",
        { title: "Help", description: "How Paperboy works and what it keeps.", canonical: "/help", narrow: true },
        { postal: web.config.POSTAL_ADDRESS },
      ),
    }));
  });
  router.get("/robots.txt", (_request, response) => {
    const closed = ["confirm", "preferences", "unsubscribe", "digests", "feeds", "vote", "mailbox", "admin", "search"];
    response.type("text").send(`User-agent: *\n${closed.map((path) => `Disallow: /${path}`).join("\n")}\n`);
  });
  return router;
}
