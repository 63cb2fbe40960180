// How do papers get in and out? Drafts fold into one row a work; rows come back as the pages and the digest read them.
import { and, desc, gte, inArray, like, ne } from "drizzle-orm";
import { mergePaper } from "../core/ingest/merge-papers.ts";
import type { Paper, PaperDraft, StoredPaper } from "../core/paper.ts";
import type { Database, Queryable } from "./connect.ts";
import { countDay, insertPapers, lockKnownPapers, paperColumns, updatePapers } from "./paper-rows.ts";
import { papers } from "./schema.ts";

export type Stored = {
  new: number;
  updated: number;
  unchanged: number;
  /** Drafts listed as news of papers that were known half a day before: what a source that stands still sends. */
  repeated: number;
  ids: number[];
  refused: string[];
};

const BATCH = 500;
const HALF_DAY_MS = 43_200_000;

/** One paper by its database id. */
export async function findPaper(db: Queryable, id: number): Promise<Paper | undefined> {
  return (await listPapersById(db, [id]))[0];
}

/** The papers with these database ids, in the order of the ids; unknown ids are left out. */
export async function listPapersById(db: Queryable, ids: number[]): Promise<Paper[]> {
  const rows = ids.length === 0 ? [] : await db.select(paperColumns).from(papers).where(inArray(papers.id, ids));
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** Ids without their scheme (`2603.04918`) of papers that came since an instant and whose text the scheme's own source has not written. */
export async function listIncompletePapers(
  db: Queryable,
  { scheme, since, limit }: { scheme: string; since: Date; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: papers.canonicalId })
    .from(papers)
    .where(and(gte(papers.createdAt, since), ne(papers.source, scheme), like(papers.canonicalId, `${scheme}:%`)))
    .orderBy(desc(papers.id))
    .limit(limit);
  return rows.map(({ id }) => id.slice(scheme.length + 1));
}

/**
 * Stores drafts by `mergePaper`, one row a canonical id, and the day's counts in paper_metrics. Text that changed is to be
 * matched again. A draft that PostgreSQL refuses is named in `refused`; the others of its batch go in.
 */
export async function storePapers(db: Database, drafts: PaperDraft[], now: Date): Promise<Stored> {
  const total: Stored = { new: 0, updated: 0, unchanged: 0, repeated: 0, ids: [], refused: [] };
  for (let from = 0; from < drafts.length; from += BATCH) {
    const stored = await storeOrSplit(db, drafts.slice(from, from + BATCH), now);
    total.new += stored.new;
    total.updated += stored.updated;
    total.unchanged += stored.unchanged;
    total.repeated += stored.repeated;
    total.ids.push(...stored.ids);
    total.refused.push(...stored.refused);
  }
  return { ...total, ids: [...new Set(total.ids)] };
}

async function storeOrSplit(db: Database, drafts: PaperDraft[], now: Date): Promise<Stored> {
  try {
    return await db.transaction((transaction) => storeBatch(transaction, drafts, now));
  } catch (error) {
    const problem = dataProblem(error);
    if (problem === undefined) throw error;
    const [only] = drafts;
    if (drafts.length === 1 && only)
      return { new: 0, updated: 0, unchanged: 0, repeated: 0, ids: [], refused: [`${only.canonicalId}: ${problem}`] };
    const half = Math.ceil(drafts.length / 2);
    const one = await storeOrSplit(db, drafts.slice(0, half), now);
    const other = await storeOrSplit(db, drafts.slice(half), now);
    return {
      new: one.new + other.new,
      updated: one.updated + other.updated,
      unchanged: one.unchanged + other.unchanged,
      repeated: one.repeated + other.repeated,
      ids: [...one.ids, ...other.ids],
      refused: [...one.refused, ...other.refused],
    };
  }
}

/** What PostgreSQL says about a value it cannot keep (classes 22 and 54); undefined for every other failure. */
function dataProblem(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause)
    if ("code" in at && typeof at.code === "string" && /^(22|54)/.test(at.code)) return at.message;
  return undefined;
}

type Change = { id?: number; paper: StoredPaper; kind: "new" | "updated" | "unchanged"; textChanged: boolean };

async function storeBatch(transaction: Queryable, drafts: PaperDraft[], now: Date): Promise<Stored> {
  const known = await lockKnownPapers(transaction, drafts);
  const changes = new Map<string, Change>();
  let repeated = 0;
  for (const draft of drafts) {
    const { key, row } = known(draft);
    const before = changes.get(key);
    const merged = mergePaper(before?.paper ?? row, draft, now);
    if (!merged) continue;
    if (row && draft.announce === "new" && row.listedAt.getTime() < draft.listedAt.getTime() - HALF_DAY_MS) repeated++;
    const kind = before && (before.kind === "new" || merged.kind === "unchanged") ? before.kind : merged.kind;
    const textChanged = merged.textChanged || (before?.textChanged ?? false);
    changes.set(key, { ...(row && { id: row.id }), paper: merged.paper, kind, textChanged });
  }
  const all = [...changes.values()];
  const inserted = await insertPapers(
    transaction,
    all.filter(({ kind }) => kind === "new").map(({ paper }) => paper),
    now,
  );
  const changed = all.flatMap(({ id, kind, ...change }) =>
    kind === "updated" && id !== undefined ? { id, ...change } : [],
  );
  await updatePapers(transaction, changed, now);
  const kept = all.flatMap((change) => {
    const id = change.id ?? inserted.get(change.paper.canonicalId);
    return id === undefined ? [] : [{ ...change, id }];
  });
  await countDay(transaction, kept, now);
  // Another process stored the same work in this very moment: fold these drafts into its rows.
  const landed = new Set(kept.map(({ paper }) => paper.canonicalId));
  const late = drafts.filter((draft) => {
    const change = changes.get(known(draft).key);
    return change !== undefined && !landed.has(change.paper.canonicalId);
  });
  const again = late.length === 0 ? undefined : await storeBatch(transaction, late, now);
  const count = (wanted: Change["kind"]) => kept.filter(({ kind }) => kind === wanted).length;
  return {
    new: count("new") + (again?.new ?? 0),
    updated: count("updated") + (again?.updated ?? 0),
    unchanged: count("unchanged") + (again?.unchanged ?? 0),
    repeated,
    ids: [...kept.map(({ id }) => id), ...(again?.ids ?? [])],
    refused: [],
  };
}
