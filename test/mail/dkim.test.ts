import { describe, expect, it } from "vitest";
import type { Digest } from "../../src/core/digest.ts";
import { openComposer } from "../../src/mail/compose.ts";
import { composerSettings } from "../support/context.ts";
import { makeDkimKeys, verifySignatures } from "../support/dkim.ts";

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

describe("the signature", () => {
  it("passes an independent verifier with RSA and with Ed25519, over every header of the rules", async () => {
    const { dkim, records } = makeDkimKeys();
    const { raw } = await (await openComposer({ ...composerSettings, dkim })).digest(digest);
    expect(await verifySignatures(raw, records)).toEqual(["pass", "pass"]);
    expect(raw.toString()).toMatch(/h=[^;]*list-unsubscribe:list-unsubscribe-post/);
  });

  it.each(["html", "text"] as const)("passes for %s without a postal address too, and for a letter", async (format) => {
    const { dkim, records } = makeDkimKeys();
    const composer = await openComposer({ ...composerSettings, postalAddress: undefined, dkim });
    const { raw } = await composer.digest({ ...digest, format });
    expect(await verifySignatures(raw, records)).toEqual(["pass", "pass"]);
    const createdAt = digest.plannedAt;
    const letter = await composer.letter({
      id: 1,
      kind: "preferences",
      subscriberId: 2,
      to: "ada@example.org",
      createdAt,
    });
    expect(await verifySignatures(letter.raw, records)).toEqual(["pass", "pass"]);
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
