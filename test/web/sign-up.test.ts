// Can somebody sign up, confirm, and be nobody's victim on the way?
import { desc, eq } from "drizzle-orm";
import { beforeAll, describe, expect, test } from "vitest";
import { addressHmac } from "../../src/core/tokens.ts";
import { events, letters, subscribers } from "../../src/db/schema.ts";
import { findByEmail, listChosenTopics } from "../../src/db/subscriber-rows.ts";
import { confirm, signUp } from "../../src/db/subscribers.ts";
import { suppress } from "../../src/db/suppressions.ts";
import { testKey, useApp } from "../support/app.ts";
import { storeListDay } from "../support/web-data.ts";

const app = useApp();
const start = new Date("2026-03-05T09:00:00Z");

beforeAll(async () => {
  await storeListDay(app.db, start);
});

/** Signs up and gives the reader with the path of their confirm page. */
async function pending(email: string, topics: string[] = []) {
  await app.post("/subscribe", { email, topics });
  const reader = await findByEmail(app.db, email);
  if (!reader) throw new Error(`${email} did not sign up`);
  return { reader, path: app.paths.confirm(reader.id, app.now) };
}

describe("signing up", () => {
  test("writes a pending reader and a letter, and rings for it", async () => {
    const answer = await app.post("/subscribe", {
      email: "Ada@Example.net",
      topics: ["robotics", "vision"],
      timezone: "Europe/Berlin",
    });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("Check your mail");
    const reader = await findByEmail(app.db, "ada@example.net");
    expect(reader).toMatchObject({ state: "pending", timezone: "Europe/Berlin", dueAt: null });
    expect(await listChosenTopics(app.db, reader?.id ?? 0)).toEqual(["robotics", "vision"]);
    const [letter] = await app.db
      .select()
      .from(letters)
      .where(eq(letters.subscriberId, reader?.id ?? 0));
    expect(letter).toMatchObject({ kind: "confirm", state: "planned" });
    expect(app.rings).toContainEqual({ name: "deliver", data: { letter: letter?.id } });
  });

  test("a wrong address comes back on the same page beside the field, with what was typed", async () => {
    const answer = await app.post("/subscribe", { email: 'ada"@<x>', topics: ["robotics"] });
    const page = await answer.text();
    expect(answer.status).toBe(422);
    expect(page).toContain('value="ada&quot;@&lt;x&gt;"');
    expect(page).toContain('id="email-error"');
    expect(page).toMatch(/value="robotics" checked/);
    expect(page).toContain("Daily Papers");
  });

  test.each([
    ["an unknown topic", { email: "b@example.net", topics: ["no-such-topic"] }],
    ["a bad zone", { email: "b@example.net", timezone: "Mars/Olympus" }],
    ["no address", {}],
  ])("%s is refused with 422 and nothing is written", async (_what, fields) => {
    const answer = await app.post("/subscribe", fields);
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain('class="error"');
    expect(await findByEmail(app.db, "b@example.net")).toBeUndefined();
  });

  test("a zone that the browser guessed and nobody knows is not guessed again on the page that refuses it", async () => {
    const guess = /<input type="hidden" name="timezone" value="" data-guess-timezone>/;
    expect(await (await app.get("/")).text()).toMatch(guess);
    const answer = await app.post("/subscribe", { email: "b@example.net", timezone: "Etc/Unknown" });
    expect(answer.status).toBe(422);
    expect(await answer.text()).not.toMatch(guess);
  });

  test("a filled honeypot is thanked and forgotten", async () => {
    const answer = await app.post("/subscribe", { email: "bot@example.net", website: "https://spam.example" });
    expect(answer.status).toBe(200);
    expect(await findByEmail(app.db, "bot@example.net")).toBeUndefined();
  });

  test("a stranger cannot tell new, pending, confirmed, left and suppressed addresses apart", async () => {
    const emails = { new: "s-new@example.net", pending: "s-pending@example.net", confirmed: "s-conf@example.net" };
    await signUp(app.db, [testKey], { email: emails.pending, provider: "x", topics: [], now: start });
    await signUp(app.db, [testKey], { email: emails.confirmed, provider: "x", topics: ["robotics"], now: start });
    const reader = await findByEmail(app.db, emails.confirmed);
    await confirm(app.db, { subscriberId: reader?.id ?? 0, choices: {}, wording: "test", now: start });
    await suppress(app.db, [testKey], { email: "s-supp@example.net", reason: "complaint", via: "test", now: start });
    const answers = [];
    for (const email of [...Object.values(emails), "s-supp@example.net"]) {
      const startedAt = performance.now();
      const answer = await app.post("/subscribe", { email, topics: ["vision"] });
      const body = (await answer.text()).replaceAll(email, "ADDRESS");
      answers.push({ status: answer.status, body, ms: performance.now() - startedAt });
    }
    const [first] = answers;
    for (const { status, body, ms } of answers) {
      expect(status).toBe(200);
      expect(body).toBe(first?.body);
      expect(ms).toBeGreaterThan(100);
    }
    expect(await findByEmail(app.db, "s-supp@example.net")).toBeUndefined();
    expect(await listChosenTopics(app.db, reader?.id ?? 0)).toEqual(["robotics"]);
    const [told] = await app.db
      .select()
      .from(letters)
      .where(eq(letters.subscriberId, reader?.id ?? 0))
      .orderBy(desc(letters.id));
    expect(told?.kind).toBe("already");
  });

  test("a suppressed address is known by its HMAC under a retired key, too", async () => {
    const old = "an older key of at least thirty-two characters";
    await suppress(app.db, [old], { email: "old@example.net", reason: "hard", via: "test", now: start });
    await signUp(app.db, [testKey, old], { email: "old@example.net", provider: "x", topics: [], now: start });
    expect(await findByEmail(app.db, "old@example.net")).toBeUndefined();
    expect(addressHmac(old, "old@example.net")).not.toContain("example");
  });

  test("one address gets one confirmation an hour and three a day, whoever asks", async () => {
    const email = "victim@example.net";
    const count = async () => {
      const reader = await findByEmail(app.db, email);
      return (
        await app.db
          .select()
          .from(letters)
          .where(eq(letters.subscriberId, reader?.id ?? 0))
      ).length;
    };
    const at = app.now.getTime();
    const seen: number[] = [];
    for (const hours of [0, 0.5, 1.1, 2.2, 3.3, 4.4]) {
      await signUp(app.db, [testKey], { email, provider: "x", topics: [], now: new Date(at + hours * 3_600_000) });
      seen.push(await count());
    }
    expect(seen).toEqual([1, 1, 2, 3, 3, 3]);
  });

  test("two sign-ups at the same moment write one letter", async () => {
    const ask = { email: "twice@example.net", provider: "x", topics: [], now: app.now };
    await Promise.all(Array.from({ length: 5 }, () => signUp(app.db, [testKey], ask)));
    const reader = await findByEmail(app.db, ask.email);
    expect(
      await app.db
        .select()
        .from(letters)
        .where(eq(letters.subscriberId, reader?.id ?? 0)),
    ).toHaveLength(1);
  });
});

