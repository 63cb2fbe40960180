// The whole service as a reader meets it: pages, worker, queue and the built-in mailbox, with a driven clock.
import { readConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { type Links, links } from "../../src/core/links.ts";
import { freePort } from "../../src/free-port.ts";
import type { MailboxMessage } from "../../src/mail/mailbox.ts";
import { start } from "../../src/main.ts";

export type Service = {
  url: string;
  /** Paths of signed links, below `url`. */
  paths: Links;
  context: Context;
  now: Date;
  /** A mail to an address that was not given before and has these words, newest first; waits for it. */
  mailTo: (email: string, words?: RegExp) => Promise<MailboxMessage>;
  stop: () => Promise<void>;
};

/** Starts it with these settings (a database URL, or a folder to keep one in) at a moment; needs no network. */
export async function startService(settings: Record<string, string>, now: Date): Promise<Service> {
  const port = await freePort();
  const clock = { now };
  const config = readConfig({
    PORT: String(port),
    BASE_URL: `http://127.0.0.1:${port}`,
    SECRET_KEY: "a-key-of-at-least-thirty-two-characters",
    SOURCES: "huggingface",
    LOG_LEVEL: "silent",
    ROLES: "web,worker",
    ...settings,
  });
  const running = await start(config, { now: () => clock.now });
  const { context, mailbox } = running.built;
  const given = new Set<string>();
  return {
    url: config.BASE_URL,
    paths: links("", context.keys),
    context,
    get now() {
      return clock.now;
    },
    set now(at: Date) {
      clock.now = at;
    },
    async mailTo(email, words = /./) {
      let found: MailboxMessage | undefined;
      const wanted = ({ id, to, subject, text }: MailboxMessage) =>
        to === email && !given.has(id) && words.test(`${subject}\n${text}`);
      await until(`a mail to ${email} with ${words}`, async () => {
        found = mailbox?.list().find(wanted);
        return found !== undefined;
      });
      if (!found) throw new Error("no mail");
      given.add(found.id);
      return found;
    },
    stop: running.stop,
  };
}

/** Asks again every 20 ms until the answer is yes; ten seconds at most. */
export async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  const late = performance.now() + 10_000;
  while (!(await done())) {
    if (performance.now() > late) throw new Error(`waited ten seconds for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
