// Which mails lie in these files? A single mail, an mbox, a Maildir, or what is piped in.
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";

const MAX_BYTES = 200_000_000;

/** The bytes of each mail under `name`, one after the other; `-` is stdin. Throws where it cannot be read. */
export async function* readMailFiles(name: string): AsyncGenerator<Buffer> {
  if (name === "-") return yield* mailsIn(await readStdin());
  if (!(await stat(name)).isDirectory()) return yield* mailsIn(await readWhole(name));
  const inside = await readdir(name);
  // A Maildir keeps what nobody looked at in new and the rest in cur; tmp is not whole yet.
  const folders = ["new", "cur"].filter((folder) => inside.includes(folder));
  for (const folder of folders.length > 0 ? folders : ["."])
    for (const entry of (await readdir(path.join(name, folder), { withFileTypes: true })).filter((one) => one.isFile()))
      yield* mailsIn(await readWhole(path.join(name, folder, entry.name)).catch(unlessGone));
}

/** A mail that somebody looked at meanwhile moved from new to cur, which is read after it. */
function unlessGone(error: NodeJS.ErrnoException): Buffer {
  if (error.code === "ENOENT") return Buffer.alloc(0);
  throw error;
}

async function readWhole(file: string): Promise<Buffer> {
  if ((await stat(file)).size > MAX_BYTES) throw new Error("it is larger than 200 MB");
  return readFile(file);
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += (chunk as Buffer).length;
    if (size > MAX_BYTES) throw new Error("it is larger than 200 MB");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** An mbox begins each mail with a line `From …` after an empty one; `>From` in a mail is `From` (RFC 4155). */
function* mailsIn(bytes: Buffer): Generator<Buffer> {
  if (bytes.length === 0) return;
  if (!bytes.subarray(0, 5).equals(Buffer.from("From "))) return yield bytes;
  const text = bytes.toString("latin1");
  for (const mail of text.split(/(?:^|\r?\n\r?\n)From [^\r\n]*\r?\n(?=[\w-]+:|>?From )/))
    if (mail.trim() !== "") yield Buffer.from(mail.replace(/^>(>*From )/gm, "$1"), "latin1");
}
