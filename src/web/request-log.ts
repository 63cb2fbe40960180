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

/** What an error may say in the log: a failed query names its parameters, so its cause speaks instead; addresses are cut out. */
export function describeError(error: unknown): { error: string; stack?: string | undefined } {
  if (!(error instanceof Error)) return { error: hide(String(error)) };
  const cause = error.message.startsWith("Failed query") && error.cause instanceof Error ? error.cause : error;
  const frames = (error.stack ?? "").split("\n").filter((line) => line.trimStart().startsWith("at "));
  return { error: hide(cause.message), stack: frames.slice(0, 6).join("\n") };
}

function hide(text: string): string {
  return text
    .replace(/[^\s@"'()<>=,]+@[^\s@"'()<>=,]+/g, "[address]")
    .replace(/\b[a-z][A-Za-z0-9.]{1,64}(?:-[a-z0-9]{1,9})?_[\w-]{22}\b/g, "[token]")
    .slice(0, 500);
}
