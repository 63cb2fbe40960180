// What does Paperboy keep? Every table, in the order of the pipeline.
import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  customType,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  serial,
  smallint,
  text,
  timestamp,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import type { Cadence, DigestCard, LetterKind } from "../core/digest.ts";
import type { Verdict } from "../core/feedback/bounce.ts";
import { WORD_BREAKS } from "../core/match/plain-words.ts";
import type { PaperLinks } from "../core/paper.ts";
import type { SubscriberState, SuppressionReason } from "../core/readers/subscriber-state.ts";

const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });
/** A column with word breaks as spaces, so that rules and papers are cut into words alike. */
const words = (column: "title" | "abstract") =>
  sql.raw(`translate(${column}, '${WORD_BREAKS}', '${" ".repeat(WORD_BREAKS.length)}')`);
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

/** One row a work, whatever its versions and sources. Texts are readable (TeX already turned into Unicode). */
export const papers = pgTable(
  "papers",
  {
    id: serial().primaryKey(),
    canonicalId: text("canonical_id").notNull().unique(),
    /** Who wrote the text as it stands now. */
    source: text().notNull(),
    /** The version of that text, where the source counts versions; an older one never overwrites it. */
    version: smallint().notNull().default(0),
    title: text().notNull(),
    abstract: text().notNull(),
    /** The abstract as the source wrote it, kept only where it held math, for the paper page. */
    abstractTex: text("abstract_tex"),
    summary: text(),
    authors: text().array().notNull(),
    /** How many authors, where the source states only the number. */
    authorCount: integer("author_count"),
    categories: text().array().notNull().default(sql`'{}'`),
    keywords: text().array().notNull().default(sql`'{}'`),
    organization: text(),
    links: jsonb().$type<PaperLinks>().notNull().default({}),
    thumbnail: text(),
    upvotes: integer().notNull().default(0),
    comments: integer().notNull().default(0),
    stars: integer().notNull().default(0),
    /** The list day of the source (UTC), the day a reader would call this paper's. */
    listedOn: date("listed_on", { mode: "string" }).notNull(),
    /** The first instant at which the source is known to have listed it; nothing is sent before. */
    listedAt: instant("listed_at").notNull(),
    publishedAt: instant("published_at"),
    withdrawnAt: instant("withdrawn_at"),
    /** Empty until match has looked at this text; set back to empty when the text changes. */
    matchedAt: instant("matched_at"),
    createdAt: instant("created_at").notNull().default(sql`now()`),
    updatedAt: instant("updated_at").notNull().default(sql`now()`),
    search: tsvector("search").generatedAlwaysAs(
      sql`setweight(to_tsvector('english', ${words("title")}), 'A') || setweight(to_tsvector('english', ${words("abstract")}), 'B')`,
    ),
  },
  (table) => [
    index("papers_listed_on").on(table.listedOn.desc()),
    index("papers_listed_at").on(table.listedAt.desc()),
    index("papers_search").using("gin", table.search),
    index("papers_unmatched").on(table.id).where(sql`matched_at is null`),
    index("papers_doi").on(sql`(links ->> 'doi')`).where(sql`links ->> 'doi' is not null`),
  ],
);

/** What a source counted on a day, so that growth can be seen. */
export const paperMetrics = pgTable(
  "paper_metrics",
  {
    paperId: integer("paper_id")
      .notNull()
      .references(() => papers.id, { onDelete: "cascade" }),
    day: date({ mode: "string" }).notNull(),
    upvotes: integer().notNull(),
    comments: integer().notNull(),
    stars: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.paperId, table.day] })],
);

