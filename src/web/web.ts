// What does every route get? The context with what pages need beside it.
import type { Response } from "express";
import type { Context } from "../context.ts";
import type { NamedSource } from "../core/ingest/freshness.ts";
import { type Links, links } from "../core/links.ts";
import { type TokenAnswer, type TokenPurpose, verifyToken } from "../core/tokens.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import { type Assets, openAssets } from "./assets.ts";
import { type Limits, openLimits } from "./limits.ts";
import { type PageCache, pageCache } from "./page-cache.ts";
import { type Pages, pages } from "./pages.ts";

/** What web is lent because it may not import it. */
export type Extras = {
  /** The sources that are asked, as sentences about them name them. */
  sources?: NamedSource[] | undefined;
  /** The built-in mailbox, where this process shows it. */
  mailbox?: Pick<Mailbox, "list" | "find"> | undefined;
  /** The very message of a digest, or nothing where it is gone. */
  renderDigest?: ((digestId: number) => Promise<{ html: string; text: string } | undefined>) | undefined;
};

export type Web = Context & {
  extras: Extras;
  links: Links;
  pages: Pages;
  limits: Limits;
  cache: PageCache;
  assets: Assets;
};

export function openWeb(context: Context, extras: Extras): Web {
  const assets = openAssets();
  return {
    ...context,
    extras,
    assets,
    links: links(context.config.BASE_URL, context.keys),
    pages: pages(context.config, assets.version, extras.mailbox !== undefined),
    limits: openLimits(context),
    cache: pageCache(),
  };
}

/** One neutral answer for a page that is not there and for a link that opens nothing. */
export function sendNotFound(web: Web, response: Response): void {
  web.pages.send(response, "not-found", { title: "Not found", narrow: true }, {}, 404);
}

/** A link of ours as a path, so that a page works under whichever name it was reached. */
export function pathOf(web: Web, link: string): string {
  return link.slice(web.config.BASE_URL.length);
}

/** Tells who asks too often how long to wait. */
export function sendTooOften(web: Web, response: Response, seconds: number): void {
  response.set("Retry-After", String(seconds));
  web.pages.send(
    response,
    "error",
    { title: "Too many tries", narrow: true },
    { status: 429, minutes: Math.ceil(seconds / 60) },
    429,
  );
}

export type IdToken =
  | { kind: "valid"; id: number; issuedAt: Date | undefined }
  | Exclude<TokenAnswer, { kind: "valid" }>;

/** Reads a token whose subject is a database id. */
export function readIdToken(web: Web, purpose: TokenPurpose, token: unknown): IdToken {
  if (typeof token !== "string") return { kind: "unknown" };
  const answer = verifyToken(web.keys, purpose, token, web.now());
  if (answer.kind !== "valid") return answer;
  const id = Number(answer.subject);
  if (!Number.isSafeInteger(id) || id <= 0) return { kind: "unknown" };
  return { kind: "valid", id, issuedAt: answer.issuedAt };
}
