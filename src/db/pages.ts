// What do the public pages show? Papers of a day, a week or a topic, one paper with its reasons, and days beside a day.
import { sql } from "drizzle-orm";
import type { Paper } from "../core/paper.ts";
import type { Queryable } from "./connect.ts";
import { trendingAt } from "./trending.ts";

export type PaperTopic = { slug: string; name: string };
/** A paper as lists show it: the abstract is cut, of the authors there are the first, the last and how many. */
export type ListedPaper = Pick<
  Paper,
  "id" | "canonicalId" | "title" | "abstract" | "organization" | "links" | "thumbnail" | "listedOn"
> &
  Pick<Paper, "upvotes" | "comments" | "stars"> & {
    firstAuthors: string[];
    lastAuthor: string | null;
    authorCount: number;
    publishedOn: string | null;
    updatedAt: Date;
    topics: PaperTopic[];
  };
export type PaperPage = { total: number; papers: ListedPaper[] };

const DAY_MS = 86_400_000;
const ABSTRACT_CUT = 420;

const listed = sql.raw(`
  papers.id, papers.canonical_id as "canonicalId", papers.title,
  case when length(papers.abstract) <= ${ABSTRACT_CUT} then papers.abstract
    else regexp_replace(left(papers.abstract, ${ABSTRACT_CUT}), '\\s+\\S*$', '') || '…' end as abstract,
  papers.authors[1:3] as "firstAuthors", papers.authors[cardinality(papers.authors)] as "lastAuthor",
  coalesce(papers.author_count, cardinality(papers.authors)) as "authorCount", papers.organization, papers.links, papers.thumbnail,
  papers.upvotes, papers.comments, papers.stars, papers.listed_on::text as "listedOn",
  (papers.published_at at time zone 'UTC')::date::text as "publishedOn", papers.updated_at as "updatedAt",
  coalesce((
    select json_agg(json_build_object('slug', topics.slug, 'name', topics.name) order by matches.score desc, topics.id)
    from matches join topics on topics.id = matches.topic_id
    where matches.paper_id = papers.id and topics.owner_id is null and topics.retired_at is null
  ), '[]'::json) as topics`);

type Row = Omit<ListedPaper, "updatedAt"> & { updatedAt: string | Date };
const read = (rows: Row[]): ListedPaper[] => rows.map((row) => ({ ...row, updatedAt: new Date(row.updatedAt) }));

/** The latest list day that is not in the future, or undefined where there is no paper. */
export async function findLatestDay(db: Queryable, now: Date): Promise<string | undefined> {
  const answer = await db.execute<{ day: string | null }>(
    sql`select max(listed_on)::text as day from papers where listed_on <= ${now.toISOString().slice(0, 10)} and withdrawn_at is null`,
  );
  return answer.rows[0]?.day ?? undefined;
}

/** The nearest list days before and after a day. */
export async function findNeighbourDays(
  db: Queryable,
  day: string,
  now: Date,
): Promise<{ previous?: string; next?: string }> {
  const answer = await db.execute<{ previous: string | null; next: string | null }>(
    sql`select (select max(listed_on)::text from papers where listed_on < ${day} and withdrawn_at is null) as previous,
      (select min(listed_on)::text from papers where listed_on > ${day} and withdrawn_at is null
        and listed_on <= ${now.toISOString().slice(0, 10)}) as next`,
  );
  const { previous, next } = answer.rows[0] ?? {};
  return { ...(previous ? { previous } : {}), ...(next ? { next } : {}) };
}

export type Span = { from: string; to: string; topic?: string | undefined; limit: number; offset: number; now: Date };

/** Papers listed from one date to another, both included, as they trend now or did at the end; of one offered topic where given. */
export async function listPapersOfSpan(
  db: Queryable,
  { from, to, topic, limit, offset, now }: Span,
): Promise<PaperPage> {
  const inside = sql`papers.listed_on between ${from} and ${to} and papers.withdrawn_at is null
    ${
      topic === undefined
        ? sql``
        : sql`and exists (select 1 from matches join topics on topics.id = matches.topic_id
      where matches.paper_id = papers.id and topics.slug = ${topic} and topics.owner_id is null and topics.retired_at is null)`
    }`;
  const at = new Date(Math.min(now.getTime(), Date.parse(to) + DAY_MS));
  const count = await db.execute<{ total: number }>(sql`select count(*)::int as total from papers where ${inside}`);
  const answer = await db.execute<Row>(
    sql`select ${listed} from papers where ${inside}
      order by ${trendingAt(at)} desc, papers.id limit ${limit} offset ${offset}`,
  );
  return { total: count.rows[0]?.total ?? 0, papers: read(answer.rows) };
}