/** One row a run of one source: what it asked for, what came, how it ended. */
export const sourceRuns = pgTable(
  "source_runs",
  {
    id: serial().primaryKey(),
    source: text().notNull(),
    startedAt: instant("started_at").notNull(),
    endedAt: instant("ended_at"),
    /** The newest list day that this run gave. */
    cursor: text(),
    found: integer().notNull().default(0),
    new: integer().notNull().default(0),
    updated: integer().notNull().default(0),
    refused: integer().notNull().default(0),
    /** How many papers that list had in this run. */
    listed: integer().notNull().default(0),
    outcome: text().$type<"running" | "ok" | "empty" | "stale" | "failed">().notNull().default("running"),
    error: text(),
    nextTryAt: instant("next_try_at"),
  },
  (table) => [index("source_runs_recent").on(table.source, table.startedAt.desc())],
);

/** Topics on offer (owner empty) and topics a subscriber wrote (owner set). */
export const topics = pgTable(
  "topics",
  {
    id: serial().primaryKey(),
    slug: text().notNull(),
    name: text().notNull(),
    area: text().notNull().default(""),
    description: text().notNull().default(""),
    rules: text().notNull(),
    position: integer().notNull().default(0),
    ownerId: bigint("owner_id", { mode: "number" }).references(() => subscribers.id, { onDelete: "cascade" }),
    retiredAt: instant("retired_at"),
    createdAt: instant("created_at").notNull().default(sql`now()`),
  },
  (table) => [
    uniqueIndex("topics_offered_slug").on(table.slug).where(sql`owner_id is null`),
    index("topics_owner").on(table.ownerId).where(sql`owner_id is not null`),
  ],
);

/** Which topics a paper answers, how well, and the words that earned it. */
export const matches = pgTable(
  "matches",
  {
    paperId: integer("paper_id")
      .notNull()
      .references(() => papers.id, { onDelete: "cascade" }),
    topicId: integer("topic_id")
      .notNull()
      .references(() => topics.id, { onDelete: "cascade" }),
    score: real().notNull(),
    terms: text().array().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.paperId, table.topicId] }),
    index("matches_by_topic").on(table.topicId, table.paperId),
  ],
);

/** pending → confirmed ⇄ paused → unsubscribed; suppression is told by `suppressed_reason` and the suppressions table. */
export const subscribers = pgTable("subscribers", {
  id: bigserial({ mode: "number" }).primaryKey(),
  /** Normalised: lower-case domain and local part, ASCII domain. */
  email: text().notNull().unique(),
  state: text().$type<SubscriberState>().notNull().default("pending"),
  suppressedReason: text("suppressed_reason").$type<SuppressionReason>(),
  timezone: text().notNull().default("UTC"),
  hour: smallint().notNull().default(7),
  cadence: text().$type<Cadence>().notNull().default("daily"),
  maxPapers: smallint("max_papers").notNull().default(10),
  minUpvotes: integer("min_upvotes").notNull().default(0),
  format: text().$type<"html" | "text">().notNull().default("html"),
  /** Rules whose papers are left out of every topic of this subscriber. */
  excluded: text().notNull().default(""),
  pausedUntil: date("paused_until", { mode: "string" }),
  /**
   * The next moment a digest falls due. No index may hold it: planning moves it for every reader every day, in place (HOT), which
   * an index would forbid; half of each page is kept free for that (fillfactor, migration 0001). A BRIN index would not forbid it, but its
   * ranges only ever grow: after a day each begins in the past. Looking for who is due reads the whole table, 0.3 to 0.7 s for a
   * million readers.
   */
  dueAt: instant("due_at"),
  /** The mailbox provider's group, from the address's domain; answers slow down one provider only. */
  provider: text().notNull().default("other"),
  softBounces: integer("soft_bounces").notNull().default(0),
  softSince: instant("soft_since"),
  /** When a mail that the mailbox's server had taken last came back, because the mailbox was full. */
  fullReturnedAt: instant("full_returned_at"),
  /** What was agreed to: the wording's version and the page. */
  consent: text(),
  createdAt: instant("created_at").notNull().default(sql`now()`),
  confirmedAt: instant("confirmed_at"),
  unsubscribedAt: instant("unsubscribed_at"),
});

