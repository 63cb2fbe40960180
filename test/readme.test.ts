// Do the README and .env.example list the settings as config.ts has them?
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { expectedFiles } from "../scripts/readme-settings.ts";

it("README and .env.example list the settings as config.ts has them (run npm run settings)", () => {
  for (const [file, text] of expectedFiles())
    expect(existsSync(file) ? readFileSync(file, "utf8") : "", path.basename(file)).toBe(text);
});
