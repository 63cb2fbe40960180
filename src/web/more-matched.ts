// Which papers matched an edition and fell to its cap? What the mail counts, the edition's page lists.
import { WINDOW_DAYS } from "../core/plan/plan.ts";
import { choosePapers, numberPapers, rankTopics } from "../core/plan/rank.ts";
import { type Edition, listReceivedUntil } from "../db/editions.ts";
import { openExclusions } from "../db/exclusions.ts";
import { listTopicMatches, listWindowPapers } from "../db/matches.ts";
import { type ListedPaper, listListedPapers } from "../db/pages.ts";
import { findSubscriber, listTopicsToRead } from "../db/subscriber-rows.ts";
import type { Web } from "./web.ts";

const MOST_SHOWN = 100;
const DAY_MS = 86_400_000;

/** A paper, and the name of the topic that it answers. */
export type MoreMatched = ListedPaper & { topic: string };

/** At most 100 of an edition's papers over the cap, best first, as the reader's choices are today; nothing is written. */
export async function listMoreMatched(web: Web, edition: Edition): Promise<MoreMatched[]> {
  const reader = edition.more > 0 ? await findSubscriber(web.db, edition.subscriberId) : undefined;
  if (!reader) return [];
  const to = edition.plannedAt;
  const window = { from: new Date(to.getTime() - WINDOW_DAYS * DAY_MS), to };
  const [papers, topics, sent, excluded] = await Promise.all([
    listWindowPapers(web.db, window),
    listTopicsToRead(web.db, reader.id),
    listReceivedUntil(web.db, edition),
    openExclusions(window)(web.db, reader.excluded === "" ? [] : [reader.excluded]),
  ]);
  const lists = numberPapers(papers, to);
  const topicIds = topics.map(({ id }) => id);
  rankTopics(lists, await listTopicMatches(web.db, { topicIds, from: lists.firstId, to: lists.lastId }));
  const chosen = choosePapers(lists, {
    topicIds,
    sent,
    maxPapers: Math.min(edition.more, MOST_SHOWN),
    minUpvotes: reader.minUpvotes,
    excluded: excluded.get(reader.excluded),
  });
  const names = new Map(topics.map(({ id, name }) => [id, name]));
  const topicOf = new Map(chosen.paperIds.map((paperId, at) => [paperId, names.get(chosen.topicIds[at] ?? 0) ?? ""]));
  const shown = await listListedPapers(web.db, chosen.paperIds);
  return shown.map((paper) => ({ ...paper, topic: topicOf.get(paper.id) ?? "" }));
}
