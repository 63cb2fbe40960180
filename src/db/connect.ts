// How is PostgreSQL reached? A pool, drizzle over it, and migrations applied under a lock.
import path from "node:path";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { MIGRATION_LOCK } from "./locks.ts";
import * as schema from "./schema.ts";

export type Database = NodePgDatabase<typeof schema> & { $client: pg.Pool };
/** The database or a transaction on it. */
export type Queryable = Omit<Database, "$client"> | Parameters<Parameters<Database["transaction"]>[0]>[0];

const migrationsFolder = path.join(import.meta.dirname, "../../drizzle");

/** Opens a pool of at most `connections`; nothing connects before the first query. */
export function connectDatabase(url: string, connections = 10): Database {
  const pool = openPool({ connectionString: url, max: connections, application_name: "paperboy" });
  return drizzle(pool, { schema });
}

/** The connections of BullMQ's queue, which lives in the schema `bullmq`: two listen in a process that works, four ask. */
export function connectQueue(url: string): pg.Pool {
  const address = new URL(url);
  const given = address.searchParams.get("options");
  address.searchParams.set("options", `${given ? `${given} ` : ""}-c search_path=bullmq`);
  return openPool({
    connectionString: address.href,
    max: 6,
    application_name: "paperboy queue",
    // Who only listens would not notice a server that vanished.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
}

/** A connection that the server closes must not end the process, idle, in use or just made; the next query tells. */
function openPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({
    ...config,
    async onConnect(client) {
      let broken: Error | undefined;
      client.on("error", (error) => {
        broken = error;
      });
      // A server that dies greets and takes leave in one breath: nobody gets such a connection, who would not hear it end.
      await new Promise((resolve) => setImmediate(resolve));
      if (broken) throw broken;
    },
  });
  return pool.on("error", () => {});
}

/**
 * Brings the schema up to date; several processes may call it at once. Returns how many migrations it applied. Rejects where the
 * server takes a connection and says nothing for `patienceMs`.
 */
export async function migrateDatabase(db: Database, patienceMs = 15_000): Promise<number> {
  const client = await connectWithin(db.$client, patienceMs);
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    const before = await countMigrations(client);
    await migrate(drizzle(client), { migrationsFolder });
    return (await countMigrations(client)) - before;
  } finally {
    await client.query("select pg_advisory_unlock($1)", [MIGRATION_LOCK]).catch(() => {});
    client.release();
  }
}

/** pg would wait for ever; its pool's own limit would also hold for waiting while all connections are in use. */
async function connectWithin(pool: pg.Pool, patienceMs: number): Promise<pg.PoolClient> {
  const connecting = pool.connect();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it has not answered for ${patienceMs / 1_000} s`)), patienceMs);
  });
  try {
    return await Promise.race([connecting, late]);
  } catch (error) {
    connecting.then((client) => client.release(true)).catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function countMigrations(client: pg.PoolClient): Promise<number> {
  const known = await client.query("select to_regclass('drizzle.__drizzle_migrations') is not null as present");
  if (!known.rows[0].present) return 0;
  const count = await client.query("select count(*)::int as applied from drizzle.__drizzle_migrations");
  return count.rows[0].applied;
}

/** Closes the pool; work that still holds a connection after `deadlineMs` is left behind. */
export async function closeDatabase(db: Database, deadlineMs = 10_000): Promise<void> {
  const late = new Promise<void>((resolve) => setTimeout(resolve, deadlineMs).unref());
  await Promise.race([db.$client.end(), late]);
}
