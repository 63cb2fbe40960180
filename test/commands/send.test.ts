// The commands about topics and sending, as an operator runs them on a given moment: exact numbers, exact exit codes.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { simpleParser } from "mailparser";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runHere, startCommand } from "../support/command.ts";
import { keys } from "../support/context.ts";
import { useDatabase } from "../support/database.ts";
import { storeTexts } from "../support/match-papers.ts";
import { startService } from "../support/service.ts";
import { openSmtpServer, type SmtpTestServer } from "../support/smtp.ts";

const database = useDatabase();
let smtp: SmtpTestServer;
let folder = "";
const rules = "slug: kites\n  name: Kites\n  area: Sky\n  description: Things on strings.\n  rules: kite OR kites\n";

beforeAll(async () => {
  smtp = await openSmtpServer();
  folder = await mkdtemp(path.join(tmpdir(), "paperboy-send-"));
  await writeFile(path.join(folder, "kites.yaml"), `- ${rules}`);
});
afterAll(async () => {
  await smtp.close();
  await rm(folder, { recursive: true, force: true });
});

const ours = () => ({
  DATABASE_URL: database.url,
  SECRET_KEY: keys[0],
  DATA_DIR: folder,
  SMTP_URL: smtp.url,
  MAIL_FROM: "Paperboy <digest@papers.example.org>",
});
const paperboy = (...words: string[]) => runHere(words, ours());
const paperboyJson = async (...words: string[]) => {
  const { code, stdout } = await paperboy(...words, "--json");
  return { code, ...JSON.parse(stdout) };
};
const at = ["--at", "2026-03-03T07:30:00Z"];
const addReader = (email: string) =>
  database.db.$client.query(
    `with reader as (insert into subscribers (email, state, hour, cadence, due_at, confirmed_at)
       values ($1, 'confirmed', 7, 'daily', '2026-03-03T07:00:00Z', now()) returning id)
     insert into subscriptions select reader.id, topics.id from reader, topics where slug = 'kites'`,
    [email],
  );

it("topics apply puts a file's topics to the papers there are, and they stay for the next command", async () => {
  await storeTexts(database.db, [
    { title: "Kites that learn to fly", listedAt: new Date("2026-03-02T20:00:00Z") },
    { title: "Kites again", listedAt: new Date("2026-03-02T20:00:00Z") },
    { title: "Submarines", listedAt: new Date("2026-03-02T20:00:00Z") },
  ]);
  const applied = await paperboyJson("topics", "apply", path.join(folder, "kites.yaml"));
  expect(applied).toMatchObject({ code: 0, topics: ["kites"], papers: 3, matches: 2 });
  const { topics } = await paperboyJson("topics", "list");
  expect(topics.map(({ slug }: { slug: string }) => slug)).toEqual(["kites"]);
});

it("topics check names the line of a mistake and exits 1", async () => {
  await writeFile(path.join(folder, "bad.yaml"), `- ${rules}  colour: red\n`);
  const { code, stderr } = await paperboy("topics", "check", path.join(folder, "bad.yaml"));
  expect(code).toBe(1);
  expect(stderr).toMatch(/bad\.yaml needs a look:\n {2}.*6.*colour/);
});

it("topics backtest says what rules would have matched, and where they cannot be read", async () => {
  const { code, stderr } = await paperboy("topics", "backtest", "title:(kite");
  expect(code).toBe(1);
  expect(stderr).toMatch(/at character \d+/);
  const { matches } = await paperboyJson("topics", "backtest", "submarine OR submarines", "--days", "9999");
  expect(matches.map(({ title }: { title: string }) => title)).toEqual(["Submarines"]);
});

