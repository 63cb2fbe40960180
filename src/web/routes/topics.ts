// Which topics are on offer, and what did one bring lately?
import { Router } from "express";
import { listPapersOfTopic } from "../../db/pages.ts";
import { numberOf, paramOf } from "../forms.ts";
import { listTopicAreas, PER_PAGE, pager } from "../front.ts";
import { sendNotFound, type Web } from "../web.ts";

export function topicRoutes(web: Web): Router {
  const router = Router();

  router.get("/topics", async (request, response) => {
    await web.cache.send(request, response, async () => {
      const page = {
        title: "Topics",
        description: "The topics to choose from, with papers a day and samples.",
        canonical: "/topics",
        section: "topics" as const,
      };
      return { body: web.pages.render("topics", page, { areas: await listTopicAreas(web) }) };
    });
  });

  router.get("/topics/:slug", async (request, response) => {
    const slug = paramOf(request, "slug");
    const sent = await web.cache.send(request, response, async () => {
      const areas = await listTopicAreas(web);
      const topic = areas.flatMap(({ topics }) => topics).find((one) => one.slug === slug);
      if (!topic) return undefined;
      const page = numberOf(request, "page", { from: 1, to: 1_000, otherwise: 1 });
      const list = await listPapersOfTopic(web.db, {
        topicId: topic.id,
        limit: PER_PAGE,
        offset: (page - 1) * PER_PAGE,
        now: web.now(),
      });
      const path = `/topics/${slug}`;
      const about = {
        title: topic.name,
        description: topic.description,
        canonical: path,
        section: "topics" as const,
        feeds: [{ title: topic.name, path: `${path}.atom` }],
      };
      return {
        body: web.pages.render("topic", about, { topic, ...list, pager: pager(list.total, page, path) }),
      };
    });
    if (!sent) sendNotFound(web, response);
  });

  return router;
}
