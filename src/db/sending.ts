// Which processes are sending, and whose are the connections to the mail server? Advisory locks of one session a process, so that
// both end with the process, however it ends.
import { randomInt } from "node:crypto";
import type pg from "pg";
import type { Database } from "./connect.ts";
import { CONNECTION_LOCKS, SENDER_LOCKS } from "./locks.ts";

export type Sending = {
  /**
   * Says that this process sends until `leave`; gives a name for the claims made meanwhile that no others carry: the process's,
   * a dot and a number. Throws where the database is away.
   */
  enter: () => Promise<string>;
  leave: () => void;
  /** Whether a reader left, paused or was suppressed since this process began to send: the database says so the moment it is true. */
  hasLeft: (subscriberId: number) => boolean;
  /** A connection to the mail server that no other process holds; undefined when all are taken. */
  take: () => Promise<{ release: () => void } | undefined>;
  /** How many connections this process should hold at most: all of them, shared among the processes that send. */
  share: () => number;
  close: () => Promise<void>;
};

const SHARE_MS = 1_000;
const LINGER_MS = 2_000;
const REVIVE_MS = 500;

/** Opens nothing yet; the session (one connection of the pool) lives while this process sends. */
export function openSending(db: Database, connections: number): Sending {
  const key = randomInt(1, 2 ** 31 - 1);
  const held = new Set<number>();
  const gone = new Set<number>();
  let session: pg.PoolClient | undefined;
  let starting: Promise<pg.PoolClient> | undefined;
  let shared = connections;
  let active = 0;
  let entered = 0;
  let lastAsked: Promise<unknown> = Promise.resolve();
  let lastTake: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let lingering: NodeJS.Timeout | undefined;

  async function start(): Promise<pg.PoolClient> {
    const client = await db.$client.connect();
    const lose = () => {
      if (session !== client) return;
      // The server let go of every lock with the session: others may take the connections now.
      held.clear();
      shared = 0;
      session = undefined;
      clearInterval(timer);
      client.release(true);
      void revive();
    };
    client.on("error", lose);
    client.on("end", lose);
    client.on("notification", ({ payload = "" }) => {
      const [id, state] = payload.split(" ");
      if (state === "confirmed") gone.delete(Number(id));
      else gone.add(Number(id));
    });
    const left = await begin(client).catch((error) => {
      // `lose` lets go of a session, and this has not become one.
      client.release(true);
      throw error;
    });
    for (const id of left) gone.add(id);
    session = client;
    await readShare(client).catch((error) => {
      lose();
      throw error;
    });
    timer = setInterval(() => void readShare(client).catch(lose), SHARE_MS);
    timer.unref();
    return client;
  }

  /** Listens and says that this process sends; gives the readers who left while nobody listened and whose mail is on its way. */
  async function begin(client: pg.PoolClient): Promise<number[]> {
    await client.query("listen reader_state");
    await client.query("select pg_advisory_lock($1, $2)", [SENDER_LOCKS, key]);
    const left = await client.query<{ id: string }>(
      `select subscriber_id as id from digests left join subscribers on subscribers.id = subscriber_id
       where digests.state = 'sending' and split_part(claimed_by, '.', 1) = $1 and subscribers.state is distinct from 'confirmed'`,
      [String(key)],
    );
    return left.rows.map(({ id }) => Number(id));
  }

  /** While something is on its way the session must come back soon: without it this process counts as dead. */
  async function revive(): Promise<void> {
    while (active > 0 && !session) await ensure().catch(() => new Promise((resolve) => setTimeout(resolve, REVIVE_MS)));
  }

  /** One query after another, as a connection takes them. */
  function ask(client: pg.PoolClient, query: string, values: unknown[]): Promise<pg.QueryResult> {
    const asked = lastAsked.then(() => client.query(query, values));
    lastAsked = asked.catch(() => {});
    return asked;
  }

  async function readShare(client: pg.PoolClient): Promise<void> {
    const answer = await ask(
      client,
      `select count(*)::int as senders from pg_locks
       where locktype = 'advisory' and classid = $1 and database = (select oid from pg_database where datname = current_database())`,
      [SENDER_LOCKS],
    );
    if (session === client) shared = Math.max(1, Math.ceil(connections / Math.max(1, answer.rows[0].senders)));
  }

  async function ensure(): Promise<pg.PoolClient> {
    if (session) return session;
    starting ??= start().finally(() => {
      starting = undefined;
    });
    return starting;
  }

  async function takeOne(): Promise<{ release: () => void } | undefined> {
    const client = await ensure();
    if (held.size >= shared) return undefined;
    // A session may take its own lock again, so that those it has are left out before they are tried.
    const answer = await ask(
      client,
      `with free as materialized (select slot from generate_series(1, $1::int) slot where slot <> all($2::int[]))
       select slot from free where pg_try_advisory_lock($3, slot) limit 1`,
      [connections, [...held], CONNECTION_LOCKS],
    );
    const slot: number | undefined = answer.rows[0]?.slot;
    if (slot === undefined || session !== client) return undefined;
    held.add(slot);
    return {
      release() {
        if (session !== client || !held.delete(slot)) return;
        ask(client, "select pg_advisory_unlock($1, $2)", [CONNECTION_LOCKS, slot]).catch(() => {});
        linger();
      },
    };
  }

  /** Lets the session go a little after the last use. */
  function linger(): void {
    clearTimeout(lingering);
    if (active > 0 || held.size > 0) return;
    lingering = setTimeout(() => {
      if (active === 0 && held.size === 0) void end();
    }, LINGER_MS);
    lingering.unref();
  }

  async function end(): Promise<void> {
    const client = session;
    if (!client) return;
    session = undefined;
    shared = connections;
    held.clear();
    gone.clear();
    clearInterval(timer);
    // Closed and not given back to the pool: its locks and its listening must end.
    client.release(true);
  }

  return {
    async enter() {
      active++;
      try {
        await ensure();
      } catch (error) {
        active--;
        throw error;
      }
      return `${key}.${++entered}`;
    },
    leave() {
      active--;
      linger();
    },
    hasLeft: (subscriberId) => gone.has(subscriberId),
    take() {
      const taken = lastTake.then(takeOne, takeOne);
      lastTake = taken;
      return taken;
    },
    share: () => shared,
    async close() {
      clearTimeout(lingering);
      await starting?.catch(() => {});
      await end();
    },
  };
}