/** How many papers each offered topic has in a span, most first; topics without any are left out. */
export async function countTopicsOfSpan(
  db: Queryable,
  { from, to }: { from: string; to: string },
): Promise<(PaperTopic & { papers: number })[]> {
  const answer = await db.execute<PaperTopic & { papers: number }>(
    sql`select topics.slug, topics.name, count(*)::int as papers
      from papers join matches on matches.paper_id = papers.id join topics on topics.id = matches.topic_id
      where papers.listed_on between ${from} and ${to} and papers.withdrawn_at is null
        and topics.owner_id is null and topics.retired_at is null
      group by topics.id order by papers desc, topics.position, topics.id`,
  );
  return answer.rows;
}

/** The papers of an offered topic, newest day first. */
export async function listPapersOfTopic(
  db: Queryable,
  { topicId, limit, offset, now }: { topicId: number; limit: number; offset: number; now: Date },
): Promise<PaperPage> {
  const inside = sql`from papers join matches on matches.paper_id = papers.id
    where matches.topic_id = ${topicId} and papers.withdrawn_at is null and papers.listed_on <= ${now.toISOString().slice(0, 10)}`;
  const count = await db.execute<{ total: number }>(sql`select count(*)::int as total ${inside}`);
  const answer = await db.execute<Row>(
    sql`select ${listed} ${inside} order by papers.listed_on desc, papers.upvotes desc, papers.id limit ${limit} offset ${offset}`,
  );
  return { total: count.rows[0]?.total ?? 0, papers: read(answer.rows) };
}

/** Papers by their ids, in that order; ids that are gone are left out. */
export async function listListedPapers(db: Queryable, ids: number[]): Promise<ListedPaper[]> {
  if (ids.length === 0) return [];
  const answer = await db.execute<Row>(
    sql`select ${listed} from papers where papers.id = any(${sql.param(ids)}::int[])
      order by array_position(${sql.param(ids)}::int[], papers.id)`,
  );
  return read(answer.rows);
}

/** Papers of the same fortnight that share the most topics with a paper, then the most upvoted. */
export async function listRelatedPapers(db: Queryable, paper: Paper, limit: number): Promise<ListedPaper[]> {
  const answer = await db.execute<Row>(
    sql`with related as (
        select other.paper_id as id, count(*) as shared, sum(least(other.score, 5)) as weight
        from matches mine join matches other on other.topic_id = mine.topic_id and other.paper_id <> mine.paper_id
          join topics on topics.id = mine.topic_id and topics.owner_id is null and topics.retired_at is null
          join papers near on near.id = other.paper_id
        where mine.paper_id = ${paper.id} and near.withdrawn_at is null
          and near.listed_on between ${paper.listedOn}::date - 7 and ${paper.listedOn}::date + 7
        group by other.paper_id order by shared desc, weight desc, other.paper_id limit ${limit}
      )
      select ${listed} from related join papers on papers.id = related.id
      order by related.shared desc, related.weight desc, papers.upvotes desc, papers.id`,
  );
  return read(answer.rows);
}

/** About how many papers a list day answer any of these offered topics, over the list days since a date. */
export async function countPapersADay(db: Queryable, slugs: string[], since: string): Promise<number> {
  if (slugs.length === 0) return 0;
  const answer = await db.execute<{ papers: number; days: number }>(
    sql`select count(distinct papers.id)::int as papers,
        (select count(distinct listed_on)::int from papers where listed_on >= ${since}) as days
      from papers join matches on matches.paper_id = papers.id join topics on topics.id = matches.topic_id
      where papers.listed_on >= ${since} and papers.withdrawn_at is null and topics.owner_id is null
        and topics.retired_at is null and topics.slug = any(${sql.param(slugs)}::text[])`,
  );
  const { papers = 0, days = 0 } = answer.rows[0] ?? {};
  return days === 0 ? 0 : papers / days;
}
