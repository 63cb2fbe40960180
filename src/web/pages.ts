// How does a page become HTML? Eta templates with autoescape on, one layout, assets with their version.
import path from "node:path";
import { Eta } from "eta";
import type { Response } from "express";
import type { Config } from "../config.ts";
import { distinctTerms } from "../core/deliver/digest-words.ts";
import { count, date, day, hour, instant, names, perDay, plural, shorten } from "./format.ts";

const root = path.join(import.meta.dirname, "../..");
/** What templates write dates, counts and names with. */
const format = { count, date, day, hour, instant, names, perDay, plural, shorten, terms: distinctTerms };

/** What the layout asks of every page. */
export type Page = {
  title: string;
  /** One sentence for search engines and social cards. */
  description?: string;
  /** Path below the base URL; its absence keeps a page out of search engines. */
  canonical?: string;
  /** The navigation entry that is lit. */
  section?: "papers" | "topics" | "search" | "admin" | "mailbox" | undefined;
  feeds?: { title: string; path: string }[];
  /** Set on article pages for social cards. */
  card?: { title: string; description: string; publishedAt?: string | undefined; authors?: string[] };
  /** Wide pages use the whole measure, narrow ones are forms and letters. */
  narrow?: boolean;
};

export type Pages = {
  /** The HTML of a template of templates/web inside the layout. */
  render: (template: string, page: Page, data?: object) => string;
  /** Sends a page that is not the same for everybody, and so is kept by nobody. */
  send: (response: Response, template: string, page: Page, data?: object, status?: number) => void;
};

/** `assets` is the version of style and script. */
export function pages(config: Config, assets: string, mailbox: boolean): Pages {
  const eta = new Eta({ views: path.join(root, "templates/web"), cache: true, autoEscape: true });
  const site = {
    name: "Paperboy",
    baseUrl: config.BASE_URL,
    assets,
    mailbox,
    admin: config.ADMIN_PASSWORD !== undefined,
    /** The address of a thumbnail that pages may show; other hosts are never asked. */
    thumbnail: (text: string | null) => allowedImage(text, config.THUMBNAIL_HOSTS),
  };
  const render: Pages["render"] = (template, page, data = {}) =>
    eta.render("./layout", {
      site,
      page,
      format,
      body: eta.render(`./${template}`, { ...data, site, page, format }),
    });
  return {
    render,
    send(response, template, page, data, status = 200) {
      response
        .status(status)
        .set("Cache-Control", response.get("Cache-Control") ?? "no-store")
        .type("html")
        .send(render(template, page, data));
    },
  };
}

function allowedImage(text: string | null, hosts: string[]): string | undefined {
  if (text === null || !URL.canParse(text)) return undefined;
  const { protocol, hostname, port, username, href } = new URL(text);
  return protocol === "https:" && port === "" && username === "" && hosts.includes(hostname) ? href : undefined;
}
