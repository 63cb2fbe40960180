// From a matched paper to a mail on a real SMTP server: once, never after an opt-out, the same bytes again.
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Context } from "../../src/context.ts";
import { readTopicsFile } from "../../src/core/match/topics-file.ts";
import type { PaperDraft } from "../../src/core/paper.ts";
import { findDigest, listOpenRanges, markUncertain } from "../../src/db/digests.ts";
import { storePapers } from "../../src/db/papers.ts";
import { applyTopics } from "../../src/db/topics.ts";
import type { Mailbox } from "../../src/mail/mailbox.ts";
import { runDeliver } from "../../workers/deliver.ts";
import { runMatch } from "../../workers/match.ts";
import { runPlan } from "../../workers/plan.ts";
import { openTestContext } from "../support/context.ts";
import { useDatabase } from "../support/database.ts";

const database = useDatabase();
const at = (text: string) => new Date(text);

function draft(number: number, title: string, listedAt: string): PaperDraft {
  return {
    source: "sample",
    canonicalId: `sample:${number}`,
    title,
    abstract: `We study ${title.toLowerCase()} with a large language model and report what we find on three benchmarks.`,
    authors: ["Ada Example", 'John "Four" Flynn'],
    categories: [],
    keywords: [],
    links: {},
    upvotes: number,
    listedOn: listedAt.slice(0, 10),
    listedAt: at(listedAt),
    announce: "new",
  };
}

async function subscribe(
  email: string,
  fields: { hour?: number; cadence?: string; state?: string } = {},
): Promise<number> {
  const pool = database.db.$client;
  const { rows } = await pool.query(
    `insert into subscribers (email, state, hour, cadence, due_at, confirmed_at)
     values ($1, $2, $3, $4, '2026-03-01T00:00:00Z', now()) returning id::int`,
    [email, fields.state ?? "confirmed", fields.hour ?? 7, fields.cadence ?? "daily"],
  );
  await pool.query("insert into subscriptions select $1, id from topics where slug = 'language-models'", [rows[0].id]);
  return rows[0].id;
}

describe("sending", () => {
  let context: Context;
  let mailbox: Mailbox;
  let close: () => Promise<void>;
  const sendAll = async (now: Date) => {
    const plan = await runPlan(context, { now });
    for (const range of await listOpenRanges(context.db, { now, size: 100 }))
      await runDeliver(context, { ...range, now });
    return plan;
  };
  const mailTo = (email: string) => mailbox.list().filter(({ to }) => to === email);

  beforeAll(async () => {
    ({ context, mailbox, close } = await openTestContext(database.db, () => at("2026-03-02T07:00:00Z")));
    const file = readTopicsFile(readFileSync(path.join(import.meta.dirname, "../../topics.yaml"), "utf8"));
    if (file.kind === "error") throw new Error(file.problems.join("\n"));
    await applyTopics(database.db, file.topics, context.now());
    await storePapers(
      database.db,
      [
        draft(1, "Large Language Models that <think>", "2026-03-02T01:00:00Z"),
        draft(2, "Pretraining language models on Q&A", "2026-03-02T02:00:00Z"),
        draft(3, "A language model listed tomorrow", "2026-03-03T02:00:00Z"),
      ],
      context.now(),
    );
    await runMatch(context);
  });
  afterAll(() => close());

  it("sends what is listed by then, and the next day only what is new", async () => {
    await subscribe("ada@example.org");
    expect(await sendAll(at("2026-03-02T07:00:00Z"))).toMatchObject({ due: 1, planned: 1, skipped: 0 });
    const [first] = mailTo("ada@example.org");
    expect(first?.subject).toBe("Mon 2 Mar: 2 papers on Language Models");
    expect(first?.text).toContain("Large Language Models that <think>");
    expect(first?.html).toContain("that &lt;think&gt;");
    await sendAll(at("2026-03-02T07:05:00Z"));
    expect(mailTo("ada@example.org")).toHaveLength(1);
    await sendAll(at("2026-03-03T07:00:00Z"));
    const [second] = mailTo("ada@example.org");
    expect(second?.subject).toBe("Tue 3 Mar: 1 paper on Language Models");
    expect(second?.text).toContain("A language model listed tomorrow");
  });

  it("says why a day is quiet", async () => {
    const id = await subscribe("quiet@example.org");
    await database.db.$client.query("update subscribers set min_upvotes = 99999 where id = $1", [id]);
    await sendAll(at("2026-03-04T07:00:00Z"));
    await sendAll(at("2026-03-07T07:00:00Z"));
    const { rows } = await database.db.$client.query(
      "select edition_date::text, state, reason from digests where subscriber_id = $1 order by 1",
      [id],
    );
    expect(rows).toEqual([
      { edition_date: "2026-03-04", state: "skipped", reason: "3 papers matched, none with 99999 upvotes or more" },
      { edition_date: "2026-03-07", state: "skipped", reason: "no list on weekends" },
    ]);
  });

  it("never opens a transaction for someone who left after planning", async () => {
    const id = await subscribe("left@example.org");
    const now = at("2026-03-05T07:00:00Z");
    await runPlan(context, { now });
    await database.db.$client.query("update subscribers set state = 'unsubscribed' where id = $1", [id]);
    for (const range of await listOpenRanges(context.db, { now, size: 100 }))
      await runDeliver(context, { ...range, now });
    expect(mailTo("left@example.org")).toHaveLength(0);
    const digest = await findDigest(context.db, { email: "left@example.org", editionDate: "2026-03-05" });
    expect(digest?.state).toBe("cancelled");
  });

  it("sends a digest whose sender died once more, with the same bytes", async () => {
    await subscribe("twice@example.org");
    const now = at("2026-03-05T08:00:00Z");
    await sendAll(now);
    const [first] = mailTo("twice@example.org");
    await database.db.$client.query(
      "update digests set state = 'sending', claimed_at = $1, claimed_by = 'gone' from subscribers where subscribers.id = subscriber_id and email = 'twice@example.org'",
      [now],
    );
    expect(await markUncertain(context.db, at("2026-03-05T08:10:00Z"))).toBe(1);
    await sendAll(at("2026-03-05T08:11:00Z"));
    const copies = mailTo("twice@example.org");
    expect(copies).toHaveLength(2);
    expect(copies[0]?.source).toBe(first?.source);
  });

  it("carries each list header once, as the mail rules say", () => {
    const [mail] = mailTo("ada@example.org");
    const head = mail?.source.split("\r\n\r\n")[0] ?? "";
    const once = [
      "List-Id",
      "List-Unsubscribe",
      "List-Unsubscribe-Post",
      "List-Help",
      "List-Owner",
      "List-Archive",
      "Auto-Submitted",
      "Feedback-ID",
      "Date",
      "Message-ID",
      "Reply-To",
    ];
    for (const name of once) expect(head.match(new RegExp(`^${name}:`, "gim")), name).toHaveLength(1);
    expect(head).toMatch(/^List-Post: NO$/m);
    expect(head).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click$/m);
    expect(head).toMatch(/^List-Unsubscribe: <https:\/\/papers\.example\.org\/unsubscribe\/[^>]+>/m);
  });
});
