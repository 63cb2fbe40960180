// What does every part get by hand? The plain object that main builds once.
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import type { TokenKeys } from "./core/tokens.ts";
import type { CardCache } from "./db/cards.ts";
import type { Database } from "./db/connect.ts";
import type { Sending } from "./db/sending.ts";
import type { Composer } from "./mail/compose.ts";
import type { Transport } from "./mail/transport.ts";
import type { Queue } from "./queue/queue.ts";

export type Context = {
  config: Config;
  /** Keys of every signed link, first signs. */
  keys: TokenKeys;
  log: Logger;
  db: Database;
  queue: Queue;
  /** The clock; tests drive it. */
  now: () => Date;
  /** Composes and sends; only where mail is sent or shown. */
  mail?: {
    composer: Composer;
    transport: Transport;
    sending: Sending;
    cards: CardCache;
    /** Whether the log was told that the mail server cannot be reached. */
    away?: boolean;
  };
};
