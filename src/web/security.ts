// Which headers keep a page from doing harm? Helmet for all, stricter ones for pages behind a token and for foreign HTML.
import type { RequestHandler, Response } from "express";
import helmet from "helmet";
import type { Config } from "../config.ts";

/** Headers of every answer; nothing inline runs, nothing is loaded from elsewhere but thumbnails the operator allowed. */
export function securityHeaders(config: Config): RequestHandler {
  const https = config.BASE_URL.startsWith("https:");
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        connectSrc: ["'self'"],
        fontSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        frameSrc: ["'self'"],
        imgSrc: ["'self'", "data:", ...config.THUMBNAIL_HOSTS.map((host) => `https://${host}`)],
        manifestSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        ...(https ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    strictTransportSecurity: https ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: "strict-origin-when-cross-origin" },
    xFrameOptions: { action: "deny" },
    crossOriginEmbedderPolicy: false,
  });
}

/** For every page behind a token: seen by nobody else, kept by nobody, found by no search engine. */
export const privatePage: RequestHandler = (_request, response, next) => {
  response.set({
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
  });
  next();
};

/** For the HTML of a mail: its own styles, no scripts, no forms, nothing from elsewhere, in a frame of ours only. */
export function sendForeignHtml(response: Response, html: string): void {
  response
    .set({
      "Content-Security-Policy":
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox",
      "X-Frame-Options": "SAMEORIGIN",
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-store",
      "X-Robots-Tag": "noindex, nofollow",
    })
    .type("html")
    .send(html);
}
