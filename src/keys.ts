// Which keys sign the links? From SECRET_KEY, or one made once and kept in DATA_DIR.
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Config } from "./config.ts";
import type { TokenKeys } from "./core/tokens.ts";
import { keptSecret } from "./kept-secret.ts";

/** The keys, first signs; makes `DATA_DIR/secret-key` (readable by its owner only) when none is set. */
export async function readKeys({ SECRET_KEY, DATA_DIR }: Pick<Config, "SECRET_KEY" | "DATA_DIR">): Promise<TokenKeys> {
  const [first, ...others] = SECRET_KEY ?? [];
  if (first !== undefined) return [first, ...others];
  const file = path.resolve(DATA_DIR, "secret-key");
  await mkdir(path.dirname(file), { recursive: true });
  return [await keptSecret(file, () => randomBytes(32).toString("base64url"))];
}
