// One way to send, in a process of its own: from planned digests to rows marked as sent. `bench -- send` starts these.
import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { TransportOptions } from "nodemailer";
import pg from "pg";
import { readConfig } from "../src/config.ts";
import { bylineOf, shorten, whyOf, wordsOf } from "../src/core/deliver/digest-words.ts";
import { wrap } from "../src/core/deliver/wrap.ts";
import type { DigestCard } from "../src/core/digest.ts";
import { escapeHtml } from "../src/core/escape-html.ts";
import { type Links, links } from "../src/core/links.ts";
import { highlight } from "../src/core/match/highlight.ts";
import { readingLinks } from "../src/mail/cards.ts";
import { compileTemplate } from "../src/mail/template.ts";
import { buildContext, openLog } from "../src/main.ts";
import { workersFor } from "../workers/pipeline.ts";

export type Job = {
  way: string;
  databaseUrl: string;
  smtpUrl: string;
  from: number;
  to: number;
  connections: number;
  keyFile: string;
};
export type Sent = { seconds: number; cpuMs: number; peakMb: number };

const BASE_URL = "https://papers.example.org";
const SECRET = "a-key-of-at-least-thirty-two-characters";
const FROM = "Paperboy <digest@papers.example.org>";

/** Reads a Job as JSON, does it, prints a Sent as JSON on the last line. */
export async function run([text = "{}"]: string[]): Promise<void> {
  const job: Job = JSON.parse(text);
  const send = job.way.startsWith("paperboy") ? await openPaperboy(job) : await openOrdinary(job);
  let peak = process.memoryUsage().rss;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 100);
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await send();
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(watch);
  const sent: Sent = { seconds, cpuMs: (user + system) / 1_000 / (job.to - job.from + 1), peakMb: peak / 2 ** 20 };
  process.stdout.write(`${JSON.stringify(sent)}\n`, () => process.exit(0));
}

