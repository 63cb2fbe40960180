ALTER TABLE "digests" DROP CONSTRAINT "digests_subscriber_id_subscribers_id_fk";
--> statement-breakpoint
ALTER TABLE "sent_papers" DROP CONSTRAINT "sent_papers_subscriber_id_subscribers_id_fk";
--> statement-breakpoint
DROP INDEX "subscribers_due";--> statement-breakpoint
DROP INDEX "digests_by_edition";--> statement-breakpoint
ALTER TABLE "digests" ADD COLUMN "covers_from" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "digests_by_edition" ON "digests" USING brin ("edition_date");--> statement-breakpoint
-- Planning updates each reader's row and list of sent papers once an edition: room on the page keeps that in place (HOT).
ALTER TABLE "subscribers" SET (fillfactor = 50);--> statement-breakpoint
ALTER TABLE "sent_papers" SET (fillfactor = 50);--> statement-breakpoint
CREATE FUNCTION "delete_ledger_of_readers"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM digests USING gone WHERE digests.subscriber_id = gone.id;
	DELETE FROM sent_papers USING gone WHERE sent_papers.subscriber_id = gone.id;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "subscribers_take_their_ledger" AFTER DELETE ON "subscribers" REFERENCING OLD TABLE AS gone
	FOR EACH STATEMENT EXECUTE FUNCTION "delete_ledger_of_readers"();
