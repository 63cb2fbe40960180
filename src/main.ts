// How does it all come together? Config → context → roles, and down again in reverse order.
import { readFile } from "node:fs/promises";
import pino, { type Logger } from "pino";
import { type Config, mailDomains, type Role } from "./config.ts";
import type { Context } from "./context.ts";
import { readTopicsFile } from "./core/match/topics-file.ts";
import { emptyCardCache } from "./db/cards.ts";
import { closeDatabase, connectDatabase, connectQueue, migrateDatabase } from "./db/connect.ts";
import { startEmbeddedDatabase } from "./db/embedded.ts";
import { openSending } from "./db/sending.ts";
import { applyTopics, hasTopics } from "./db/topics.ts";
import { forgottenKey, readKeys } from "./keys.ts";
import { findKnownMailbox, makeMailboxKnown } from "./known-mailbox.ts";
import type { Mailbox } from "./mail/mailbox.ts";
import { openQueue } from "./queue/queue.ts";
import { reasonOf } from "./reason.ts";

export type Built = {
  context: Context;
  /** The built-in mailbox of this process; undefined with SMTP_URL, and where another process keeps it. */
  mailbox: Mailbox | undefined;
  /** How many migrations were applied. */
  applied: number;
  close: () => Promise<void>;
};
/** Topics are taken `of the file` at start; else only where there are none yet, so that `topics apply` holds until then. */
type Needs = {
  mail?: boolean;
  /** This process shows the built-in mailbox; others send into the one that is shown, where there is one. */
  shownHere?: boolean;
  now?: () => Date;
  log?: Logger;
  topics?: "of the file";
};

/** A sentence for the person who runs this: printed alone, without a stack. */
export class PlainError extends Error {}

/** Logs as JSON lines on stderr, so that stdout stays free for answers. */
export function openLog(level: Config["LOG_LEVEL"]): Logger {
  return pino({ level, base: null, redact: ["email", "token"] }, pino.destination({ fd: 2, sync: true }));
}

