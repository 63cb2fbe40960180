// Which processes are sending, when the database breaks in between?
import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { closeDatabase, connectDatabase } from "../../src/db/connect.ts";
import { openSending } from "../../src/db/sending.ts";
import { useDatabase } from "../support/database.ts";

const database = useDatabase();

it("a session that breaks while it begins gives its connection back to the pool", async () => {
  const db = connectDatabase(database.url, 1);
  const sending = openSending(db, 3);
  const broken = database.db.transaction(async (holder) => {
    // The session asks who left while nobody listened, and waits here.
    await holder.execute(sql`lock table digests in access exclusive mode`);
    const entering = expect(sending.enter()).rejects.toThrow("terminating connection");
    await expect
      .poll(async () => {
        const { rows } = await database.db.execute(
          sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return rows.length;
      })
      .toBe(1);
    await entering;
  });
  try {
    await broken;
    const asked = db.execute(sql`select 1`).then(() => "answered");
    expect(await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 3_000))])).toBe("answered");
    await sending.enter();
    sending.leave();
  } finally {
    await sending.close();
    await closeDatabase(db, 100);
  }
});
