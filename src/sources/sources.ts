// Which sources are there? The one table: a name and what makes it; any other name may be the URL of a feed.
import type { Config } from "../config.ts";
import type { NamedSource } from "../core/freshness.ts";
import { arxiv } from "./arxiv.ts";
import { biorxiv } from "./biorxiv.ts";
import { feed } from "./feed.ts";
import { huggingface } from "./huggingface.ts";
import type { Source } from "./source.ts";

const table: Record<string, (config: Config) => Source> = {
  huggingface: (config) => huggingface(config.HUGGINGFACE_URL),
  arxiv: (config) =>
    arxiv({
      feedUrl: config.ARXIV_FEED_URL,
      apiUrl: config.ARXIV_API_URL,
      oaiUrl: config.ARXIV_OAI_URL,
      categories: config.ARXIV_CATEGORIES,
    }),
  biorxiv: (config) => biorxiv(config.BIORXIV_URL, "biorxiv"),
  medrxiv: (config) => biorxiv(config.BIORXIV_URL, "medrxiv"),
};

/** The source of this name, or the feed at this URL; undefined when it is neither. */
export function findSource(name: string, config: Config): Source | undefined {
  return Object.hasOwn(table, name) ? table[name]?.(config) : feed(name);
}

/** The names in the table, for an error message. */
export function listSourceNames(): string[] {
  return Object.keys(table);
}

/** The configured sources as freshness and quiet days need them; unknown names are left out. */
export function listConfiguredSources(config: Config): NamedSource[] {
  return config.SOURCES.flatMap((name) => findSource(name, config) ?? []);
}