export const subscriptions = pgTable(
  "subscriptions",
  {
    subscriberId: bigint("subscriber_id", { mode: "number" })
      .notNull()
      .references(() => subscribers.id, { onDelete: "cascade" }),
    topicId: integer("topic_id")
      .notNull()
      .references(() => topics.id, { onDelete: "cascade" }),
  },
  (table) => [
    primaryKey({ columns: [table.subscriberId, table.topicId] }),
    index("subscriptions_by_topic").on(table.topicId),
  ],
);

/** "More like this" and "less like this", one a paper and subscriber; deleting the row undoes it. */
export const votes = pgTable(
  "votes",
  {
    subscriberId: bigint("subscriber_id", { mode: "number" })
      .notNull()
      .references(() => subscribers.id, { onDelete: "cascade" }),
    paperId: integer("paper_id")
      .notNull()
      .references(() => papers.id, { onDelete: "cascade" }),
    direction: smallint().notNull(),
    createdAt: instant("created_at").notNull().default(sql`now()`),
  },
  (table) => [primaryKey({ columns: [table.subscriberId, table.paperId] })],
);

/**
 * One row a subscriber and edition: the ledger. Rows follow their reader by a trigger (migration 0001) instead of a foreign key,
 * whose check of each row costs more than writing it; planning holds the reader's row when it writes.
 * planned → sending → sent | retry | failed; or skipped with a reason.
 */
export const digests = pgTable(
  "digests",
  {
    id: bigserial({ mode: "number" }).primaryKey(),
    subscriberId: bigint("subscriber_id", { mode: "number" }).notNull(),
    editionDate: date("edition_date", { mode: "string" }).notNull(),
    state: text()
      .$type<"planned" | "sending" | "uncertain" | "sent" | "retry" | "failed" | "expired" | "cancelled" | "skipped">()
      .notNull(),
    reason: text(),
    paperIds: integer("paper_ids").array().notNull().default(sql`'{}'`),
    /** The topic each paper was chosen for, at the same index. */
    topicIds: integer("topic_ids").array().notNull().default(sql`'{}'`),
    /** How many more papers matched and fell to the cap. */
    more: integer().notNull().default(0),
    /** When the reader's edition before this one fell due: papers listed by then are marked as earlier. */
    coversFrom: instant("covers_from"),
    /** How the reader wanted it when it first went out: what is sent again has the same bytes. */
    sentCadence: text("sent_cadence").$type<Cadence>(),
    sentFormat: text("sent_format").$type<"html" | "text">(),
    provider: text().notNull().default("other"),
    attempts: smallint().notNull().default(0),
    plannedAt: instant("planned_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
    nextAttemptAt: instant("next_attempt_at"),
    claimedAt: instant("claimed_at"),
    claimedBy: text("claimed_by"),
    sentAt: instant("sent_at"),
    answer: text(),
  },
  (table) => [
    uniqueIndex("digests_once").on(table.subscriberId, table.editionDate),
    index("digests_open").on(table.id).where(sql`state in ('planned', 'sending', 'uncertain', 'retry')`),
    /** How many are on their way to a provider that asked us to slow down; whose workers are gone. */
    index("digests_sending").on(table.provider).where(sql`state = 'sending'`),
    index("digests_by_edition").using("brin", table.editionDate),
  ],
);

/** What a paper's card said in an edition, so that a digest composes to the same bytes as long as it is kept. */
export const editionCards = pgTable(
  "edition_cards",
  {
    editionDate: date("edition_date", { mode: "string" }).notNull(),
    paperId: integer("paper_id").notNull(),
    topicId: integer("topic_id").notNull(),
    card: jsonb().$type<DigestCard>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.editionDate, table.paperId, table.topicId] })],
);

/**
 * The papers a subscriber was sent or is about to be, in that order, bounded by the eligibility window.
 * Written in place and deleted with the reader by a trigger, as digests are.
 */
export const sentPapers = pgTable("sent_papers", {
  subscriberId: bigint("subscriber_id", { mode: "number" }).primaryKey(),
  paperIds: integer("paper_ids").array().notNull(),
});

