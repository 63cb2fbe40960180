// How fast do 100,000 saved topics find their papers? Bit sets over PostgreSQL's lexemes beside the plain join and GIN.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import path from "node:path";
import { sql } from "drizzle-orm";
import { explainInParts, explainMatches } from "../src/core/match/explain.ts";
import { matchTopics } from "../src/core/match/match.ts";
import { indexPapers } from "../src/core/match/paper-index.ts";
import { parseRules } from "../src/core/match/rules.ts";
import { writeTextQuery } from "../src/core/match/tsquery.ts";
import { compileRules } from "../src/db/compiled.ts";
import { closeDatabase, connectDatabase, type Database, migrateDatabase } from "../src/db/connect.ts";
import { startEmbeddedDatabase } from "../src/db/embedded.ts";
import { readLexicon } from "../src/db/lexemes.ts";
import { listRecentPapers } from "../src/db/matches.ts";
import { mulberry32 } from "../test/support/random.ts";
import { median } from "./numbers.ts";

const PAPERS = 1_000;
const OFFERED = 200;
const SAVED = 100_000;
const PLAIN_SAMPLE = 500;
const REPEATS = 3;
const RECORDED = path.join(import.meta.dirname, "../../shared/data/huggingface/daily");

/** Runs the comparison and prints it; throws where two ways disagree. */
export async function run(): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "paperboy-bench-"));
  const server = await startEmbeddedDatabase({ dataDir, flags: ["-c", "fsync=off"] });
  const db = connectDatabase(server.url, 2);
  try {
    await migrateDatabase(db);
    await compare(db);
  } finally {
    await closeDatabase(db);
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function compare(db: Database): Promise<void> {
  const random = mulberry32(20261124);
  const texts = readTexts(random);
  await storePapers(db, texts);
  const lexicon = await readLexicon(db, vocabulary(texts));
  // A phrase with a stop word is checked in the text itself, which @@ cannot: such words would make the ways differ.
  const words = vocabulary(texts).filter((word) => lexicon.get(word)?.lexemes.length);
  const rules = Array.from({ length: OFFERED + SAVED }, (_, at) => makeRules(random, words, at < OFFERED ? 12 : 1));
  const topics = rules.map((text, id) => {
    const parsed = parseRules(text);
    if (parsed.kind === "error") throw new Error(`${text}: ${parsed.message}`);
    return { id, rules: parsed.rules };
  });

  const load: number[] = [];
  const find: number[] = [];
  const [compileMs, compiled] = await timed(() => compileRules(db, topics));
  let found = new Set<string>();
  for (let round = 0; round < REPEATS; round++) {
    const [loadMs, papers] = await timed(() => listRecentPapers(db, { from: new Date(0), limit: PAPERS }));
    const [findMs, matches] = await timed(async () => matchTopics(indexPapers(papers), compiled));
    load.push(loadMs);
    find.push(findMs);
    found = new Set(matches.flatMap((one) => one.papers.map((paper) => `${one.topic.id} ${papers[paper]?.id}`)));
  }
  const papers = await listRecentPapers(db, { from: new Date(0), limit: PAPERS });
  let told = 0;
  const [toldMs] = await timed(async () => {
    for (const part of explainInParts(papers, compiled, { most: 100 })) told += part.length;
  });
  const cpuBefore = process.cpuUsage();
  matchTopics(indexPapers(papers), compiled);
  const cpu = process.cpuUsage(cpuBefore);
  const [changedMs] = await timed(() =>
    compileRules(db, topics.slice(-1), {
      kept: compiled.topics.slice(0, -1),
      known: compiled.known,
      uses: compiled.guards.uses,
    }),
  );
  const one: number[] = [];
  for (const paper of papers.slice(0, 20)) one.push((await timed(async () => explainMatches([paper], compiled)))[0]);

  await storeQueries(db, compiled.topics);
  const [ginMs, gin] = await timed(() => joined(db, "gin", OFFERED + SAVED));
  const [plainMs, plain] = await timed(() => joined(db, "plain", PLAIN_SAMPLE));
  const inSample = [...found].filter((pair) => Number(pair.split(" ")[0]) < PLAIN_SAMPLE);
  const same = sameSet(found, gin) && sameSet(new Set(inSample), plain);
  const scaled = (plainMs * (OFFERED + SAVED)) / PLAIN_SAMPLE;
  const chosen = median(load) + median(find);

  console.log(`${papers.length} papers against ${OFFERED} offered and ${SAVED} saved topics: ${found.size} matches`);
  console.log(
    `  bit sets    ${ms(chosen)} = load ${ms(median(load))} (${range(load)}) + find and score ${ms(median(find))} (${range(find)})`,
  );
  console.log(
    `              of it on the processor: ${ms((cpu.user + cpu.system) / 1_000)}; load of the machine ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log(`  with words  ${ms(toldMs)}: ${told} matches with their reasons, at most 100 of a saved topic`);
  console.log(`  compile     ${ms(compileMs)} at start, ${ms(changedMs)} when one topic changed`);
  console.log(
    `  one paper   ${ms(median(one))} (${range(one)}, ${one.length} papers), with the words that earned each match`,
  );
  console.log(`  GIN join    ${ms(ginMs)} (${(ginMs / chosen).toFixed(1)} times), without scores`);
  console.log(
    `  plain join  ${ms(scaled)} (${(scaled / chosen).toFixed(0)} times; ${PLAIN_SAMPLE} topics measured: ${ms(plainMs)}), without scores`,
  );
  console.log(`  all found the same: ${same ? "yes" : "NO"}`);
  if (!same) throw new Error("the ways of matching disagree");
}

async function joined(db: Database, way: "gin" | "plain", topics: number): Promise<Set<string>> {
  return db.transaction(async (transaction) => {
    await transaction.execute(sql.raw(`set local enable_seqscan = ${way === "plain"}`));
    await transaction.execute(sql.raw(`set local enable_bitmapscan = ${way === "gin"}`));
    const answer = await transaction.execute<{ pair: string }>(
      sql`select queries.id || ' ' || papers.id as pair from queries join papers on search @@ query where queries.id < ${topics}`,
    );
    return new Set(answer.rows.map(({ pair }) => pair));
  });
}

async function storeQueries(
  db: Database,
  topics: { id: number; root: Parameters<typeof writeTextQuery>[0] | undefined }[],
) {
  await db.execute(sql`create table queries (id integer primary key, query tsquery not null)`);
  const rows = topics.map(({ id, root }) => ({ id, query: (root && writeTextQuery(root).query) ?? "" }));
  await db.execute(
    sql`insert into queries select * from unnest(${sql.param(rows.map(({ id }) => id))}::int[], ${sql.param(rows.map(({ query }) => query))}::text[]::tsquery[])`,
  );
  await db.execute(sql`analyze`);
}

async function storePapers(db: Database, texts: { title: string; abstract: string }[]): Promise<void> {
  await db.execute(
    sql`insert into papers (canonical_id, source, title, abstract, authors, listed_on, listed_at)
      select 'bench:' || n, 'bench', title, abstract, '{}', '2026-03-02', timestamptz '2026-03-02' + n * interval '1 second'
      from unnest(${sql.param(texts.map(({ title }) => title))}::text[], ${sql.param(texts.map(({ abstract }) => abstract))}::text[])
        with ordinality as given(title, abstract, n)`,
  );
}

/** Recorded papers where they are, else texts of made-up words with the same lengths and a Zipf distribution. */
function readTexts(random: () => number): { title: string; abstract: string }[] {
  const texts = new Map<string, { title: string; abstract: string }>();
  for (const name of existsSync(RECORDED) ? readdirSync(RECORDED).sort().reverse() : []) {
    const day: unknown = JSON.parse(readFileSync(path.join(RECORDED, name), "utf8"));
    for (const { paper } of Array.isArray(day) ? (day as { paper?: Record<string, string> }[]) : []) {
      const { title, summary } = paper ?? {};
      if (title && summary) texts.set(title, { title, abstract: summary });
    }
  }
  if (texts.size >= PAPERS) return [...texts.values()].slice(0, PAPERS);
  console.log("  (recorded papers are not here: made-up texts)");
  const word = () => `w${Math.floor(20_000 ** random())}x`;
  const line = (length: number) => Array.from({ length }, word).join(" ");
  return Array.from({ length: PAPERS }, () => ({ title: line(10), abstract: line(180) }));
}

/** Words by how often they stand in papers, commonest first, without the very rare. */
function vocabulary(texts: { title: string; abstract: string }[]): string[] {
  const counts = new Map<string, number>();
  for (const { title, abstract } of texts)
    for (const word of new Set(`${title} ${abstract}`.toLowerCase().match(/\b[a-z][a-z0-9]{3,}\b/g)))
      counts.set(word, (counts.get(word) ?? 0) + 1);
  const known = [...counts].filter(([, count]) => count >= 3 && count <= texts.length / 3);
  return known.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([word]) => word);
}

/** What readers write: one word, two words, a phrase, alternatives, something left out. */
function makeRules(random: () => number, words: string[], alternatives: number): string {
  // Words that stand in few papers, so that a topic finds about twenty of a thousand, as in what was measured before.
  const word = () => words[Math.floor(words.length ** (0.88 + 0.12 * random())) % words.length] ?? "model";
  const kinds = [
    () => word(),
    () => `${word()} ${word()}`,
    () => `"${word()} ${word()}"`,
    () => `${word()} OR ${word()}`,
    () => `${word()} ${word()} -${word()}`,
    () => `(${word()} OR "${word()} ${word()}") -(${word()} OR ${word()})`,
  ];
  const one = () => kinds[Math.floor(random() * kinds.length)]?.() ?? "model";
  return alternatives === 1 ? one() : Array.from({ length: alternatives }, () => `(${one()})`).join(" OR ");
}

async function timed<Value>(work: () => Promise<Value>): Promise<[number, Value]> {
  const start = performance.now();
  const value = await work();
  return [performance.now() - start, value];
}

const sameSet = (a: Set<string>, b: Set<string>) => a.size === b.size && [...a].every((item) => b.has(item));
const ms = (value: number) =>
  value < 1_000 ? `${value.toFixed(value < 100 ? 1 : 0)} ms` : `${(value / 1_000).toFixed(2)} s`;
const range = (values: number[]) => `${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)} ms`;
