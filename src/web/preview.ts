// What would tomorrow's digest hold for a choice of topics?
import { choosePapers, numberPapers, rankTopics } from "../core/plan/rank.ts";
import { listTopicMatches, listWindowPapers } from "../db/matches.ts";
import { type ListedPaper, listListedPapers } from "../db/pages.ts";
import { listOfferedTopics } from "../db/topics.ts";
import type { Web } from "./web.ts";

const WINDOW_DAYS = 4;
const MOST_SHOWN = 5;

export type Preview = { papers: (ListedPaper & { topic: string })[]; total: number };

/** The best papers of the last days for these topics, chosen as a digest chooses them; nothing is written. */
export async function previewDigest(
  web: Web,
  choices: { topics: string[]; max_papers: string; min_upvotes: string },
): Promise<Preview> {
  const now = web.now();
  const offered = await listOfferedTopics(web.db);
  const chosenTopics = offered.filter(({ slug }) => choices.topics.includes(slug));
  if (chosenTopics.length === 0) return { papers: [], total: 0 };
  const from = new Date(now.getTime() - WINDOW_DAYS * 86_400_000);
  const topicIds = chosenTopics.map(({ id }) => id);
  const lists = numberPapers(await listWindowPapers(web.db, { from, to: now }), now);
  rankTopics(lists, await listTopicMatches(web.db, { topicIds, from: lists.firstId, to: lists.lastId }));
  const chosen = choosePapers(lists, {
    topicIds,
    sent: [],
    maxPapers: Number(choices.max_papers) || 10,
    minUpvotes: Number(choices.min_upvotes) || 0,
  });
  const shown = chosen.paperIds.slice(0, MOST_SHOWN);
  const papers = await listListedPapers(web.db, shown);
  const topicOf = new Map(
    shown.map((paperId, at) => [paperId, offered.find(({ id }) => id === chosen.topicIds[at])?.name ?? ""]),
  );
  return {
    papers: papers.map((paper) => ({ ...paper, topic: topicOf.get(paper.id) ?? "" })),
    total: chosen.paperIds.length + chosen.more,
  };
}
