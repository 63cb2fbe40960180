CREATE TABLE "digests" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"subscriber_id" bigint NOT NULL,
	"edition_date" date NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"paper_ids" integer[] DEFAULT '{}' NOT NULL,
	"topic_ids" integer[] DEFAULT '{}' NOT NULL,
	"more" integer DEFAULT 0 NOT NULL,
	"provider" text DEFAULT 'other' NOT NULL,
	"attempts" smallint DEFAULT 0 NOT NULL,
	"planned_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"next_attempt_at" timestamp with time zone,
	"claimed_at" timestamp with time zone,
	"claimed_by" text,
	"sent_at" timestamp with time zone,
	"answer" text
);
--> statement-breakpoint
CREATE TABLE "edition_cards" (
	"edition_date" date NOT NULL,
	"paper_id" integer NOT NULL,
	"topic_id" integer NOT NULL,
	"card" jsonb NOT NULL,
	CONSTRAINT "edition_cards_edition_date_paper_id_topic_id_pk" PRIMARY KEY("edition_date","paper_id","topic_id")
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"subscriber_id" bigint,
	"kind" text NOT NULL,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "letters" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"subscriber_id" bigint NOT NULL,
	"recipient" text,
	"state" text DEFAULT 'planned' NOT NULL,
	"attempts" smallint DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"next_attempt_at" timestamp with time zone,
	"claimed_at" timestamp with time zone,
	"sent_at" timestamp with time zone,
	"answer" text
);
--> statement-breakpoint
CREATE TABLE "matches" (
	"paper_id" integer NOT NULL,
	"topic_id" integer NOT NULL,
	"score" real NOT NULL,
	"terms" text[] NOT NULL,
	CONSTRAINT "matches_paper_id_topic_id_pk" PRIMARY KEY("paper_id","topic_id")
);
--> statement-breakpoint
CREATE TABLE "paper_metrics" (
	"paper_id" integer NOT NULL,
	"day" date NOT NULL,
	"upvotes" integer NOT NULL,
	"comments" integer NOT NULL,
	"stars" integer NOT NULL,
	CONSTRAINT "paper_metrics_paper_id_day_pk" PRIMARY KEY("paper_id","day")
);
--> statement-breakpoint
CREATE TABLE "papers" (
	"id" serial PRIMARY KEY NOT NULL,
	"canonical_id" text NOT NULL,
	"source" text NOT NULL,
	"version" smallint DEFAULT 0 NOT NULL,
	"title" text NOT NULL,
	"abstract" text NOT NULL,
	"abstract_tex" text,
	"summary" text,
	"authors" text[] NOT NULL,
	"author_count" integer,
	"categories" text[] DEFAULT '{}' NOT NULL,
	"keywords" text[] DEFAULT '{}' NOT NULL,
	"organization" text,
	"links" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"thumbnail" text,
	"upvotes" integer DEFAULT 0 NOT NULL,
	"comments" integer DEFAULT 0 NOT NULL,
	"stars" integer DEFAULT 0 NOT NULL,
	"listed_on" date NOT NULL,
	"listed_at" timestamp with time zone NOT NULL,
	"published_at" timestamp with time zone,
	"withdrawn_at" timestamp with time zone,
	"matched_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"search" "tsvector" GENERATED ALWAYS AS (setweight(to_tsvector('english', translate(title, '-/_.@:<>&+%~=?#\|*', '                  ')), 'A') || setweight(to_tsvector('english', translate(abstract, '-/_.@:<>&+%~=?#\|*', '                  ')), 'B')) STORED,
	CONSTRAINT "papers_canonical_id_unique" UNIQUE("canonical_id")
);
--> statement-breakpoint
CREATE TABLE "providers" (
	"provider" text PRIMARY KEY NOT NULL,
	"paused_until" timestamp with time zone,
	"connections" smallint,
	"stopped" boolean DEFAULT false NOT NULL,
	"reason" text,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "rate_limits" (
	"key" text PRIMARY KEY NOT NULL,
	"points" integer DEFAULT 0 NOT NULL,
	"expire" bigint
);
--> statement-breakpoint
CREATE TABLE "sent_papers" (
	"subscriber_id" bigint PRIMARY KEY NOT NULL,
	"paper_ids" integer[] NOT NULL
);
--> statement-breakpoint
CREATE TABLE "source_runs" (
	"id" serial PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"cursor" text,
	"found" integer DEFAULT 0 NOT NULL,
	"new" integer DEFAULT 0 NOT NULL,
	"updated" integer DEFAULT 0 NOT NULL,
	"refused" integer DEFAULT 0 NOT NULL,
	"listed" integer DEFAULT 0 NOT NULL,
	"outcome" text DEFAULT 'running' NOT NULL,
	"error" text,
	"next_try_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "subscribers" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"suppressed_reason" text,
	"timezone" text DEFAULT 'UTC' NOT NULL,
	"hour" smallint DEFAULT 7 NOT NULL,
	"cadence" text DEFAULT 'daily' NOT NULL,
	"max_papers" smallint DEFAULT 10 NOT NULL,
	"min_upvotes" integer DEFAULT 0 NOT NULL,
	"format" text DEFAULT 'html' NOT NULL,
	"excluded" text DEFAULT '' NOT NULL,
	"paused_until" date,
	"due_at" timestamp with time zone,
	"provider" text DEFAULT 'other' NOT NULL,
	"soft_bounces" integer DEFAULT 0 NOT NULL,
	"soft_since" timestamp with time zone,
	"consent" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"confirmed_at" timestamp with time zone,
	"unsubscribed_at" timestamp with time zone,
	CONSTRAINT "subscribers_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "subscriptions" (
	"subscriber_id" bigint NOT NULL,
	"topic_id" integer NOT NULL,
	CONSTRAINT "subscriptions_subscriber_id_topic_id_pk" PRIMARY KEY("subscriber_id","topic_id")
);
--> statement-breakpoint
CREATE TABLE "suppressions" (
	"email_hmac" text PRIMARY KEY NOT NULL,
	"reason" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "topics" (
	"id" serial PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"area" text DEFAULT '' NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"rules" text NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"owner_id" bigint,
	"retired_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "used_tokens" (
	"token" text PRIMARY KEY NOT NULL,
	"used_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "votes" (
	"subscriber_id" bigint NOT NULL,
	"paper_id" integer NOT NULL,
	"direction" smallint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "votes_subscriber_id_paper_id_pk" PRIMARY KEY("subscriber_id","paper_id")
);
--> statement-breakpoint
ALTER TABLE "digests" ADD CONSTRAINT "digests_subscriber_id_subscribers_id_fk" FOREIGN KEY ("subscriber_id") REFERENCES "public"."subscribers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "letters" ADD CONSTRAINT "letters_subscriber_id_subscribers_id_fk" FOREIGN KEY ("subscriber_id") REFERENCES "public"."subscribers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matches" ADD CONSTRAINT "matches_paper_id_papers_id_fk" FOREIGN KEY ("paper_id") REFERENCES "public"."papers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matches" ADD CONSTRAINT "matches_topic_id_topics_id_fk" FOREIGN KEY ("topic_id") REFERENCES "public"."topics"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "paper_metrics" ADD CONSTRAINT "paper_metrics_paper_id_papers_id_fk" FOREIGN KEY ("paper_id") REFERENCES "public"."papers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sent_papers" ADD CONSTRAINT "sent_papers_subscriber_id_subscribers_id_fk" FOREIGN KEY ("subscriber_id") REFERENCES "public"."subscribers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_subscriber_id_subscribers_id_fk" FOREIGN KEY ("subscriber_id") REFERENCES "public"."subscribers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_topic_id_topics_id_fk" FOREIGN KEY ("topic_id") REFERENCES "public"."topics"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "topics" ADD CONSTRAINT "topics_owner_id_subscribers_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."subscribers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "votes" ADD CONSTRAINT "votes_subscriber_id_subscribers_id_fk" FOREIGN KEY ("subscriber_id") REFERENCES "public"."subscribers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "votes" ADD CONSTRAINT "votes_paper_id_papers_id_fk" FOREIGN KEY ("paper_id") REFERENCES "public"."papers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "digests_once" ON "digests" USING btree ("subscriber_id","edition_date");--> statement-breakpoint
CREATE INDEX "digests_open" ON "digests" USING btree ("id") WHERE state in ('planned', 'sending', 'uncertain', 'retry');--> statement-breakpoint
CREATE INDEX "digests_by_edition" ON "digests" USING btree ("edition_date");--> statement-breakpoint
CREATE INDEX "events_by_subscriber" ON "events" USING btree ("subscriber_id","at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "letters_open" ON "letters" USING btree ("id") WHERE state in ('planned', 'sending', 'retry');--> statement-breakpoint
CREATE INDEX "letters_recent" ON "letters" USING btree ("subscriber_id","kind","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "matches_by_topic" ON "matches" USING btree ("topic_id","paper_id");--> statement-breakpoint
CREATE INDEX "papers_listed_on" ON "papers" USING btree ("listed_on" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "papers_listed_at" ON "papers" USING btree ("listed_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "papers_search" ON "papers" USING gin ("search");--> statement-breakpoint
CREATE INDEX "papers_unmatched" ON "papers" USING btree ("id") WHERE matched_at is null;--> statement-breakpoint
CREATE INDEX "papers_doi" ON "papers" USING btree ((links ->> 'doi')) WHERE links ->> 'doi' is not null;--> statement-breakpoint
CREATE INDEX "source_runs_recent" ON "source_runs" USING btree ("source","started_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "subscribers_due" ON "subscribers" USING btree ("due_at") WHERE state in ('confirmed', 'paused');--> statement-breakpoint
CREATE INDEX "subscriptions_by_topic" ON "subscriptions" USING btree ("topic_id");--> statement-breakpoint
CREATE UNIQUE INDEX "topics_offered_slug" ON "topics" USING btree ("slug") WHERE owner_id is null;--> statement-breakpoint
CREATE INDEX "topics_owner" ON "topics" USING btree ("owner_id") WHERE owner_id is not null;