it("send --dry-run counts and does nothing; send does it once", async () => {
  await addReader("ada@example.net");
  const dry = await paperboyJson("send", "--dry-run", ...at);
  expect(dry).toEqual({ code: 0, due: 1, planned: 1, skipped: 0, sent: 0, failed: 0, uncertain: 0 });
  expect(smtp.received).toHaveLength(0);
  const sent = await paperboyJson("send", ...at);
  expect(sent).toEqual({ code: 0, due: 1, planned: 1, skipped: 0, sent: 1, failed: 0, uncertain: 0 });
  expect(smtp.received.map(({ to }) => to)).toEqual(["ada@example.net"]);
  const again = await paperboyJson("send", ...at);
  expect(again).toMatchObject({ code: 0, planned: 0, sent: 0 });
  expect(smtp.received).toHaveLength(1);
});

it("render prints the very bytes that were sent, and its two parts", async () => {
  const which = ["--to", "ada@example.net", "--date", "2026-03-03"];
  const { code, stdout } = await paperboy("render", ...which);
  expect(code).toBe(0);
  expect(stdout.trimEnd()).toBe(smtp.received[0]?.raw.toString("utf8").trimEnd());
  const mail = await simpleParser(stdout);
  expect((await paperboy("render", ...which, "--as", "text")).stdout.trim()).toBe(mail.text?.trim());
  expect((await paperboy("render", ...which, "--as", "html")).stdout).toContain("</mark> that learn to fly</a>");
});

it.each([
  [2, ["render", "--to", "ada@example.net", "--date", "2026-02-31"], "It must be a date"],
  [2, ["render", "--to", "ada@example.net", "--date", "2026-03-03", "--as", "pdf"], "eml, html, text"],
  [1, ["render", "--to", "bob@example.net", "--date", "2026-03-03"], "There is no edition"],
  [2, ["send", "--at", "yesterday"], "It must be a moment"],
  [2, ["topics", "backtest", "kite", "--days", "0"], "It must be a whole number from 1 to 99999"],
  [
    2,
    ["ingest", "arxiv", "--from", "2026-03-05", "--to", "2026-03-01"],
    "The first day, 2026-03-05, is after the last",
  ],
  [2, ["ingest", "arxiv", "--from", "2025-W53"], "It must be a day like"],
  [2, ["ingest", "arxiv", "--from", "2999-01-01", "--to", "2998-12-31"], "It must be a day like"],
  [2, ["ingest", "arxiv", "--from", "2199-01-02", "--to", "2199-01-01"], "is after the last, 2199-01-01"],
  [2, ["ingest", "hugingface"], "There is no source hugingface"],
  [2, ["start", "--roles", "web,cook"], "Each must be web, scheduler or worker"],
  [2, ["nonsense"], "unknown command"],
  [1, ["topics", "check", "/nowhere.yaml"], "/nowhere.yaml cannot be read"],
])("exits %i for %j", async (code, words, says) => {
  const ended = await paperboy(...words);
  expect(ended.code).toBe(code);
  expect(ended.stderr).toContain(says);
  expect(ended.stdout).toBe("");
});

it("without SMTP_URL, send puts its mail into the mailbox of the service that runs on the same folder", async () => {
  const { SMTP_URL: _, ...settings } = ours();
  const TOPICS_FILE = path.join(folder, "kites.yaml");
  const service = await startService({ ...settings, TOPICS_FILE, ROLES: "web" }, new Date());
  try {
    await addReader("grace@example.net");
    const { code, stdout } = await runHere(["send", ...at], settings);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("1 sent") });
    expect((await service.mailTo("grace@example.net")).subject).toMatch(/Kites/);
  } finally {
    await service.stop();
  }
});

it("without SMTP_URL and a service, send says that its mail can be read nowhere", async () => {
  await addReader("edith@example.net");
  const { SMTP_URL: _, ...settings } = ours();
  const { code, stderr } = await runHere(["send", ...at], settings);
  expect(code).toBe(0);
  expect(stderr).toMatch(/No SMTP_URL is set and no service runs here: .*render/);
});

it("a worker alone without SMTP_URL does not start: its mail could be read nowhere", async () => {
  const { SMTP_URL: _, ...settings } = ours();
  const { code, stderr } = await startCommand(["start", "--roles", "worker"], settings).ended;
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^SMTP_URL is not set, and no process/) });
});
