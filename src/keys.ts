// Which keys sign the links? From SECRET_KEY, or one made once and kept in DATA_DIR.
import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Config } from "./config.ts";
import type { TokenKeys } from "./core/tokens.ts";
import { keptSecret } from "./kept-secret.ts";

type Given = Pick<Config, "SECRET_KEY" | "DATA_DIR">;
const fileOf = (dataDir: string) => path.resolve(dataDir, "secret-key");

/** The keys, first signs; makes `DATA_DIR/secret-key` (readable by its owner only) when none is set. */
export async function readKeys({ SECRET_KEY, DATA_DIR }: Given): Promise<TokenKeys> {
  const [first, ...others] = SECRET_KEY ?? [];
  if (first !== undefined) return [first, ...others];
  const file = fileOf(DATA_DIR);
  await mkdir(path.dirname(file), { recursive: true });
  return [await keptSecret(file, () => randomBytes(32).toString("base64url"))];
}

/** One sentence where SECRET_KEY was set later and leaves out the key that signed until then. */
export async function forgottenKey({ SECRET_KEY, DATA_DIR }: Given): Promise<string | undefined> {
  const kept = (await readFile(fileOf(DATA_DIR), "utf8").catch(() => "")).trim();
  if (!SECRET_KEY || kept === "" || SECRET_KEY.includes(kept)) return undefined;
  return "SECRET_KEY lacks the key in DATA_DIR/secret-key: links that it signed do not work, and addresses that it suppressed are not known.";
}