describe("confirming", () => {
  test("the page shows the choices and what they would bring, and changes nothing", async () => {
    const { reader, path } = await pending("c1@example.net", ["robotics"]);
    const answer = await app.get(path);
    const page = await answer.text();
    expect(answer.status).toBe(200);
    expect(page).toMatch(/value="robotics" checked/);
    expect(page).not.toMatch(/value="vision" checked/);
    expect(page).toContain("Robots that fold laundry");
    expect(page).toContain("Europe/Berlin");
    expect(await findByEmail(app.db, "c1@example.net")).toEqual(reader);
  });

  test("saves the choices, the next moment and what was agreed to", async () => {
    const { reader, path } = await pending("c2@example.net", ["robotics"]);
    const answer = await app.post(path, {
      choices: "1",
      topics: ["vision", "language-models"],
      timezone: "America/New_York",
      hour: "6",
      cadence: "weekdays",
      max_papers: "20",
    });
    expect(answer.status).toBe(200);
    const after = await findByEmail(app.db, "c2@example.net");
    expect(after).toMatchObject({
      state: "confirmed",
      timezone: "America/New_York",
      hour: 6,
      cadence: "weekdays",
      maxPapers: 20,
    });
    expect(after?.dueAt).toEqual(new Date("2026-03-05T11:00:00Z"));
    expect(after?.consent).toContain("/confirm");
    expect(await listChosenTopics(app.db, reader.id)).toEqual(["language-models", "vision"]);
    const kinds = (await app.db.select().from(events).where(eq(events.subscriberId, reader.id))).map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(["signed-up", "confirmed"]);
  });

  test("an empty body confirms what was chosen at sign-up", async () => {
    const { path } = await pending("c3@example.net", ["robotics"]);
    expect((await app.post(path)).status).toBe(200);
    expect((await findByEmail(app.db, "c3@example.net"))?.state).toBe("confirmed");
  });

  test("a second confirm changes nothing and says so", async () => {
    const { path } = await pending("c4@example.net", ["robotics"]);
    await app.post(path, { hour: "6" });
    const answer = await app.post(path, { hour: "9" });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("Already confirmed");
    expect((await findByEmail(app.db, "c4@example.net"))?.hour).toBe(6);
  });

  test.each([
    ["no topic", { choices: "1" }, "topics-error"],
    ["an unknown topic", { topics: ["nope"] }, "topics-error"],
    ["a bad zone", { topics: ["vision"], timezone: "Nowhere" }, "timezone-error"],
    ["a bad hour", { topics: ["vision"], hour: "24" }, "hour-error"],
    ["a bad cadence", { topics: ["vision"], cadence: "hourly" }, "cadence-error"],
    ["too many papers", { topics: ["vision"], max_papers: "1000" }, "max_papers-error"],
  ])("%s comes back beside its field with 422, and the reader stays pending", async (_what, fields, place) => {
    const { path } = await pending("c5@example.net", ["robotics"]);
    const answer = await app.post(path, fields);
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain(`id="${place}"`);
    expect((await findByEmail(app.db, "c5@example.net"))?.state).toBe("pending");
    expect(await listChosenTopics(app.db, (await findByEmail(app.db, "c5@example.net"))?.id ?? 0)).toEqual([
      "robotics",
    ]);
  });

  test("the preview button shows and saves nothing", async () => {
    const { path } = await pending("c6@example.net", ["robotics"]);
    const answer = await app.post(path, { choices: "1", topics: ["vision"], action: "preview" });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("An image is worth a look");
    expect((await findByEmail(app.db, "c6@example.net"))?.state).toBe("pending");
  });

  test("a link older than 72 hours offers a new one and opens nothing", async () => {
    const { reader } = await pending("c7@example.net", ["robotics"]);
    const old = app.paths.confirm(reader.id, new Date(app.now.getTime() - 73 * 3_600_000));
    for (const answer of [await app.get(old), await app.post(old)]) {
      expect(answer.status).toBe(410);
      expect(await answer.text()).toContain("too old");
    }
    expect((await findByEmail(app.db, "c7@example.net"))?.state).toBe("pending");
  });

  test("a forged or cut link, or one for another purpose, is a neutral 404", async () => {
    const { reader, path } = await pending("c8@example.net", ["robotics"]);
    for (const wrong of [
      path.slice(0, -1),
      `${path.slice(0, -1)}_`,
      "/confirm/x",
      app.paths.unsubscribe(reader.id).replace("unsubscribe", "confirm"),
    ]) {
      expect((await app.get(wrong)).status).toBe(404);
      expect((await app.post(wrong)).status).toBe(404);
    }
    const [row] = await app.db.select().from(subscribers).where(eq(subscribers.id, reader.id));
    expect(row?.state).toBe("pending");
  });
});
