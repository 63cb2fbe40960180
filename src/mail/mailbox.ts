// Where does mail go when no server is set? A real SMTP server on loopback that keeps what it gets.
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { readMessage } from "./read-message.ts";

export type MailboxMessage = {
  id: string;
  from: string;
  to: string;
  subject: string;
  date: Date;
  html?: string;
  text?: string;
  /** The message as it came over SMTP. */
  source: string;
};
export type Mailbox = {
  /** `smtp://127.0.0.1:PORT` */
  url: string;
  /** Newest first. */
  list: () => MailboxMessage[];
  find: (id: string) => MailboxMessage | undefined;
  close: () => Promise<void>;
};
type Log = { warn: (detail: object, message: string) => void };

const KEEP = 1_000;
const MAX_BYTES = 5_000_000;

/** Opens the mailbox on a free loopback port; it keeps the last 1,000 messages in memory. */
export async function openMailbox({ log, port = 0 }: { log: Log; port?: number }): Promise<Mailbox> {
  const messages: MailboxMessage[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    size: MAX_BYTES,
    logger: false,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        if (stream.sizeExceeded) {
          done(Object.assign(new Error("552 the message is larger than the mailbox takes"), { responseCode: 552 }));
          return;
        }
        const source = Buffer.concat(chunks);
        const to = session.envelope.rcptTo.map(({ address }) => address).join(", ");
        read(source, to).then(
          (message) => {
            messages.unshift(message);
            messages.splice(KEEP);
            done(null, "2.0.0 kept");
          },
          (error: Error) => done(error),
        );
      });
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  server.on("error", (error) => log.warn({ error: error.message }, "the built-in mailbox had an error"));
  const { port: opened } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${opened}`,
    list: () => [...messages],
    find: (id) => messages.find((message) => message.id === id),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function read(source: Buffer, to: string): Promise<MailboxMessage> {
  const parsed = await readMessage(source);
  return {
    id: randomUUID(),
    from: parsed.from?.text ?? "",
    to,
    subject: parsed.subject ?? "",
    date: parsed.date ?? new Date(0),
    ...(typeof parsed.html === "string" ? { html: parsed.html } : {}),
    ...(parsed.text ? { text: parsed.text } : {}),
    source: source.toString("utf8"),
  };
}
