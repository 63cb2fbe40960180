// Every page there is, on a database in which a reader has everything: for axe, for screenshots, for a look round.
import { eq, sql } from "drizzle-orm";
import type { Page } from "playwright-core";
import { addDays } from "../../src/core/calendar.ts";
import { askForNewAddress } from "../../src/db/account.ts";
import { unsubscribe } from "../../src/db/leaving.ts";
import { storePapers } from "../../src/db/papers.ts";
import { saveTopic } from "../../src/db/saved-topics.ts";
import { digests, papers } from "../../src/db/schema.ts";
import { findByEmail, type Subscriber } from "../../src/db/subscriber-rows.ts";
import { confirm, savePreferences, signUp } from "../../src/db/subscribers.ts";
import { castVote } from "../../src/db/votes.ts";
import { readSamples } from "../../src/sources/samples.ts";
import { runMatch } from "../../workers/match.ts";
import { runPlan } from "../../workers/plan.ts";
import { type Service, until } from "./service.ts";

const DAY_MS = 86_400_000;
export const TOUR_PASSWORD = "a password of the tour";
const TOPICS = ["language-models", "agents-tool-use", "robotics", "retrieval-rag"];

/** The invented papers, spread over the day and the two weekdays before it, matched. */
export async function storeSampleDays(service: Service): Promise<void> {
  const today = service.now.toISOString().slice(0, 10);
  const drafts = await readSamples(today);
  const spread = drafts.map((draft, at) => {
    const back = at % 3;
    const listedAt = new Date((draft.listedAt?.getTime() ?? service.now.getTime()) - back * DAY_MS);
    return { ...draft, listedOn: addDays(today, -back), listedAt };
  });
  await storePapers(service.context.db, spread, service.now);
  await runMatch(service.context);
}

/** A reader who is confirmed with four topics. */
async function makeReader(service: Service, email: string, at = service.now): Promise<Subscriber> {
  const { db, keys } = service.context;
  await signUp(db, keys, { email, provider: "example.net", topics: TOPICS, timezone: "Europe/Berlin", now: at });
  const reader = await findByEmail(db, email);
  const choices = { hour: 7, maxPapers: 8 };
  const answer = await confirm(db, { subscriberId: reader?.id ?? 0, choices, wording: "tour", now: at });
  if (answer.kind !== "confirmed") throw new Error(`${email} is ${answer.kind}`);
  return answer.subscriber;
}

export type Stop = { name: string; path: string; act?: (page: Page) => Promise<unknown> };

