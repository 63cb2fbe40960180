// Which sources are there? The one table: a name and what makes it; any other name may be the URL of a feed.
import { type Config, sourceNames } from "../config.ts";
import type { NamedSource } from "../core/ingest/freshness.ts";
import { arxiv } from "./arxiv.ts";
import { biorxiv } from "./biorxiv.ts";
import { feed } from "./feed.ts";
import { huggingface } from "./huggingface.ts";
import type { Source } from "./source.ts";

type Name = (typeof sourceNames)[number];
const table: Record<Name, (config: Config) => Source> = {
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
  const known = sourceNames.find((one) => one === name);
  return known ? table[known](config) : feed(name);
}

/** The configured sources as freshness and quiet days need them; no other names get past the settings. */
export function listConfiguredSources(config: Config): NamedSource[] {
  return config.SOURCES.flatMap((name) => findSource(name, config) ?? []);
}