/** Builds what every role and command needs: database (migrated), queue, topics, and mail when asked for. */
export async function buildContext(config: Config, needs: Needs = {}): Promise<Built> {
  const log = needs.log ?? openLog(config.LOG_LEVEL);
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const keys = await readKeys(config).catch((cause) => {
      throw new PlainError(`DATA_DIR ${config.DATA_DIR} cannot be used: ${reasonOf(cause)}.`, { cause });
    });
    const embedded = config.DATABASE_URL ? undefined : await startEmbeddedDatabase({ dataDir: config.DATA_DIR });
    if (embedded) closers.push(embedded.stop);
    const databaseUrl = config.DATABASE_URL ?? embedded?.url ?? "";
    const db = connectDatabase(databaseUrl);
    closers.push(() => closeDatabase(db));
    const applied = await migrateDatabase(db).catch((cause) => {
      throw new PlainError(`The database at ${new URL(databaseUrl).host} cannot be used: ${reasonOf(cause)}.`, {
        cause,
      });
    });
    const queue = await openQueue(
      config.REDIS_URL ? { redisUrl: config.REDIS_URL } : { postgres: connectQueue(databaseUrl) },
      log,
    );
    closers.push(() => queue.close());
    const now = needs.now ?? (() => new Date());
    const context: Context = { config, keys, log, db, queue, now };
    if (needs.topics === "of the file" || !(await hasTopics(db))) await offerTopics(context);
    let mailbox: Mailbox | undefined;
    if (needs.mail) {
      const smtpUrl = config.SMTP_URL ?? (needs.shownHere ? undefined : await findKnownMailbox(config.DATA_DIR));
      if (smtpUrl === undefined) {
        const { openMailbox } = await import("./mail/mailbox.ts");
        const opened = await openMailbox({ log });
        closers.push(() => opened.close());
        mailbox = opened;
        if (needs.shownHere) closers.push(await makeMailboxKnown(config.DATA_DIR, opened.url));
      }
      context.mail = await openMail(context, smtpUrl ?? mailbox?.url ?? "");
      closers.push(async () => {
        await context.mail?.transport.close();
        await context.mail?.sending.close();
      });
    }
    return { context, mailbox, applied, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openMail({ config, keys, db }: Context, smtpUrl: string): Promise<NonNullable<Context["mail"]>> {
  const [{ openComposer }, { openTransport }] = await Promise.all([
    import("./mail/compose.ts"),
    import("./mail/transport.ts"),
  ]);
  const { bounce, dkim } = mailDomains(config);
  const composer = await openComposer({
    baseUrl: config.BASE_URL,
    keys,
    from: config.MAIL_FROM,
    replyTo: config.MAIL_REPLY_TO ?? config.MAIL_FROM,
    postalAddress: config.POSTAL_ADDRESS,
    bounceDomain: bounce,
    leaveDomain: config.BOUNCE_DOMAIN,
    dkim: {
      domain: dkim,
      selector: config.DKIM_SELECTOR,
      ...(config.DKIM_PRIVATE_KEY ? { rsaKeyPem: config.DKIM_PRIVATE_KEY } : {}),
      ...(config.DKIM_ED25519_PRIVATE_KEY ? { ed25519KeyPem: config.DKIM_ED25519_PRIVATE_KEY } : {}),
    },
  });
  const { SMTP_CONNECTIONS: connections, SMTP_RATE: rate } = config;
  const sending = openSending(db, connections);
  return {
    composer,
    transport: openTransport({ smtpUrl, connections, rate, slots: sending }),
    sending,
    cards: emptyCardCache(),
  };
}

async function offerTopics({ config, db, now }: Context): Promise<void> {
  const text = await readFile(config.TOPICS_FILE, "utf8").catch((cause) => {
    throw new PlainError(`TOPICS_FILE ${config.TOPICS_FILE} cannot be read.`, { cause });
  });
  const file = readTopicsFile(text);
  if (file.kind === "error")
    throw new PlainError(`${config.TOPICS_FILE} needs a look:\n  ${file.problems.join("\n  ")}`);
  await applyTopics(db, file.topics, now());
}

export type Running = { url: string | undefined; built: Built; stop: () => Promise<void> };

/** Starts the roles of the settings; each is imported only when asked for. `stop` drains within 30 seconds. */
export async function start(config: Config, options: { now?: () => Date; log?: Logger } = {}): Promise<Running> {
  const has = (role: Role) => config.ROLES.includes(role);
  const built = await buildContext(config, {
    ...options,
    mail: has("worker") || has("web"),
    shownHere: has("web"),
    topics: "of the file",
  });
  const { context, mailbox } = built;
  const stops: (() => Promise<void>)[] = [built.close];
  let url: string | undefined;
  try {
    if (mailbox && !has("web"))
      throw new PlainError(
        "SMTP_URL is not set, and no process with the web role shows a mailbox on this DATA_DIR: mail could be read nowhere.",
      );
    if (has("web")) {
      const [{ createApp, serve }, { findDigest }, { readMessage }, { listConfiguredSources }] = await Promise.all([
        import("./web/app.ts"),
        import("./db/digests.ts"),
        import("./mail/read-message.ts"),
        import("./sources/sources.ts"),
      ]);
      const renderDigest = async (id: number) => {
        const digest = await findDigest(context.db, { id });
        if (!digest || digest.cards.length === 0 || !context.mail) return undefined;
        const { raw } = await context.mail.composer.digest({ ...digest, format: "html" });
        const { html, text } = await readMessage(raw);
        return { html: html || "", text: text ?? "" };
      };
      const app = createApp(context, {
        ...(mailbox ? { mailbox } : {}),
        renderDigest,
        sources: listConfiguredSources(config),
      });
      const serving = await serve(app, { host: config.HOST, port: config.PORT }).catch((cause) => {
        throw new PlainError(`The pages cannot listen on ${config.HOST}:${config.PORT}: ${reasonOf(cause)}.`, {
          cause,
        });
      });
      url = serving.url;
      stops.push(() => serving.close());
    }
    if (has("worker")) {
      const { workersFor } = await import("../workers/pipeline.ts");
      // Before anything else is closed: what runs still needs the mail server and the database.
      stops.push(() => context.queue.close());
      await context.queue.work(workersFor(context), 4);
    }
    if (has("scheduler")) {
      const { startScheduler } = await import("./scheduler.ts");
      const scheduler = startScheduler(context);
      stops.push(() => scheduler.stop());
    }
  } catch (error) {
    for (const stop of stops.reverse()) await stop();
    throw error;
  }
  const forgotten = await forgottenKey(config);
  if (forgotten) context.log.warn(forgotten);
  context.log.info({ roles: config.ROLES, ...(url ? { url } : {}) }, "started");
  return {
    url,
    built,
    async stop() {
      if (stops.length === 0) return;
      for (const stop of stops.splice(0).reverse()) await stop();
      context.log.info("stopped");
    },
  };
}