/** Gives one reader editions, topics, votes and exclusions, others every other state; lists every page by name. */
export async function furnish(service: Service): Promise<Stop[]> {
  const { context, paths } = service;
  const { db, keys } = context;
  const now = service.now;
  const reader = await makeReader(service, "ada.lovelace@example.net", new Date(now.getTime() - 20 * DAY_MS));
  for (let back = 9; back >= 0; back--) {
    service.now = new Date(now.getTime() - back * DAY_MS);
    await runPlan(context, { now: service.now, everyone: true });
    await until("digests to go out", async () => {
      const open = await db.execute(sql`select 1 from digests where state in ('planned', 'sending', 'retry')`);
      return open.rowCount === 0;
    });
  }
  const own = { ownerId: reader.id, name: "Agents that write code", rules: "agent* NEAR (code OR software) -survey" };
  await saveTopic(db, own, now);
  await saveTopic(db, { ownerId: reader.id, name: "Following Grace Hopper", rules: 'author:"Grace Hopper"' }, now);
  const [first, second] = await db.select({ id: papers.id }).from(papers).orderBy(papers.id).limit(2);
  if (!first || !second) throw new Error("the tour needs papers");
  await castVote(db, { subscriberId: reader.id, paperId: first.id, direction: "more" }, now);
  await castVote(db, { subscriberId: reader.id, paperId: second.id, direction: "less" }, now);
  await savePreferences(db, { subscriberId: reader.id, choices: { excluded: 'survey\n"medical imaging"' }, now });

  const ask = (email: string, topics: string[]) =>
    signUp(db, keys, { email, provider: "example.net", topics, timezone: "UTC", now });
  const idOf = async (email: string) => (await findByEmail(db, email))?.id ?? 0;
  await ask("new.reader@example.net", TOPICS);
  await ask("undecided@example.net", []);
  const left = await makeReader(service, "left@example.net");
  await unsubscribe(db, { subscriberId: left.id, via: "page", now });
  const leaving = await makeReader(service, "leaving@example.net");
  const paused = await makeReader(service, "paused@example.net");
  const pausedUntil = addDays(now.toISOString().slice(0, 10), 20);
  await savePreferences(db, { subscriberId: paused.id, choices: { pausedUntil }, now });
  const { letter = 0 } = await askForNewAddress(db, keys, { subscriberId: reader.id, email: "ada@example.com", now });
  const [sent] = await db
    .select()
    .from(digests)
    .where(eq(digests.state, "sent"))
    .orderBy(sql`cardinality(paper_ids) desc`);
  const [quiet] = await db.select().from(digests).where(eq(digests.state, "skipped"));
  const day = now.toISOString().slice(0, 10);
  const pending = await idOf("new.reader@example.net");
  const old = new Date(now.getTime() - 4 * DAY_MS);
  const submit = (name: string) => (page: Page) => page.getByRole("button", { name, exact: true }).click();
  const mail = await service.mailTo(reader.email, /paper/);

  return [
    { name: "front", path: "/" },
    { name: "front-topic", path: "/?topic=language-models" },
    { name: "front-topics-open", path: "/", act: (page) => page.getByText("Choose topics now").click() },
    {
      name: "front-wrong-address",
      path: "/",
      act: async (page) => {
        await page.getByLabel("Your e-mail address").fill("ada@example");
        await submit("Subscribe")(page);
      },
    },
    { name: "front-empty-topic", path: "/?topic=no-such-topic" },
    { name: "day", path: `/papers/date/${addDays(day, -1)}` },
    { name: "day-empty", path: "/papers/date/2026-01-03" },
    { name: "week", path: `/papers/week/${weekOf(now)}` },
    { name: "paper", path: `/papers/${first.id}` },
    { name: "topics", path: "/topics" },
    { name: "topic", path: "/topics/language-models" },
    { name: "search", path: "/search" },
    { name: "search-found", path: "/search?q=model" },
    { name: "search-none", path: "/search?q=zzzzqqq" },
    { name: "search-wrong", path: "/search?q=%22open" },
    {
      name: "check-mail",
      path: "/",
      act: async (page) => {
        await page.getByLabel("Your e-mail address").fill("somebody@example.net");
        await submit("Subscribe")(page);
      },
    },
    { name: "confirm", path: paths.confirm(pending, now) },
    { name: "confirm-undecided", path: paths.confirm(await idOf("undecided@example.net"), now) },
    {
      name: "confirm-no-topic",
      path: paths.confirm(await idOf("undecided@example.net"), now),
      act: submit("Confirm and subscribe"),
    },
    { name: "welcome", path: paths.confirm(pending, now), act: submit("Confirm and subscribe") },
    { name: "already", path: paths.confirm(reader.id, now) },
    { name: "expired", path: paths.confirm(await idOf("undecided@example.net"), old) },
    { name: "preferences-ask", path: "/preferences" },
    { name: "preferences", path: paths.preferences(reader.id) },
    { name: "preferences-saved", path: paths.preferences(reader.id), act: submit("Save") },
    {
      name: "preferences-wrong",
      path: paths.preferences(reader.id),
      act: async (page) => {
        await page.getByLabel("Leave out papers").fill('"open');
        await submit("Save")(page);
      },
    },
    {
      name: "preferences-tried",
      path: paths.preferences(reader.id),
      act: async (page) => {
        await page.getByLabel("What to look for").fill("model OR agent");
        await submit("Try it on the last 7 days")(page);
      },
    },
    { name: "preferences-paused", path: paths.preferences(paused.id) },
    { name: "preferences-left", path: paths.preferences(left.id) },
    { name: "leave", path: paths.unsubscribe(leaving.id) },
    { name: "leave-less", path: paths.unsubscribe(leaving.id), act: submit("At most 5 papers") },
    { name: "leave-gone", path: paths.unsubscribe(leaving.id), act: submit("Unsubscribe") },
    { name: "digest", path: paths.digest(sent?.id ?? 0) },
    { name: "digest-quiet", path: paths.digest(quiet?.id ?? 0) },
    { name: "vote", path: paths.vote(reader.id, first.id, "more") },
    {
      name: "vote-noted",
      path: paths.vote(reader.id, first.id, "more"),
      act: submit("Show me more like this"),
    },
    { name: "change-address", path: paths.changeAddress(letter, now) },
    { name: "change-address-done", path: paths.changeAddress(letter, now), act: submit("Change my address") },
    { name: "export", path: paths.export(reader.id, now) },
    { name: "erase", path: paths.erase(paused.id, now) },
    { name: "erase-done", path: paths.erase(paused.id, now), act: submit("Erase it all") },
    { name: "used", path: paths.erase(paused.id, now) },
    { name: "help", path: "/help" },
    { name: "api", path: "/api/v1/docs" },
    { name: "mailbox", path: "/mailbox" },
    { name: "message", path: `/mailbox/${mail.id}` },
    { name: "message-text", path: `/mailbox/${mail.id}/text` },
    { name: "not-found", path: "/nothing-here" },
    { name: "admin-login", path: "/admin" },
    {
      name: "admin",
      path: "/admin",
      act: async (page) => {
        await page.getByLabel("Password").fill(TOUR_PASSWORD);
        await submit("Log in")(page);
      },
    },
    { name: "admin-readers", path: "/admin/subscribers" },
    { name: "admin-reader", path: `/admin/subscribers/${reader.id}` },
    { name: "admin-audit", path: "/admin/audit" },
  ];
}

function weekOf(at: Date): string {
  const thursday = new Date(at.getTime() + (4 - (at.getUTCDay() || 7)) * DAY_MS);
  const start = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.floor((thursday.getTime() - start) / DAY_MS / 7) + 1;
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}`;
}
