// Who reads, and what do we know of one reader? For the operator's commands.
import { sql } from "drizzle-orm";
import type { Queryable } from "./connect.ts";

export type ListedSubscriber = {
  email: string;
  state: string;
  timezone: string;
  hour: number;
  cadence: string;
  topics: string[];
  createdAt: string;
};

const columns = sql`email, state, timezone, hour, cadence, max_papers as "maxPapers", due_at as "dueAt", created_at as "createdAt",
  array(select slug from subscriptions join topics on topics.id = topic_id where subscriber_id = subscribers.id order by slug) as topics`;

/** Subscribers by address, of one state or of all. */
export async function listSubscribers(
  db: Queryable,
  { state, limit }: { state?: string; limit: number },
): Promise<ListedSubscriber[]> {
  const answer = await db.execute<ListedSubscriber>(
    sql`select ${columns} from subscribers ${state ? sql`where state = ${state}` : sql``} order by email limit ${limit}`,
  );
  return answer.rows;
}

export type ShownSubscriber = ListedSubscriber & {
  digests: { editionDate: string; state: string; reason: string | null; papers: number }[];
  events: { kind: string; at: string }[];
};

/** One subscriber with the last editions and events; undefined where there is none. */
export async function showSubscriber(db: Queryable, email: string): Promise<ShownSubscriber | undefined> {
  const answer = await db.execute<ListedSubscriber & { id: string }>(
    sql`select id, ${columns} from subscribers where email = ${email}`,
  );
  const row = answer.rows[0];
  if (!row) return undefined;
  const { id, ...subscriber } = row;
  const digests = await db.execute<ShownSubscriber["digests"][number]>(
    sql`select edition_date::text as "editionDate", state, reason, cardinality(paper_ids) as papers
      from digests where subscriber_id = ${id} order by edition_date desc limit 14`,
  );
  const events = await db.execute<ShownSubscriber["events"][number]>(
    sql`select kind, at from events where subscriber_id = ${id} order by at desc limit 20`,
  );
  return { ...subscriber, digests: digests.rows, events: events.rows };
}
