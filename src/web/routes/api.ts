// How do programs ask? JSON under /api/v1, described by OpenAPI, with a page that reads it offline.
import express, { type ErrorRequestHandler, type Request, type Response, Router } from "express";
import type { z } from "zod";
import { describeError } from "../../reason.ts";
import { openApi } from "../api/openapi.ts";
import { type Answer, type Operation, operations } from "../api/operations.ts";
import { networkOf } from "../limits.ts";
import type { Web } from "../web.ts";

export function apiRoutes(web: Web): Router {
  const router = Router();
  const document = openApi(web.config.BASE_URL);

  router.get("/openapi.json", (_request, response) => {
    response.set("Access-Control-Allow-Origin", "*").json(document);
  });
  router.get(["/docs", "/"], (_request, response) => {
    const about = { title: "API", description: "Papers, topics and sign-up for programs.", canonical: "/api/v1/docs" };
    web.pages.send(response, "api", about, { document, base: `${web.config.BASE_URL}/api/v1` });
  });

  for (const operation of operations) {
    const path = operation.path.replace(/\{(\w+)\}/g, ":$1");
    const answer = async (request: Request, response: Response): Promise<void> => {
      send(response, operation, await run(web, operation, request));
    };
    if (operation.method === "get") router.get(path, answer);
    else router.post(path, express.json({ limit: "32kb", type: "application/json" }), answer);
  }

  router.use((_request, response) => {
    response.status(404).set("Cache-Control", "no-store").json({ error: "There is no such thing here." });
  });
  const problem: ErrorRequestHandler = (error, _request, response, _next) => {
    const given = Number(error?.status);
    const status = given >= 400 && given < 500 ? given : 500;
    if (status === 500) web.log.error(describeError(error), "the API failed");
    const says = status === 500 ? "It is our fault, and it is noted." : "The request could not be read.";
    response.status(status).set("Cache-Control", "no-store").json({ error: says });
  };
  router.use(problem);
  return router;
}

async function run(web: Web, operation: Operation, request: Request): Promise<Answer> {
  if (operation.method === "get") {
    const seconds = await web.limits.read(networkOf(request));
    if (seconds !== undefined)
      return { status: 429, body: { error: "Too many questions; please wait." }, retryAfter: seconds };
  }
  const query = operation.query?.safeParse(request.query);
  const body = operation.body?.safeParse(request.body ?? {});
  for (const read of [query, body]) if (read && !read.success) return refusal(read.error);
  const parameters = Object.fromEntries(
    Object.keys(operation.parameters ?? {}).map((name) => [name, String(request.params[name] ?? "")]),
  );
  return operation.run(web, { query: query?.data, body: body?.data, parameters, request });
}

function refusal(error: z.ZodError): Answer {
  const fields: Record<string, string> = {};
  for (const issue of error.issues) fields[issue.path.join(".") || "body"] ??= issue.message;
  return { status: 422, body: { error: "Something needs another look.", fields } };
}

function send(response: Response, { method }: Operation, { status, body, retryAfter }: Answer): void {
  if (method === "get") response.set({ "Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=60" });
  else response.set("Cache-Control", "no-store");
  if (retryAfter !== undefined) response.set("Retry-After", String(retryAfter));
  if (status >= 400) response.set("Cache-Control", "no-store");
  response.status(status).json(body);
}
