// Papers for tests of matching: only the texts differ.
import { sql } from "drizzle-orm";
import type { Database } from "../../src/db/connect.ts";

export type TextPaper = {
  title: string;
  abstract?: string;
  authors?: string[];
  organization?: string;
  categories?: string[];
  listedAt?: Date;
  upvotes?: number;
};

let counter = 0;

/** Stores papers as if a source had listed them; gives their ids in the same order. */
export async function storeTexts(db: Database, papers: TextPaper[]): Promise<number[]> {
  const ids: number[] = [];
  for (const paper of papers) {
    const listedAt = (paper.listedAt ?? new Date("2026-03-02T09:00:00Z")).toISOString();
    const answer = await db.execute<{ id: number }>(
      sql`insert into papers (canonical_id, source, title, abstract, authors, categories, organization, upvotes, listed_on, listed_at)
        values (${`test:${++counter}`}, 'test', ${paper.title}, ${paper.abstract ?? ""}, ${sql.param(paper.authors ?? [])}::text[],
          ${sql.param(paper.categories ?? [])}::text[], ${paper.organization ?? null}, ${paper.upvotes ?? 0}, ${listedAt.slice(0, 10)}, ${listedAt})
        returning id`,
    );
    ids.push(answer.rows[0]?.id ?? 0);
  }
  return ids;
}
