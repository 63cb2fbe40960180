CREATE TABLE "returns" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"subscriber_id" bigint NOT NULL,
	"verdict" text NOT NULL,
	"via" text NOT NULL,
	"fingerprint" text NOT NULL,
	"came_at" timestamp with time zone NOT NULL,
	"taken_at" timestamp with time zone,
	CONSTRAINT "returns_fingerprint_unique" UNIQUE("fingerprint")
);
--> statement-breakpoint
ALTER TABLE "returns" ADD CONSTRAINT "returns_subscriber_id_subscribers_id_fk" FOREIGN KEY ("subscriber_id") REFERENCES "public"."subscribers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "returns_open" ON "returns" USING btree ("id") WHERE taken_at is null;--> statement-breakpoint
CREATE INDEX "returns_by_subscriber" ON "returns" USING btree ("subscriber_id");