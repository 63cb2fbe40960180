import { generateKeyPairSync } from "node:crypto";
import { authenticate } from "mailauth";
import { describe, expect, it } from "vitest";
import type { Digest } from "../../src/core/digest.ts";
import { openComposer } from "../../src/mail/compose.ts";
import { composerSettings } from "../support/context.ts";

const digest: Digest = {
  id: 1,
  subscriberId: 2,
  email: "ada@example.org",
  editionDate: "2026-03-02",
  cadence: "daily",
  format: "html",
  plannedAt: new Date("2026-03-02T07:00:00Z"),
  more: 3,
  cards: [
    {
      paperId: 7,
      title: "Schrödinger's {{cat}} & <think> on “Q&A”",
      abstract: "An abstract with  two spaces, α ≤ β and a very long line. ".repeat(20),
      authors: ["Žofia Růžičková", 'John "Four" Flynn'],
      organization: null,
      upvotes: 1,
      comments: 0,
      stars: 12_345,
      links: { abstract: "https://arxiv.org/abs/2603.00001" },
      listedOn: "2026-03-02",
      topic: { slug: "reasoning", name: "Reasoning", owned: false },
      terms: ["think"],
      earlier: false,
    },
  ],
};
const pem = { type: "pkcs8", format: "pem" } as const;

describe("the signature", () => {
  it("passes an independent verifier with RSA and with Ed25519, over every header of the rules", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const ed = generateKeyPairSync("ed25519");
    const composer = await openComposer({
      ...composerSettings,
      dkim: {
        ...composerSettings.dkim,
        rsaKeyPem: rsa.privateKey.export(pem).toString(),
        ed25519KeyPem: ed.privateKey.export(pem).toString(),
      },
    });
    const { raw } = await composer.digest(digest);
    const records: Record<string, string> = {
      "paperboy._domainkey.papers.example.org": `v=DKIM1; k=rsa; p=${rsa.publicKey.export({ type: "spki", format: "der" }).toString("base64")}`,
      "paperboy-ed._domainkey.papers.example.org": `v=DKIM1; k=ed25519; p=${ed.publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64")}`,
    };
    const { dkim } = await authenticate(raw, {
      disableArc: true,
      disableDmarc: true,
      disableBimi: true,
      resolver: async (name: string) => {
        const record = records[name];
        if (record) return [[record]];
        throw Object.assign(new Error("no record"), { code: "ENOTFOUND" });
      },
    } as never);
    expect(dkim.results.map(({ status }) => status.result)).toEqual(["pass", "pass"]);
    expect(raw.toString()).toMatch(/h=[^;]*list-unsubscribe:list-unsubscribe-post/);
  });

  it("composes the same bytes twice, within the line length of RFC 5322", async () => {
    const composer = await openComposer(composerSettings);
    const [first, second] = [await composer.digest(digest), await composer.digest(digest)];
    expect(first.raw.equals(second.raw)).toBe(true);
    for (const line of first.raw.toString("latin1").split("\r\n")) expect(line.length).toBeLessThanOrEqual(998);
    expect(first.raw.toString("latin1")).not.toMatch(/[^\r]\n/);
  });

  it("refuses a broken key at start, in a sentence", async () => {
    const dkim = { ...composerSettings.dkim, rsaKeyPem: "-----BEGIN nonsense" };
    await expect(openComposer({ ...composerSettings, dkim })).rejects.toThrow(
      "DKIM_PRIVATE_KEY is not a private key in PEM form.",
    );
  });
});
