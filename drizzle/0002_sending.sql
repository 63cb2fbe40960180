ALTER TABLE "digests" ADD COLUMN "sent_cadence" text;--> statement-breakpoint
ALTER TABLE "digests" ADD COLUMN "sent_format" text;--> statement-breakpoint
CREATE INDEX "digests_sending" ON "digests" USING btree ("provider") WHERE state = 'sending';--> statement-breakpoint
-- Whoever sends right now listens: a reader who leaves while mail waits for its turn is told of at once.
CREATE FUNCTION "tell_reader_state"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		PERFORM pg_notify('reader_state', OLD.id || ' erased');
	ELSE
		PERFORM pg_notify('reader_state', NEW.id || ' ' || NEW.state);
	END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "subscribers_tell_state" AFTER UPDATE OF "state" ON "subscribers" FOR EACH ROW
	WHEN ((OLD.state = 'confirmed') <> (NEW.state = 'confirmed')) EXECUTE FUNCTION "tell_reader_state"();--> statement-breakpoint
CREATE TRIGGER "subscribers_tell_erasure" AFTER DELETE ON "subscribers" FOR EACH ROW
	WHEN (OLD.state = 'confirmed') EXECUTE FUNCTION "tell_reader_state"();