/** Transactional mail asked for by a page: confirmation, links, notices. The web writes the row and rings. */
export const letters = pgTable(
  "letters",
  {
    id: bigserial({ mode: "number" }).primaryKey(),
    kind: text().$type<LetterKind>().notNull(),
    subscriberId: bigint("subscriber_id", { mode: "number" })
      .notNull()
      .references(() => subscribers.id, { onDelete: "cascade" }),
    /** Where it goes when that is not the subscriber's address (change of address). */
    recipient: text(),
    state: text()
      .$type<"planned" | "sending" | "sent" | "retry" | "failed" | "cancelled">()
      .notNull()
      .default("planned"),
    attempts: smallint().notNull().default(0),
    createdAt: instant("created_at").notNull(),
    nextAttemptAt: instant("next_attempt_at"),
    claimedAt: instant("claimed_at"),
    sentAt: instant("sent_at"),
    answer: text(),
  },
  (table) => [
    index("letters_open").on(table.id).where(sql`state in ('planned', 'sending', 'retry')`),
    index("letters_recent").on(table.subscriberId, table.kind, table.createdAt.desc()),
  ],
);

/** A used one-time link (export, erase, change of address) by its SHA-256, so that it works once; also full mailboxes that were counted. */
export const usedTokens = pgTable("used_tokens", {
  token: text().primaryKey(),
  usedAt: instant("used_at").notNull(),
});

/**
 * What came back for a reader, from the bounce mailbox or a provider's webhook: written down once, taken by feedback. Rows stay with
 * their reader, because a mailbox that is read every hour tells the same again for as long as it keeps the mail.
 */
export const returns = pgTable(
  "returns",
  {
    id: bigserial({ mode: "number" }).primaryKey(),
    subscriberId: bigint("subscriber_id", { mode: "number" })
      .notNull()
      .references(() => subscribers.id, { onDelete: "cascade" }),
    verdict: text().$type<Verdict>().notNull(),
    /** Who told it: `mail` or the provider. */
    via: text().notNull(),
    /** Of the mail or event, so that it counts once. */
    fingerprint: text().notNull().unique(),
    cameAt: instant("came_at").notNull(),
    takenAt: instant("taken_at"),
  },
  (table) => [
    index("returns_open").on(table.id).where(sql`taken_at is null`),
    index("returns_by_subscriber").on(table.subscriberId),
  ],
);

/** Addresses never to be written to again, by HMAC; outlives erasure and import. */
export const suppressions = pgTable("suppressions", {
  emailHmac: text("email_hmac").primaryKey(),
  reason: text().$type<SuppressionReason>().notNull(),
  createdAt: instant("created_at").notNull(),
});

/** Audit of state changes: who or what did what to a subscriber, and when. */
export const events = pgTable(
  "events",
  {
    id: bigserial({ mode: "number" }).primaryKey(),
    subscriberId: bigint("subscriber_id", { mode: "number" }),
    kind: text().notNull(),
    detail: jsonb().$type<Record<string, string | number | boolean | null>>().notNull().default({}),
    at: instant("at").notNull(),
  },
  (table) => [index("events_by_subscriber").on(table.subscriberId, table.at.desc())],
);

/** A mailbox provider that asked us to slow down or refused our mail as a whole. */
export const providers = pgTable("providers", {
  provider: text().primaryKey(),
  pausedUntil: instant("paused_until"),
  /** Connections allowed now; grows by one with each quiet interval. Empty: no limit of its own. */
  connections: smallint(),
  /** Set when our own configuration is at fault (5.7.x): the operator must look before mail goes on. */
  stopped: boolean().notNull().default(false),
  reason: text(),
  updatedAt: instant("updated_at").notNull(),
});

/** Counters of the web's limits, written by rate-limiter-flexible, so that they hold across machines; keys hold no address. */
export const rateLimits = pgTable("rate_limits", {
  key: text().primaryKey(),
  points: integer().notNull().default(0),
  /** Milliseconds since 1970. */
  expire: bigint({ mode: "number" }),
});
