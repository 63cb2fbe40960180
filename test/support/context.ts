// A context over the file's database: real composer and mailbox, a queue that only counts its rings.
import pino from "pino";
import { readConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import type { TokenKeys } from "../../src/core/tokens.ts";
import { emptyCardCache } from "../../src/db/cards.ts";
import type { Database } from "../../src/db/connect.ts";
import { openSending } from "../../src/db/sending.ts";
import { type ComposerSettings, openComposer } from "../../src/mail/compose.ts";
import { type Mailbox, openMailbox } from "../../src/mail/mailbox.ts";
import { openTransport } from "../../src/mail/transport.ts";
import type { Queue } from "../../src/queue/queue.ts";

export const keys: TokenKeys = ["a-key-of-at-least-thirty-two-characters"];
export const silent = pino({ level: "silent" });

export const composerSettings: ComposerSettings = {
  baseUrl: "https://papers.example.org",
  keys,
  from: "Paperboy <digest@papers.example.org>",
  replyTo: "help@papers.example.org",
  postalAddress: "1 Example Street, Exampleton",
  bounceDomain: "bounce.papers.example.org",
  leaveDomain: "bounce.papers.example.org",
  dkim: { domain: "papers.example.org", selector: "paperboy" },
};

/** A queue for tests that call the stages themselves. */
export function quietQueue(): Queue & { rings: { name: string; data: object }[] } {
  const rings: { name: string; data: object }[] = [];
  return {
    rings,
    async ring(name, data) {
      rings.push({ name, data });
    },
    async work() {},
    counts: async () => ({}),
    async ping() {},
    async close() {},
  };
}

export async function openTestContext(
  db: Database,
  now: () => Date,
  dkim: Partial<ComposerSettings["dkim"]> = {},
): Promise<{ context: Context; mailbox: Mailbox; close: () => Promise<void> }> {
  const mailbox = await openMailbox({ log: silent });
  const composer = await openComposer({ ...composerSettings, dkim: { ...composerSettings.dkim, ...dkim } });
  const sending = openSending(db, 5);
  const transport = openTransport({ smtpUrl: mailbox.url, connections: 5, rate: 0, slots: sending });
  const config = readConfig({ BASE_URL: composerSettings.baseUrl, LOG_LEVEL: "silent" });
  const context: Context = {
    config,
    keys,
    log: silent,
    db,
    queue: quietQueue(),
    now,
    mail: { composer, transport, sending, cards: emptyCardCache() },
  };
  return {
    context,
    mailbox,
    async close() {
      await transport.close();
      await sending.close();
      await mailbox.close();
    },
  };
}
