// Where is a secret kept that nobody gave? In a file that only its owner reads, made once and whole.
import { randomBytes } from "node:crypto";
import { chmod, link, readFile, rm, writeFile } from "node:fs/promises";

/** The secret in `file`, made first where there is none; of several processes that make it at once, one wins for all. */
export async function keptSecret(file: string, make: () => string): Promise<string> {
  const kept = await read(file);
  if (kept) return kept;
  const making = `${file}.new-${randomBytes(6).toString("hex")}`;
  await writeFile(making, make(), { mode: 0o600 });
  try {
    // A link appears whole or not at all: nobody reads an empty secret.
    await link(making, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(making, { force: true });
  }
  const made = await read(file);
  if (!made) throw new Error(`${file} is empty; remove it, and a new secret is made.`);
  return made;
}

async function read(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text !== undefined) await chmod(file, 0o600).catch(() => {});
  return text?.trim() ?? "";
}
