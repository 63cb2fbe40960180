// What may the queue learn of a stage that failed? Enough to find the fault, and nobody's address.
import { expect, it } from "vitest";
import { lockSubscriberByEmail } from "../../src/db/subscriber-rows.ts";
import { workersFor } from "../../workers/pipeline.ts";
import { openTestContext } from "../support/context.ts";
import { useDatabase } from "../support/database.ts";

const database = useDatabase();

it("a failed query reaches the queue without the address that it asked for, and with the place it came from", async () => {
  const { context, close } = await openTestContext(database.db, () => new Date());
  try {
    await database.db.$client.query("alter table subscribers rename to readers");
    const failure: Error = await lockSubscriberByEmail(database.db, "ada@example.net").catch((error) => error);
    expect(failure.message, "what drizzle says names the parameters").toContain("ada@example.net");
    const broken = {
      ...context,
      now: () => {
        throw failure;
      },
    };
    const running = workersFor(broken).ingest({ source: "arxiv" }, new AbortController().signal);
    const told: Error = await running.then(() => new Error("it did not fail")).catch((error) => error);
    expect(told.message).toBe('relation "subscribers" does not exist');
    expect(`${told.message} ${told.stack}`).not.toContain("ada@");
    expect(told.stack).toContain("subscriber-rows.ts");
    expect(told.cause).toBeUndefined();
  } finally {
    await close();
  }
});
