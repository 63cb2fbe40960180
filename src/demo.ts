// What does the whole loop look like? Sample papers, a sign-up through the real pages, a digest through the real queue and SMTP.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { readConfig } from "./config.ts";
import { utcDay } from "./core/calendar.ts";
import { storePapers } from "./db/papers.ts";
import { freePort } from "./free-port.ts";
import type { MailboxMessage } from "./mail/mailbox.ts";
import { type Running, start } from "./main.ts";
import { readSamples } from "./sources/samples.ts";

const READER = "ada@example.com";
const TOPICS = ["language-models", "agents-tool-use", "retrieval-rag", "diffusion-image-generation", "robotics"];

type Options = {
  once: boolean;
  port: number;
  untilStopped: () => Promise<void>;
  now?: () => Date;
  /** Where the steps are told, a line each. */
  say?: (line: string) => void;
};
const DAY_MS = 86_400_000;

/** Runs the loop in a throw-away folder and prints each step with its time; with `once` it ends when the digest arrived. */
export async function runDemo({
  once,
  port,
  untilStopped,
  now = () => new Date(),
  say: tell = console.log,
}: Options): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "paperboy-demo-"));
  const startedAt = performance.now();
  const say = (text: string) => tell(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${text}`);
  let running: Running | undefined;
  try {
    say("Starting PostgreSQL, the queue, the mailbox and the pages in a throw-away folder…");
    const free = port || (await freePort());
    const config = readConfig({
      DATA_DIR: dataDir,
      PORT: String(free),
      BASE_URL: `http://localhost:${free}`,
      LOG_LEVEL: "warn",
      ROLES: "web,worker",
    });
    // Offline: no source is asked, and none is said to be silent.
    running = await start({ ...config, SOURCES: [] }, { now: clockOnWorkdays(now) });
    // A Ctrl-C on the way is no failure: what was started is stopped, and the folder goes.
    if ((await Promise.race([loop(running, config.BASE_URL, say), untilStopped().then(() => "stopped")])) === "stopped")
      return;
    if (once) return;
    tell(
      `\n  Pages     ${config.BASE_URL}\n  Mailbox   ${config.BASE_URL}/mailbox\n\n  Ctrl-C ends it and removes everything.`,
    );
    await untilStopped();
  } finally {
    await running?.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function loop({ built }: Running, url: string, say: (text: string) => void): Promise<void> {
  const { context, mailbox } = built;
  if (!mailbox) throw new Error("the demo uses the built-in mailbox");
  const today = utcDay(context.now());
  const stored = await storePapers(context.db, await readSamples(today), context.now());
  say(`Loaded ${stored.new} sample papers (invented, marked as samples).`);
  await context.queue.ring("match", {}, { id: "demo" });
  await until("the papers are matched", async () => {
    const left = await context.db.$client.query("select count(*)::int as left from papers where matched_at is null");
    return left.rows[0].left === 0;
  });
  const { rows } = await context.db.$client.query("select count(*)::int as count from matches");
  say(`Matched them to topics: ${rows[0].count} matches.`);

  await post(`${url}/subscribe`, { email: READER, topics: TOPICS, timezone: "UTC" });
  say(`Signed ${READER} up through the form on the front page.`);
  const confirmation = await mailTo(mailbox.list, 1);
  const link = /https?:\/\/\S+\/confirm\/\S+/.exec(confirmation.text ?? "")?.[0];
  if (!link) throw new Error("the confirmation mail holds no link");
  say(`The confirmation mail arrived: “${confirmation.subject}”.`);
  await post(link, { topics: TOPICS, timezone: "UTC", hour: "7", cadence: "daily", max_papers: "12" });
  say("Confirmed, with five topics at 07:00 UTC.");

  const at = new Date(`${today}T13:00:00Z`);
  const { runPlan } = await import("../workers/plan.ts");
  const planned = await runPlan(context, { now: at, everyone: true });
  say(`Planned the edition of ${today}: ${planned.planned} digest.`);
  const digest = await mailTo(mailbox.list, 2, (message) => /\d+ papers? on /.test(message.subject));
  say(`The digest arrived over SMTP: “${digest.subject}”.`);
}

/** The clock as it is; on a weekend the same hour of Friday, since sources have no lists on weekends and an edition lasts a day. */
export function clockOnWorkdays(now: () => Date): () => Date {
  const weekday = now().getUTCDay();
  const back = (weekday === 6 ? 1 : weekday === 0 ? 2 : 0) * DAY_MS;
  return () => new Date(now().getTime() - back);
}

async function post(url: string, fields: Record<string, string | string[]>): Promise<void> {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) body.append(name, one);
  const response = await fetch(url, { method: "POST", body, redirect: "manual" });
  if (response.status >= 400)
    throw new Error(`POST ${new URL(url).pathname.split("/")[1]} answered ${response.status}`);
}

async function mailTo(
  list: () => MailboxMessage[],
  atLeast: number,
  wanted: (message: MailboxMessage) => boolean = () => true,
): Promise<MailboxMessage> {
  let found: MailboxMessage | undefined;
  await until(`mail number ${atLeast} arrives`, async () => {
    found = list().length >= atLeast ? list().find(wanted) : undefined;
    return found !== undefined;
  });
  if (!found) throw new Error("no mail arrived");
  return found;
}

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 50) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited 30 seconds until ${what}`);
}
