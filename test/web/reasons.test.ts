// Can a reader check every "why"? The digest, the paper page and the API tell the same words, and the sum comes out.
import { readFileSync } from "node:fs";
import path from "node:path";
import { simpleParser } from "mailparser";
import { beforeAll, expect, test } from "vitest";
import type { z } from "zod";
import { distinctTerms } from "../../src/core/deliver/digest-words.ts";
import { readTopicsFile } from "../../src/core/match/topics-file.ts";
import { findDigest } from "../../src/db/digests.ts";
import { saveTopic } from "../../src/db/saved-topics.ts";
import { applyTopics } from "../../src/db/topics.ts";
import { openComposer } from "../../src/mail/compose.ts";
import type { fullPaper } from "../../src/web/api/schemas.ts";
import { runMatch } from "../../workers/match.ts";
import { runPlan } from "../../workers/plan.ts";
import { useApp } from "../support/app.ts";
import { composerSettings } from "../support/context.ts";
import { storeTexts } from "../support/match-papers.ts";
import { confirmReader } from "../support/web-data.ts";

const app = useApp();
const title = "Diffusion models for text-to-image generation, & quickly";
const abstract =
  "Text-to-image diffusion models draw slowly. We distil a latent diffusion model into one that needs four steps, and edit images with it.";
const slug = "diffusion-image-generation";
let paper = 0;

beforeAll(async () => {
  const file = readTopicsFile(readFileSync(path.join(import.meta.dirname, "../../topics.yaml"), "utf8"));
  if (file.kind === "error") throw new Error(file.problems.join("\n"));
  await applyTopics(app.db, file.topics, app.now);
  const listedAt = new Date(app.now.getTime() - 3_600_000);
  [paper = 0] = await storeTexts(app.db, [
    { title, abstract, authors: ["Ada Lovelace", "Zoë Ångström"], organization: "Some Lab", listedAt },
  ]);
  await runMatch(app.context);
});

const marksOf = (html: string) =>
  [...html.matchAll(/<mark>(.*?)<\/mark>/gs)].map(([, text = ""]) => text.replaceAll("&amp;", "&"));
const askTopics = async () =>
  ((await (await app.get(`/api/v1/papers/${paper}`)).json()) as z.output<typeof fullPaper>).topics;
const unique = (list: string[]) => [...new Set(list.map((one) => one.toLowerCase()))].sort();

async function planFor(email: string): Promise<NonNullable<Awaited<ReturnType<typeof findDigest>>>> {
  await app.db.execute(`update subscribers set due_at = '2026-03-05T08:59:00Z', hour = 8 where email = '${email}'`);
  await runPlan(app.context, { now: app.now });
  const rows = await app.db.execute<{ id: string }>(
    `select digests.id from digests join subscribers on subscribers.id = subscriber_id where email = '${email}' and reason is null`,
  );
  const digest = await findDigest(app.db, { id: Number(rows.rows[0]?.id) });
  if (!digest) throw new Error("nothing was planned");
  return digest;
}

test("the digest, the paper page and the API tell the same words, each of which stands in the text", async () => {
  await confirmReader(app, "why@example.net", [slug]);
  const digest = await planFor("why@example.net");
  const [card] = digest.cards;
  const terms = card?.terms ?? [];
  expect(terms.length).toBeGreaterThan(2);
  for (const term of terms) expect(`${title}\n${abstract}`).toContain(term);

  const told = (await askTopics()).find((topic) => topic.slug === slug);
  expect(told?.terms).toEqual(terms);

  const page = await (await app.get(`/papers/${paper}`)).text();
  const reason = page.slice(
    page.indexOf(`href="/topics/${slug}"`),
    page.indexOf("</dd>", page.indexOf(`href="/topics/${slug}"`)),
  );
  // Of a word in one and in many, the page shows the first.
  expect(marksOf(reason)).toEqual(distinctTerms(terms, 12));

  const mail = await simpleParser((await (await openComposer(composerSettings)).digest(digest)).raw);
  const html = String(mail.html);
  // Where words of two reasons overlap, the longer one is marked.
  expect(terms.map((term) => term.toLowerCase())).toEqual(expect.arrayContaining(unique(marksOf(html))));
  expect(marksOf(html).length).toBeGreaterThan(2);
  for (const term of terms.slice(0, 2)) expect(mail.text).toContain(term);
});

test("the parts of a score, times the second opinion, are the score in multiples of the threshold; the page says the sum", async () => {
  const topics = await askTopics();
  expect(topics.length).toBeGreaterThan(0);
  const page = await (await app.get(`/papers/${paper}`)).text();
  for (const { score, threshold, opinion, parts } of topics) {
    const sum = parts.reduce((total, { points }) => total + points, 0);
    expect(sum * opinion).toBeCloseTo(score * threshold, 3);
    expect(page).toContain(`${Math.round(sum * opinion * 100) / 100}; ${threshold} is enough`);
  }
});

test("a followed author or organization is the reason itself, as the paper writes it", async () => {
  const { id } = await confirmReader(app, "follower@example.net", ["robotics"]);
  await saveTopic(app.db, { ownerId: id, name: "Zoe", rules: 'author:"zoe angstrom" OR org:"some lab"' }, app.now);
  const digest = await planFor("follower@example.net");
  expect(digest.cards).toMatchObject([
    { paperId: paper, topic: { name: "Zoe", owned: true }, terms: ["Zoë Ångström", "Some Lab"] },
  ]);
});
