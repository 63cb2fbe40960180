// Can a reader move, take their data along and vanish, and can nobody else?
import { and, desc, eq, sql } from "drizzle-orm";
import { beforeAll, describe, expect, test } from "vitest";
import { letters } from "../../src/db/schema.ts";
import { findByEmail, findSubscriber } from "../../src/db/subscriber-rows.ts";
import { signUp } from "../../src/db/subscribers.ts";
import { isSuppressed, suppress } from "../../src/db/suppressions.ts";
import { testKey, useApp } from "../support/app.ts";
import { confirmReader, storeListDay, writeDigest } from "../support/web-data.ts";

const app = useApp();
let papers: number[] = [];
beforeAll(async () => {
  papers = await storeListDay(app.db, app.now);
});

/** Asks for another address and gives the link that went there. */
async function askMove(readerId: number, email: string): Promise<string | undefined> {
  await app.post(`${app.paths.preferences(readerId)}/address`, { email });
  const [letter] = await app.db
    .select()
    .from(letters)
    .where(and(eq(letters.subscriberId, readerId), eq(letters.kind, "change-address"), eq(letters.recipient, email)))
    .orderBy(desc(letters.id));
  return letter && app.paths.changeAddress(letter.id, letter.createdAt);
}

describe("another address", () => {
  test("is confirmed at the new one and told to the old one", async () => {
    const reader = await confirmReader(app, "old@example.net");
    await app.db.execute(sql`update subscribers set soft_bounces = 4, soft_since = now() where id = ${reader.id}`);
    const link = await askMove(reader.id, "new@example.net");
    expect((await findSubscriber(app.db, reader.id))?.email).toBe("old@example.net");
    expect(await (await app.get(link ?? "")).text()).toContain("new@example.net");
    const answer = await app.post(link ?? "");
    expect(answer.status).toBe(200);
    expect(await findSubscriber(app.db, reader.id)).toMatchObject({
      email: "new@example.net",
      provider: "example.net",
      state: "confirmed",
      // How full the old mailbox was says nothing of the new one.
      softBounces: 0,
      softSince: null,
    });
    const [notice] = await app.db.select().from(letters).where(eq(letters.kind, "address-changed"));
    expect(notice).toMatchObject({ subscriberId: reader.id, recipient: "old@example.net" });
    expect(app.rings).toContainEqual({ name: "deliver", data: { letter: notice?.id } });
  });

  test("the link works once, and for an hour", async () => {
    const reader = await confirmReader(app, "once@example.net");
    const link = (await askMove(reader.id, "once-new@example.net")) ?? "";
    const start = app.now;
    app.now = new Date(start.getTime() + 61 * 60_000);
    expect((await app.post(link)).status).toBe(410);
    app.now = start;
    expect((await app.post(link)).status).toBe(200);
    expect((await app.post(link)).status).toBe(410);
    expect((await app.get(link)).status).toBe(410);
  });

  test("another reader's address is not taken over; one that only asked, or has left, gives way", async () => {
    const reader = await confirmReader(app, "mover@example.net");
    await confirmReader(app, "held@example.net");
    const held = (await askMove(reader.id, "held@example.net")) ?? "";
    expect((await app.post(held)).status).toBe(409);
    await signUp(app.db, [testKey], { email: "asked@example.net", provider: "x", topics: [], now: app.now });
    const asked = (await askMove(reader.id, "asked@example.net")) ?? "";
    expect((await app.post(asked)).status).toBe(200);
    expect((await findByEmail(app.db, "asked@example.net"))?.id).toBe(reader.id);
  });

  test("no link goes to a suppressed address, to one's own, or to nonsense", async () => {
    const reader = await confirmReader(app, "careful@example.net");
    await suppress(app.db, [testKey], { email: "never@example.net", reason: "complaint", via: "test", now: app.now });
    expect(await askMove(reader.id, "never@example.net")).toBeUndefined();
    for (const email of ["careful@example.net", "nonsense"])
      expect((await app.post(`${app.paths.preferences(reader.id)}/address`, { email })).status).toBe(422);
  });

  test("a wrong new address comes back where it was typed, far down the page", async () => {
    const reader = await confirmReader(app, "typo@example.net");
    const answer = await app.post(`${app.paths.preferences(reader.id)}/address`, { email: "typo@example" });
    const page = await answer.text();
    expect(page).toContain(`action="${app.paths.preferences(reader.id)}/address#new-email"`);
    expect(page).toMatch(/id="new-email"[^>]*value="typo@example"[^>]*aria-invalid/);
  });

  test("a third person gets at most three such mails an hour, whoever asks", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) {
      const reader = await confirmReader(app, `flood-${name}@example.net`);
      await askMove(reader.id, "third@example.net");
    }
    expect(await app.db.select().from(letters).where(eq(letters.recipient, "third@example.net"))).toHaveLength(3);
  });
});

