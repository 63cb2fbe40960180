// What can the operator see and do? Sources, editions, troubles, readers and the audit trail, behind a login.
import { pipeline } from "node:stream/promises";
import { type Request, type RequestHandler, type Response, Router } from "express";
import { type WebhookProvider, webhookProviders } from "../../core/feedback/webhooks.ts";
import { sourceStatus } from "../../core/ingest/freshness.ts";
import { eraseSubscriber } from "../../db/account.ts";
import { listEditions } from "../../db/editions.ts";
import { listEvents, recordEvent } from "../../db/events.ts";
import { unsubscribe } from "../../db/leaving.ts";
import {
  listEditionStates,
  listFailures,
  listProviderTroubles,
  resumeProvider,
  searchSubscribers,
} from "../../db/operator.ts";
import { readHistories } from "../../db/source-runs.ts";
import { countEverything } from "../../db/status.ts";
import { listForExport } from "../../db/subscriber-import.ts";
import { findSubscriber, listChosenTopics, type Subscriber } from "../../db/subscriber-rows.ts";
import { suppress } from "../../db/suppressions.ts";
import { csvHeader, writeCsvLine } from "../../subscriber-csv.ts";
import { fieldOf, formOf, paramOf, queryOf, readForm, readId } from "../forms.ts";
import { networkOf } from "../limits.ts";
import { countJobs } from "../metrics.ts";
import { privatePage } from "../security.ts";
import { closeSession, isOwnForm, isPassword, openSession, readSession, type Session } from "../session.ts";
import { pathOf, sendNotFound, sendTooOften, type Web } from "../web.ts";

const titles: Record<WebhookProvider, string> = {
  ses: "Amazon SES (through SNS)",
  mailgun: "Mailgun",
  postmark: "Postmark",
  sendgrid: "SendGrid",
};
const EDITION_DAYS = 7;
const FOUND = 50;

export function adminRoutes(web: Web): Router {
  const router = Router();
  if (web.config.ADMIN_PASSWORD === undefined) return router;

  const sessions = new WeakMap<Request, Session>();
  const sessionOf = (request: Request): Session => sessions.get(request) ?? { csrf: "" };
  const operator: RequestHandler = (request, response, next) => {
    const session = readSession(web, request);
    if (!session)
      return web.pages.send(response, "admin-login", { title: "Operator", narrow: true }, { wrong: false }, 401);
    sessions.set(request, session);
    next();
  };
  const ownForm: RequestHandler = (request, response, next) => {
    if (isOwnForm(sessionOf(request), fieldOf(formOf(request), "csrf"))) return next();
    web.pages.send(response, "error", { title: "Not ours", narrow: true }, { status: 403 }, 403);
  };
  const show = (request: Request, response: Response, template: string, title: string, data: object, status = 200) =>
    web.pages.send(response, template, { title, section: "admin" }, { ...data, csrf: sessionOf(request).csrf }, status);
  const acts: RequestHandler[] = [privatePage, operator, readForm, ownForm];

  router.post("/admin/login", privatePage, readForm, async (request, response) => {
    const seconds = await web.limits.hit("login", networkOf(request));
    if (seconds !== undefined) return sendTooOften(web, response, seconds);
    if (!isPassword(web, fieldOf(formOf(request), "password")))
      return web.pages.send(response, "admin-login", { title: "Operator", narrow: true }, { wrong: true }, 422);
    openSession(web, response);
    await recordEvent(web.db, null, "operator-login", web.now());
    response.redirect(303, "/admin");
  });

  router.post("/admin/logout", acts, (_request: Request, response: Response) => {
    closeSession(web, response);
    response.redirect(303, "/");
  });

  router.get("/admin", privatePage, operator, async (request, response) => {
    const now = web.now();
    const [counts, runs, editions, troubles, failures, queues] = await Promise.all([
      countEverything(web.db, now),
      readHistories(web.db, now),
      listEditionStates(web.db, { days: EDITION_DAYS, now }),
      listProviderTroubles(web.db, now),
      listFailures(web.db, now),
      countJobs(web.queue),
    ]);
    const sources = web.config.SOURCES.map((name) => {
      const known = web.extras.sources?.find((source) => source.name === name);
      const history = runs.get(name);
      const status = sourceStatus(known ?? { name, title: name, calendar: "any" }, history, now);
      return { name, ...status, asked: history?.lastStartedAt, error: history?.lastError };
    });
    const webhooks = webhookProviders.map((name) => ({ name: titles[name], url: web.links.webhook(name) }));
    show(request, response, "admin", "Operator", { counts, sources, editions, troubles, failures, queues, webhooks });
  });

  router.get("/admin/subscribers", privatePage, operator, async (request, response) => {
    const words = queryOf(request, "q", 200).trim();
    const found = await searchSubscribers(web.db, words, FOUND);
    show(request, response, "admin-subscribers", "Readers", { words, found, most: FOUND });
  });

  router.get("/admin/subscribers.csv", privatePage, operator, async (_request, response) => {
    response.attachment("subscribers.csv").type("text/csv; charset=utf-8");
    // Read no faster than it is taken; who goes away in the middle ends it.
    await pipeline(csvOf(web), response).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
    });
  });

  router.get("/admin/subscribers/:id", privatePage, operator, async (request, response) => {
    const subscriber = await findReader(web, request);
    if (!subscriber) return sendNotFound(web, response);
    const [topics, editions, events] = await Promise.all([
      listChosenTopics(web.db, subscriber.id),
      listEditions(web.db, subscriber.id, 14),
      listEvents(web.db, { subscriberId: subscriber.id, limit: 50 }),
    ]);
    show(request, response, "admin-subscriber", subscriber.email, {
      subscriber,
      topics,
      editions: editions.map((edition) => ({ ...edition, link: pathOf(web, web.links.digest(edition.id)) })),
      events,
    });
  });

  router.post("/admin/subscribers/:id", acts, async (request: Request, response: Response) => {
    const subscriber = await findReader(web, request);
    if (!subscriber) return sendNotFound(web, response);
    const action = fieldOf(formOf(request), "action");
    const common = { subscriberId: subscriber.id, via: "operator", now: web.now() };
    if (action === "unsubscribe") await unsubscribe(web.db, common);
    else if (action === "suppress")
      await suppress(web.db, web.keys, { ...common, email: subscriber.email, reason: "manual" });
    else if (action === "erase") await eraseSubscriber(web.db, common);
    else return sendNotFound(web, response);
    response.redirect(303, action === "erase" ? "/admin/subscribers" : `/admin/subscribers/${subscriber.id}`);
  });

  router.post("/admin/providers", acts, async (request: Request, response: Response) => {
    const provider = fieldOf(formOf(request), "provider").slice(0, 255);
    if (await resumeProvider(web.db, provider, web.now())) {
      await recordEvent(web.db, null, "provider-resumed", web.now(), { provider });
      await web.queue.ring("tidy", { at: web.now().toISOString() });
    }
    response.redirect(303, "/admin");
  });

  router.get("/admin/audit", privatePage, operator, async (request, response) => {
    show(request, response, "admin-audit", "Audit trail", { events: await listEvents(web.db, { limit: 200 }) });
  });

  return router;
}

async function* csvOf(web: Web): AsyncGenerator<string> {
  yield csvHeader;
  for await (const rows of listForExport(web.db)) yield rows.map(writeCsvLine).join("");
}

async function findReader(web: Web, request: Request): Promise<Subscriber | undefined> {
  const id = readId(paramOf(request, "id"));
  return id === undefined ? undefined : findSubscriber(web.db, id);
}