/** The service's own worker: the real queue on PostgreSQL, ranges of 1,000 as planning rings them. */
async function openPaperboy(job: Job): Promise<() => Promise<void>> {
  const { way, databaseUrl, smtpUrl, from, to, connections, keyFile } = job;
  const config = readConfig({
    DATABASE_URL: databaseUrl,
    SMTP_URL: smtpUrl,
    SECRET_KEY: SECRET,
    MAIL_FROM: FROM,
    BASE_URL,
    SMTP_CONNECTIONS: String(connections),
    LOG_LEVEL: "error",
    ...(way.endsWith("ed25519") ? { DKIM_ED25519_PRIVATE_KEY: `${keyFile}-ed` } : {}),
    ...(way.endsWith("rsa") ? { DKIM_PRIVATE_KEY: keyFile } : {}),
  });
  const { context } = await buildContext(config, { mail: true, log: openLog("error") });
  await context.queue.work(workersFor(context), 4);
  return async () => {
    for (let first = from; first <= to; first += 1_000)
      await context.queue.ring("deliver", { from: first, to: Math.min(to, first + 999) });
    for (;;) {
      const open = await context.db.$client.query(
        "select 1 from digests where id between $1 and $2 and state in ('planned', 'sending', 'retry', 'uncertain') limit 1",
        [from, to],
      );
      if (open.rowCount === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
}

type Row = { id: string; email: string; subscriber: string; cards: DigestCard[] };

/** What one would write first (`naive`), and what one would write with some care (`decent`). */
async function openOrdinary(job: Job): Promise<() => Promise<void>> {
  const { way, databaseUrl, smtpUrl, from, to, connections, keyFile } = job;
  const [{ default: mjml2html }, { createTransport }] = await Promise.all([import("mjml"), import("nodemailer")]);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  const pem = await readFile(keyFile, "utf8");
  const naive = way === "naive";
  const transport = createTransport({
    url: smtpUrl,
    ...(naive ? {} : { pool: true, maxConnections: connections, maxMessages: Number.POSITIVE_INFINITY }),
    dkim: {
      domainName: "papers.example.org",
      keySelector: "paperboy",
      privateKey: naive ? pem : (createPrivateKey(pem) as unknown as string),
      headerFieldNames:
        "from:to:subject:date:message-id:mime-version:content-type:list-id:list-unsubscribe:list-unsubscribe-post",
    },
  } as TransportOptions);
  const source = await readFile(path.join(import.meta.dirname, "../templates/mail/digest.mjml"), "utf8");
  const [sourceHead = "", rest = ""] = source.split("<!--card-->");
  const [sourceCard = "", sourceFoot = ""] = rest.split("<!--/card-->");
  const { before, card, after } = (await compileTemplate("digest")).html;
  const join = ({ pieces, slots }: typeof card) =>
    pieces.map((piece, at) => piece + (slots[at] ? `[[${slots[at]}]]` : "")).join("");
  const ready = { head: join(before), card: join(card), foot: join(after) };
  const to_ = links(BASE_URL, [SECRET]);

  async function sendOne(id: number): Promise<void> {
    const answer = await pool.query<Row>(
      `select digests.id, email, subscriber_id as subscriber, (select jsonb_agg(card order by nth)
         from unnest(paper_ids, topic_ids) with ordinality as chosen(paper_id, topic_id, nth)
         join edition_cards using (paper_id, topic_id) where edition_cards.edition_date = digests.edition_date) as cards
       from digests join subscribers on subscribers.id = subscriber_id where digests.id = $1`,
      [id],
    );
    const row = answer.rows[0];
    if (!row) throw new Error(`no digest ${id}`);
    const { html, text, subject } = naive
      ? await render(
          row,
          to_,
          { head: sourceHead, card: sourceCard, foot: sourceFoot },
          async (filled) => (await mjml2html(filled)).html,
        )
      : await render(row, to_, ready, async (filled) => filled);
    await transport.sendMail({
      from: FROM,
      to: row.email,
      subject,
      html,
      text,
      list: {
        id: { url: "daily.papers.example.org", comment: "Paperboy daily" },
        unsubscribe: [[to_.unsubscribe(Number(row.subscriber))]],
      },
      headers: { "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" },
    } as never);
    await pool.query("update digests set state = 'sent', sent_at = now() where id = $1", [id]);
  }

  return async () => {
    let next = from;
    const work = async () => {
      while (next <= to) await sendOne(next++);
    };
    await Promise.all(Array.from({ length: naive ? 5 : connections * 2 }, work));
  };
}

async function render(
  { id, email, subscriber, cards }: Row,
  to: Links,
  template: { head: string; card: string; foot: string },
  finish: (filled: string) => Promise<string>,
): Promise<{ html: string; text: string; subject: string }> {
  const digest = { editionDate: "2026-03-03", cadence: "daily", email, cards, more: 23 } as const;
  const { subject, headline, intro, date, rest, asked } = wordsOf(digest, "Paperboy");
  const unsubscribe = to.unsubscribe(Number(subscriber));
  const preferences = to.preferences(Number(subscriber));
  const browser = to.digest(Number(id));
  const fill = (part: string, values: Record<string, string>) =>
    part.replace(/\[\[(\w+)\]\]/g, (_, slot: string) => values[slot] ?? "");
  const around = {
    subject: escapeHtml(subject),
    headline,
    intro: escapeHtml(intro),
    sender: "Paperboy",
    date,
    unsubscribe,
    preferences,
    browser,
    rest: `<a href="${browser}">${rest}</a>`,
    asked: escapeHtml(asked),
  };
  const marked = (text: string, terms: string[]) =>
    highlight(text, terms)
      .map(({ text: piece, hit }) => (hit ? `<mark>${escapeHtml(piece)}</mark>` : escapeHtml(piece)))
      .join("");
  const shown = cards.map((card) =>
    fill(template.card, {
      paper: to.paper(card.paperId),
      title: marked(card.title, card.terms),
      byline: escapeHtml(bylineOf(card)),
      abstract: marked(shorten(card.abstract, 400), card.terms),
      why: escapeHtml(whyOf(card)),
      links: readingLinks(card)
        .map(({ name, href }) => `<a href="${escapeHtml(href)}">${name}</a> &nbsp;·&nbsp; `)
        .join(""),
      votes: to.votes(Number(subscriber)),
      number: String(card.paperId),
    }),
  );
  const html = await finish(fill(template.head, around) + shown.join("") + fill(template.foot, around));
  const text = [
    headline,
    wrap(intro),
    `Unsubscribe: ${unsubscribe}`,
    ...cards.flatMap((card) => [
      "",
      wrap(card.title),
      wrap(bylineOf(card)),
      wrap(shorten(card.abstract, 400)),
      wrap(whyOf(card)),
      to.paper(card.paperId),
      ...readingLinks(card).map(({ name, href }) => `${name}: ${href}`),
      `More like this: ${to.vote(Number(subscriber), card.paperId, "more")}`,
      `Less like this: ${to.vote(Number(subscriber), card.paperId, "less")}`,
    ]),
    "",
    `Unsubscribe: ${unsubscribe}`,
  ].join("\n");
  return { html, text, subject };
}
