// What answers over HTTP? Every page and the order in which a request meets them.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type ErrorRequestHandler, type Express } from "express";
import type { Context } from "../context.ts";
import { describeError } from "../reason.ts";
import { requestLog } from "./request-log.ts";
import { accountRoutes } from "./routes/account.ts";
import { adminRoutes } from "./routes/admin.ts";
import { apiRoutes } from "./routes/api.ts";
import { digestRoutes } from "./routes/digests.ts";
import { feedRoutes } from "./routes/feeds.ts";
import { healthRoutes } from "./routes/health.ts";
import { helpRoutes } from "./routes/help.ts";
import { mailboxRoutes } from "./routes/mailbox.ts";
import { paperRoutes } from "./routes/papers.ts";
import { preferencesRoutes } from "./routes/preferences.ts";
import { savedTopicRoutes } from "./routes/saved-topics.ts";
import { searchRoutes } from "./routes/search.ts";
import { subscribeRoutes } from "./routes/subscribe.ts";
import { topicRoutes } from "./routes/topics.ts";
import { unsubscribeRoutes } from "./routes/unsubscribe.ts";
import { voteRoutes } from "./routes/votes.ts";
import { webhookRoutes } from "./routes/webhooks.ts";
import { securityHeaders } from "./security.ts";
import { type Extras, openWeb, sendNotFound, type Web } from "./web.ts";

/** Builds the web application on what main made; importing or building it listens to nothing. */
export function createApp(context: Context, extras: Extras = {}): Express {
  const web = openWeb(context, extras);
  const app = express();
  app.disable("x-powered-by").disable("etag").set("query parser", "simple");
  app.set("trust proxy", context.config.TRUST_PROXY);
  app.use(requestLog(context.log), securityHeaders(context.config));
  app.use(web.assets.routes);
  app.use("/api/v1", apiRoutes(web));
  app.use(
    healthRoutes(web),
    feedRoutes(web),
    paperRoutes(web),
    topicRoutes(web),
    subscribeRoutes(web),
    preferencesRoutes(web),
    unsubscribeRoutes(web),
    digestRoutes(web),
    searchRoutes(web),
    accountRoutes(web),
    savedTopicRoutes(web),
    voteRoutes(web),
    webhookRoutes(web),
    mailboxRoutes(web),
    adminRoutes(web),
    helpRoutes(web),
  );
  app.use((_request, response) => {
    sendNotFound(web, response);
  });
  app.use(errorPage(web));
  return app;
}

/** Bodies that are too large or cannot be read are the sender's fault; all else is ours, and shows no inside. */
function errorPage(web: Web): ErrorRequestHandler {
  return (error, request, response, _next) => {
    const given = Number((error as { status?: unknown }).status);
    const status = error?.name === "MulterError" ? 413 : given >= 400 && given < 500 ? given : 500;
    if (status === 500) web.log.error({ ...describeError(error), method: request.method }, "a page failed");
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.set("Cache-Control", "no-store");
    const title =
      status === 500 ? "Something went wrong" : status === 413 ? "That was too much" : "That could not be read";
    web.pages.send(response, "error", { title, narrow: true }, { status }, status);
  };
}

export type Serving = { url: string; port: number; close: (deadlineMs?: number) => Promise<void> };

/**
 * Listens. Who has not sent the headers in `patienceMs`, or the body in twice that, is cut off; `close` lets running answers
 * finish for at most `deadlineMs`.
 */
export async function serve(
  app: Express,
  { host, port, patienceMs = 10_000 }: { host: string; port: number; patienceMs?: number },
): Promise<Serving> {
  const server = createServer(
    {
      headersTimeout: patienceMs,
      requestTimeout: 2 * patienceMs,
      // Node looks for the slow only this often, every 30 seconds by default.
      connectionsCheckingInterval: patienceMs / 5,
      keepAliveTimeout: 5_000,
    },
    app,
  );
  server.maxHeadersCount = 100;
  server.maxRequestsPerSocket = 10_000;
  server.setTimeout(3 * patienceMs);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  const shown = address.address.includes(":") ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    port: address.port,
    async close(deadlineMs = 5_000) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), deadlineMs).unref();
      await closed;
      clearTimeout(late);
    },
  };
}
