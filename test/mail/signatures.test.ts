// Do both signatures pass verifiers that others wrote? 1,000 digests of recorded days, the awkward entries among them.
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openComposer } from "../../src/mail/compose.ts";
import { composerSettings } from "../support/context.ts";
import { makeDigest, readRecordedCards } from "../support/digests.ts";
import { makeDkimKeys, verifySignatures } from "../support/dkim.ts";
import { findRecorded } from "../support/recorded.ts";

const DIGESTS = 1_000;
const recorded = findRecorded("huggingface");
const hasOpendkim = spawnSync("opendkim", ["-V"]).status === 0;
if (!hasOpendkim) process.stderr.write("skipped: opendkim is not installed\n");

describe.skipIf(!recorded)("both signatures of recorded digests", () => {
  const { dkim, records } = makeDkimKeys();
  let folder: string;
  const messages: Buffer[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "paperboy-dkim-"));
    const composer = await openComposer({ ...composerSettings, dkim });
    const cards = readRecordedCards(recorded ?? "");
    for (let number = 0; number < DIGESTS; number++) {
      const from = (number * 7) % (cards.length - 10);
      const own = number < 5 ? cards.slice(number * 5, number * 5 + 5) : cards.slice(from, from + 10);
      const format = number % 10 === 9 ? "text" : "html";
      messages.push((await composer.digest(makeDigest(own, { id: number, subscriberId: number, format }))).raw);
    }
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it(`pass mailauth, all ${DIGESTS}`, async () => {
    expect(messages).toHaveLength(DIGESTS);
    for (const message of messages) expect(await verifySignatures(message, records)).toEqual(["pass", "pass"]);
  }, 120_000);

  it.skipIf(!hasOpendkim)(
    `pass opendkim, all ${DIGESTS}`,
    async () => {
      const keys = path.join(folder, "keys");
      await writeFile(
        keys,
        Object.entries(records)
          .map(([name, record]) => `${name} ${record}\n`)
          .join(""),
      );
      const config = path.join(folder, "opendkim.conf");
      await writeFile(config, `TestPublicKeys ${keys}\nMode v\nSyslog no\n`);
      const files = await Promise.all(
        messages.map(async (raw, number) => {
          const file = path.join(folder, `${number}.eml`);
          await writeFile(file, raw);
          return file;
        }),
      );
      const said = spawnSync("opendkim", ["-vv", "-x", config, "-t", files.join(",")], {
        encoding: "utf8",
        maxBuffer: 50_000_000,
      });
      const passed = (algorithm: string) =>
        said.stdout.match(new RegExp(`dkim=pass[^;]*header\\.a=${algorithm}`, "g"))?.length ?? 0;
      expect([passed("rsa-sha256"), passed("ed25519-sha256")]).toEqual([DIGESTS, DIGESTS]);
      expect(said.stdout).not.toContain("dkim=fail");
    },
    120_000,
  );
});
