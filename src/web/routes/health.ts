// Is it alive, is it ready, how is it doing?
import { Router } from "express";
import { type Counts, countEverything, pingDatabase } from "../../db/status.ts";
import { describeError } from "../../reason.ts";
import { countJobs, gauge, readMetrics } from "../metrics.ts";
import type { Web } from "../web.ts";

export function healthRoutes(web: Web): Router {
  const router = Router();
  const subscribers = gauge("paperboy_subscribers", "Subscribers by state.", ["state"]);
  const digests = gauge("paperboy_digests", "Digests planned in the last two days, by state.", ["state"]);
  const letters = gauge("paperboy_letters", "Transactional mails of the last two days, by state.", ["state"]);
  const returns = gauge("paperboy_returns", "Bounces, complaints and opt-outs of the last two days.", ["verdict"]);
  const papers = gauge("paperboy_papers", "Papers stored.", []);
  const sources = gauge("paperboy_source_silence_seconds", "Time since a source last ended well.", ["source"]);
  const jobs = gauge("paperboy_jobs", "Jobs by queue and state.", ["queue", "state"]);

  /** Millions of rows are counted once at a time, however many ask. */
  let counting: Promise<Counts> | undefined;

  router.get("/healthz", (_request, response) => {
    response.set("Cache-Control", "no-store").json({ status: "ok" });
  });

  router.get("/readyz", async (_request, response) => {
    const checks = { database: () => pingDatabase(web.db), queue: () => web.queue.ping() };
    const answers = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        try {
          await check();
          return [name, "ok"] as const;
        } catch (error) {
          web.log.warn({ check: name, ...describeError(error) }, "not ready");
          return [name, "does not answer"] as const;
        }
      }),
    );
    const ready = answers.every(([, answer]) => answer === "ok");
    response.status(ready ? 200 : 503).set("Cache-Control", "no-store");
    response.json({ status: ready ? "ok" : "not ready", ...Object.fromEntries(answers) });
  });

  router.get("/metrics", async (_request, response) => {
    counting ??= countEverything(web.db, web.now()).finally(() => {
      counting = undefined;
    });
    const [counts, queues] = await Promise.all([counting, countJobs(web.queue)]);
    for (const [metric, values] of [
      [subscribers, counts.subscribers],
      [digests, counts.digests],
      [letters, counts.letters],
      [returns, counts.returns],
      [sources, counts.sources],
    ] as const) {
      metric.reset();
      for (const [label, value] of Object.entries(values)) metric.labels(label).set(value);
    }
    papers.set(counts.papers);
    // A queue that is away has no numbers; the others are wanted all the more.
    jobs.reset();
    for (const [queue, states] of Object.entries(queues ?? {}))
      for (const [state, value] of Object.entries(states)) jobs.labels(queue, state).set(value);
    const { type, body } = await readMetrics();
    response.set("Cache-Control", "no-store").type(type).send(body);
  });

  return router;
}