describe("one's data", () => {
  test("comes as JSON with everything that is kept, by a link that works once", async () => {
    const reader = await confirmReader(app, "export@example.net");
    await app.post(`${app.paths.preferences(reader.id)}/topics`, { rules: "laundry", name: "Laundry", action: "save" });
    await writeDigest(app.db, reader.id, {
      editionDate: "2026-03-04",
      state: "sent",
      paperIds: papers.slice(0, 1),
      plannedAt: app.now,
    });
    const asked = await app.post(`${app.paths.preferences(reader.id)}/export`);
    expect(asked.status).toBe(303);
    const link = app.paths.export(reader.id, app.now);
    const answer = await app.post(link);
    expect(answer.headers.get("content-disposition")).toContain("paperboy-data.json");
    const data = (await answer.json()) as Record<string, unknown>;
    expect(data).toMatchObject({
      subscriber: { email: "export@example.net" },
      topics: [{ slug: "robotics" }],
      savedTopics: [{ name: "Laundry", rules: "laundry" }],
      editions: [{ date: "2026-03-04", state: "sent" }],
      papersSent: [{ paperId: papers[0] }],
    });
    expect((await app.post(link)).status).toBe(410);
  });
});

describe("erasure", () => {
  test("deletes all that names the reader, everywhere, by a link that works once", async () => {
    const email = "vanish@example.net";
    const reader = await confirmReader(app, email);
    await writeDigest(app.db, reader.id, {
      editionDate: "2026-03-04",
      state: "planned",
      paperIds: papers.slice(0, 1),
      plannedAt: app.now,
    });
    await app.post(`${app.paths.preferences(reader.id)}/topics`, { rules: "laundry", action: "save" });
    await app.post(`${app.paths.preferences(reader.id)}/erase`);
    const link = app.paths.erase(reader.id, app.now);
    expect((await app.post(link)).status).toBe(200);
    const tables = await app.db.execute<{ name: string; column: string }>(
      sql`select table_name as name, column_name as column from information_schema.columns
        where table_schema = 'public' and column_name in ('subscriber_id', 'owner_id')`,
    );
    for (const { name, column } of tables.rows) {
      const left = await app.db.execute(
        sql`select 1 from ${sql.identifier(name)} where ${sql.identifier(column)} = ${reader.id}`,
      );
      expect([name, left.rowCount]).toEqual([name, 0]);
    }
    expect(await findByEmail(app.db, email)).toBeUndefined();
    expect((await app.post(link)).status).toBe(410);
    expect((await app.get(app.paths.preferences(reader.id))).status).toBe(404);
  });

  test("keeps the code of a suppressed address, so that it is never written to again", async () => {
    const email = "complained@example.net";
    const reader = await confirmReader(app, email);
    await suppress(app.db, [testKey], { email, reason: "complaint", via: "test", now: app.now });
    await app.post(app.paths.erase(reader.id, app.now));
    expect(await findByEmail(app.db, email)).toBeUndefined();
    expect(await isSuppressed(app.db, [testKey], email)).toBe(true);
    await app.post("/subscribe", { email });
    expect(await findByEmail(app.db, email)).toBeUndefined();
  });

  test("a preferences link does not erase by itself, nor does a link made for export", async () => {
    const reader = await confirmReader(app, "safe@example.net");
    const swapped = app.paths.export(reader.id, app.now).replace("/export/", "/erase/");
    expect((await app.post(swapped)).status).toBe(404);
    expect(await findByEmail(app.db, "safe@example.net")).toBeDefined();
  });
});
