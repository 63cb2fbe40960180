// Where is the built-in mailbox that a running service shows? In DATA_DIR/mailbox, so that other processes send into it.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { isAlive } from "./is-alive.ts";

const PROBE_MS = 2_000;
const fileOf = (dataDir: string) => path.resolve(dataDir, "mailbox");

/** Makes this process's mailbox (`smtp://127.0.0.1:PORT`) known to the others of the folder; the answer takes it back. */
export async function makeMailboxKnown(dataDir: string, url: string): Promise<() => Promise<void>> {
  const file = fileOf(dataDir);
  const said = `${process.pid} ${url}\n`;
  const before = await read(file);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, said);
  } catch {
    // A service with a database elsewhere may have no folder to write to; only commands beside it miss the mailbox.
  }
  return async () => {
    // A service that started later has put its own there; one that was there first, and still is, is known again.
    if ((await read(file)) !== said) return;
    if (isAlive(Number.parseInt(before, 10))) await writeFile(file, before);
    else await rm(file, { force: true });
  };
}

/** The mailbox of a service that runs on this folder; undefined where none answers. */
export async function findKnownMailbox(dataDir: string): Promise<string | undefined> {
  const [, pid, url] = /^(\d+) (smtp:\/\/127\.0\.0\.1:\d+)\n$/.exec(await read(fileOf(dataDir))) ?? [];
  // After kill -9 the port may be another program's: mail that shall stay here must not end there.
  if (!url || !isAlive(Number(pid)) || !(await answers(Number(new URL(url).port)))) return undefined;
  return url;
}

function read(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: "127.0.0.1", timeout: PROBE_MS });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
