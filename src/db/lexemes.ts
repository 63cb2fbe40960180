// Which lexemes are these words? PostgreSQL's own stemming and stop words, for rules as for papers.
import { sql } from "drizzle-orm";
import type { LexemeAt, Lexicon, WordAt } from "../core/match/match-rules.ts";
import { listWords, readTsvector } from "../core/match/paper-words.ts";
import { plainWords } from "../core/match/plain-words.ts";
import type { Queryable } from "./connect.ts";

const BATCH = 20_000;

/** The lexemes of each text with their distance from the first one; a text of stop words only has none. */
export async function readLexicon(db: Queryable, texts: Iterable<string>): Promise<Lexicon> {
  const lexicon: Lexicon = new Map();
  const wanted = [...new Set(texts)];
  for (let from = 0; from < wanted.length; from += BATCH) {
    const batch = wanted.slice(from, from + BATCH);
    const answer = await db.execute<{ vector: string }>(
      sql`select to_tsvector('english', words)::text as vector from unnest(${sql.param(batch.map(plainWords))}::text[]) with ordinality as given(words, nth) order by nth`,
    );
    answer.rows.forEach(({ vector }, index) => {
      const text = batch[index] ?? "";
      lexicon.set(text, readTerm(text, vector));
    });
  }
  return lexicon;
}

/** Words of texts that are not stored, as `papers.search` would hold them. */
export async function readSearchVectors(
  db: Queryable,
  texts: { title: string; abstract: string }[],
): Promise<string[]> {
  const titles = texts.map(({ title }) => plainWords(title));
  const abstracts = texts.map(({ abstract }) => plainWords(abstract));
  const answer = await db.execute<{ vector: string }>(
    sql`select (setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', abstract), 'B'))::text as vector
      from unnest(${sql.param(titles)}::text[], ${sql.param(abstracts)}::text[]) with ordinality as given(title, abstract, nth) order by nth`,
  );
  return answer.rows.map(({ vector }) => vector);
}

function readTerm(text: string, vector: string): { lexemes: LexemeAt[]; words: WordAt[] } {
  const all: LexemeAt[] = [];
  for (const [lexeme, positions] of readTsvector(vector).lexemes)
    for (const position of positions) all.push({ lexeme, offset: position });
  all.sort((a, b) => a.offset - b.offset);
  const first = all[0]?.offset ?? 0;
  const words = listWords(text).map(({ start, end }, at) => ({ word: text.slice(start, end), offset: at + 1 - first }));
  return { lexemes: all.map(({ lexeme, offset }) => ({ lexeme, offset: offset - first })), words };
}
