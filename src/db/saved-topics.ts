// Which topics did a reader write?
import { sql } from "drizzle-orm";
import { explainInParts } from "../core/match/explain.ts";
import { listRuleTerms, type ParsedRules, parseRules } from "../core/match/rules.ts";
import { compileRules } from "./compiled.ts";
import type { Queryable } from "./connect.ts";
import { listRecentPapers, replaceMatches } from "./matches.ts";
import { lockTopics, REMATCH_DAYS } from "./topics.ts";

export type SavedTopic = { id: number; name: string; rules: string };
export type SaveAnswer =
  | { kind: "saved"; id: number }
  | { kind: "error"; message: string; at: number }
  | { kind: "too many" }
  | { kind: "gone" };

export const MAX_SAVED_TOPICS = 20;
const MAX_NAME_LENGTH = 80;
const MAX_RULES_LENGTH = 2_000;
const MAX_TERMS = 60;
const MAX_PAPERS = 5_000;

/** The topics a subscriber wrote, in the order they came. */
export async function listSavedTopics(db: Queryable, ownerId: number): Promise<SavedTopic[]> {
  const answer = await db.execute<SavedTopic>(
    sql`select id, name, rules from topics where owner_id = ${ownerId} and retired_at is null order by id`,
  );
  return answer.rows;
}

/** Reads rules of a subscriber's own topic; they may be shorter and hold fewer words than those on offer. */
export function readOwnRules(text: string): ParsedRules {
  if (text.length > MAX_RULES_LENGTH)
    return { kind: "error", message: `At most ${MAX_RULES_LENGTH} characters`, at: MAX_RULES_LENGTH };
  const parsed = parseRules(text);
  if (parsed.kind === "ok" && listRuleTerms(parsed.rules.root).length > MAX_TERMS)
    return { kind: "error", message: `At most ${MAX_TERMS} words and phrases`, at: 0 };
  return parsed;
}

/**
 * Saves a topic of a subscriber (a new one without `id`), subscribes them to it and matches it to the papers of the last
 * 14 days at once. `at` of an error is the character of the rules, from 0.
 */
export async function saveTopic(
  db: Queryable,
  { ownerId, id, name, rules: text }: { ownerId: number; id?: number; name: string; rules: string },
  now: Date,
): Promise<SaveAnswer> {
  const shown = name.trim().replace(/\s+/g, " ").slice(0, MAX_NAME_LENGTH) || text.trim().slice(0, 40);
  const parsed = readOwnRules(text);
  if (parsed.kind === "error") return parsed;
  return db.transaction(async (transaction) => {
    await lockTopics(transaction, "to write");
    const owner = await transaction.execute(sql`select 1 from subscribers where id = ${ownerId} for update`);
    if (owner.rowCount === 0) return { kind: "gone" };
    const topicId = await writeTopic(transaction, { ownerId, id, name: shown, rules: text.trim(), now });
    if (typeof topicId !== "number") return topicId;
    await transaction.execute(
      sql`insert into subscriptions (subscriber_id, topic_id) values (${ownerId}, ${topicId}) on conflict do nothing`,
    );
    const compiled = await compileRules(transaction, [{ id: topicId, rules: parsed.rules }]);
    const from = new Date(now.getTime() - REMATCH_DAYS * 86_400_000);
    const papers = await listRecentPapers(transaction, { from, limit: MAX_PAPERS });
    const paperIds = papers.map(({ id }) => id);
    await replaceMatches(transaction, { paperIds, topicIds: [topicId], parts: explainInParts(papers, compiled) });
    return { kind: "saved", id: topicId };
  });
}

type Wanted = { ownerId: number; id: number | undefined; name: string; rules: string; now: Date };

async function writeTopic(transaction: Queryable, wanted: Wanted): Promise<number | SaveAnswer> {
  const { ownerId, id, name, rules, now } = wanted;
  if (id !== undefined) {
    const known = await transaction.execute(
      sql`update topics set name = ${name}, rules = ${rules} where id = ${id} and owner_id = ${ownerId}`,
    );
    return known.rowCount === 1 ? id : { kind: "gone" };
  }
  const saved = await listSavedTopics(transaction, ownerId);
  const same = saved.find((topic) => topic.rules === rules);
  if (same) return same.id;
  if (saved.length >= MAX_SAVED_TOPICS) return { kind: "too many" };
  const added = await transaction.execute<{ id: number }>(
    sql`insert into topics (slug, name, rules, owner_id, created_at)
      values ('saved', ${name}, ${rules}, ${ownerId}, ${now.toISOString()}) returning id`,
  );
  return added.rows[0]?.id ?? { kind: "gone" };
}

/** Deletes a topic of a subscriber with its matches; false where there was none. */
export async function deleteSavedTopic(
  db: Queryable,
  { ownerId, id }: { ownerId: number; id: number },
): Promise<boolean> {
  const answer = await db.execute(sql`delete from topics where id = ${id} and owner_id = ${ownerId}`);
  return answer.rowCount === 1;
}
