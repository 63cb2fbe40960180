// What is written down about a request? Route, status and time; no token, no address, no network.
import type { RequestHandler } from "express";
import type { Logger } from "pino";
import { observeRequest } from "./metrics.ts";

/** The route's pattern (`/confirm/:token`), so that nothing a reader sent is in the log. */
export function requestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    response.on("close", () => {
      const ms = performance.now() - startedAt;
      const route = typeof request.route?.path === "string" ? request.route.path : "unmatched";
      observeRequest(request.method, route, response.statusCode, ms / 1000);
      const line = { method: request.method, route, status: response.statusCode, ms: Math.round(ms * 10) / 10 };
      if (response.statusCode >= 500) log.warn(line, "request");
      else log.debug(line, "request");
    });
    next();
  };
}
