// Is this a day on which no source has news?
import { isWeekend } from "./schedule.ts";

const weekdaySources = new Set(["huggingface", "arxiv", "biorxiv", "medrxiv"]);

/** Why an edition of this local day (`YYYY-MM-DD`) has nothing to tell; undefined on days with news. Feeds never rest. */
export function quietReason(sources: string[], editionDate: string): string | undefined {
  return isWeekend(editionDate) && sources.every((source) => weekdaySources.has(source))
    ? "no list on weekends"
    : undefined;
}
