// How does one batch of merged papers become rows? Locks, inserts and updates, each in one statement.
import { getTableColumns, sql } from "drizzle-orm";
import type { Paper, PaperDraft, StoredPaper } from "../core/paper.ts";
import type { Queryable } from "./connect.ts";
import { papers } from "./schema.ts";

/** What a row is read by, without what only PostgreSQL and match look at. */
const {
  search: _search,
  matchedAt: _matchedAt,
  createdAt: _createdAt,
  updatedAt: _updatedAt,
  ...read
} = getTableColumns(papers);
export const paperColumns = read;

/**
 * Locks the rows these drafts belong to, and answers for each draft: its row, if any, and the key under which drafts of one work
 * come together. A work is known by canonical id, or by DOI where only one of the two readings knows an arXiv id.
 */
export async function lockKnownPapers(
  transaction: Queryable,
  drafts: PaperDraft[],
): Promise<(draft: PaperDraft) => { key: string; row: Paper | undefined }> {
  const dois = [...new Set(drafts.flatMap((draft) => doiOf(draft) ?? []))];
  const ids = [...new Set(drafts.map((draft) => draft.canonicalId)), ...dois.map((doi) => `doi:${doi}`)];
  const rows = await transaction
    .select(paperColumns)
    .from(papers)
    .where(
      sql`canonical_id = any(${sql.param(ids)}::text[]) or (links ->> 'doi' is not null and links ->> 'doi' = any(${sql.param(dois)}::text[]))`,
    )
    .orderBy(papers.id)
    .for("no key update");
  const byId = new Map(rows.map((row) => [row.canonicalId, row]));
  const byDoi = new Map(rows.flatMap((row) => (row.links.doi ? [[row.links.doi, row] as const] : [])));
  const arxivByDoi = new Map(
    drafts.flatMap((draft) => {
      const doi = doiOf(draft);
      return doi && isArxiv(draft) ? [[doi, draft.canonicalId] as const] : [];
    }),
  );
  return (draft) => {
    const doi = doiOf(draft);
    const other = doi === undefined ? undefined : isArxiv(draft) ? byId.get(`doi:${doi}`) : byDoi.get(doi);
    const row = byId.get(draft.canonicalId) ?? other;
    const alias = doi === undefined || isArxiv(draft) ? undefined : arxivByDoi.get(doi);
    return { key: row?.canonicalId ?? alias ?? draft.canonicalId, row };
  };
}

/** Inserts papers that are not there yet: canonical id → database id. One that another process inserted meanwhile is left out. */
export async function insertPapers(
  transaction: Queryable,
  rows: StoredPaper[],
  now: Date,
): Promise<Map<string, number>> {
  if (rows.length === 0) return new Map();
  const answer = await transaction.execute<{ id: number; canonical_id: string }>(
    sql`insert into papers (${sql.raw(columns)}, created_at, updated_at)
      select ${sql.raw(columns)}, ${now.toISOString()}::timestamptz, ${now.toISOString()}::timestamptz
      from ${recordset(rows)} order by canonical_id
      on conflict (canonical_id) do nothing returning id, canonical_id`,
  );
  return new Map(answer.rows.map((row) => [row.canonical_id, row.id]));
}

/** Writes merged papers back; text that changed is to be matched again. */
export async function updatePapers(
  transaction: Queryable,
  changes: { id: number; paper: StoredPaper; textChanged: boolean }[],
  now: Date,
): Promise<void> {
  if (changes.length === 0) return;
  const rows = changes.map(({ id, paper, textChanged }) => ({ ...paper, id, textChanged }));
  await transaction.execute(
    sql`update papers set (${sql.raw(columns)}) = (${sql.raw(columns.replace(/\w+/g, "given.$&"))}),
        updated_at = ${now.toISOString()}::timestamptz,
        matched_at = case when given.text_changed then null else papers.matched_at end
      from ${recordset(rows)} where papers.id = given.id`,
  );
}

/** Keeps what was counted today (UTC), so that growth can be seen; papers nobody voted for or discussed have no row. */
export async function countDay(
  transaction: Queryable,
  counted: { id: number; paper: StoredPaper }[],
  now: Date,
): Promise<void> {
  const rows = counted
    .filter(({ paper }) => paper.upvotes + paper.comments + paper.stars > 0)
    .map(({ id, paper: { upvotes, comments, stars } }) => ({ id, upvotes, comments, stars }));
  if (rows.length === 0) return;
  await transaction.execute(
    sql`insert into paper_metrics (paper_id, day, upvotes, comments, stars)
      select id, ${now.toISOString().slice(0, 10)}::date, upvotes, comments, stars
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given(id int, upvotes int, comments int, stars int)
      order by id
      on conflict (paper_id, day) do update
        set upvotes = excluded.upvotes, comments = excluded.comments, stars = excluded.stars
        where (paper_metrics.upvotes, paper_metrics.comments, paper_metrics.stars)
          is distinct from (excluded.upvotes, excluded.comments, excluded.stars)`,
  );
}

const isArxiv = ({ canonicalId }: PaperDraft) => canonicalId.startsWith("arxiv:");
const doiOf = ({ canonicalId, links }: PaperDraft) =>
  canonicalId.startsWith("doi:") ? canonicalId.slice("doi:".length) : links.doi;

const columnTypes = {
  canonicalId: "text",
  source: "text",
  version: "smallint",
  title: "text",
  abstract: "text",
  abstractTex: "text",
  summary: "text",
  authors: "text[]",
  authorCount: "int",
  categories: "text[]",
  keywords: "text[]",
  organization: "text",
  links: "jsonb",
  thumbnail: "text",
  upvotes: "int",
  comments: "int",
  stars: "int",
  listedOn: "date",
  listedAt: "timestamptz",
  publishedAt: "timestamptz",
  withdrawnAt: "timestamptz",
} satisfies Record<keyof StoredPaper, string>;
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const columns = Object.keys(columnTypes).map(snake).join(", ");
const recordColumns = Object.entries({ ...columnTypes, id: "int", textChanged: "boolean" })
  .map(([name, type]) => `${snake(name)} ${type}`)
  .join(", ");

/** Rows as one JSON parameter: one statement a batch, whatever its size, and arrays stay arrays. */
function recordset(rows: (StoredPaper & { id?: number; textChanged?: boolean })[]) {
  const named = rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [snake(name), value])));
  return sql`jsonb_to_recordset(${JSON.stringify(named)}::jsonb) as given(${sql.raw(recordColumns)})`;
}
