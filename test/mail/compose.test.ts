// What leaves is what a mail program reads: legal lines, exact encoding, the same papers in both parts, every header once.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { letterWords } from "../../src/core/deliver/letter-words.ts";
import { writeAddressHeader, writeHeader, writeTextHeader } from "../../src/core/deliver/mime.ts";
import { decodeQuotedPrintable, encodeQuotedPrintable } from "../../src/core/deliver/quoted-printable.ts";
import { openComposer } from "../../src/mail/compose.ts";
import { MAX_HTML_BYTES } from "../../src/mail/digest-parts.ts";
import { lintCard, openLint, UnfitMessage } from "../../src/mail/lint.ts";
import { readMessage } from "../../src/mail/read-message.ts";
import { composerSettings, keys } from "../support/context.ts";
import { makeCard, makeDigest } from "../support/digests.ts";

const anyText = fc.string({ unit: "grapheme", maxLength: 300 });
const awkward = fc.oneof(
  anyText,
  fc.constantFrom("{{x}} [[title]] $& $1", "From here", ".", "..", "a  b\tc ", "=", "ü".repeat(80), "x".repeat(200)),
);
const composer = await openComposer(composerSettings);

describe("quoted-printable", () => {
  it("decodes to the very text, also when pieces are joined, on lines that need no escaping on their way", () => {
    fc.assert(
      fc.property(fc.array(awkward, { maxLength: 6 }), (texts) => {
        const lines = texts.map((text) => text.replace(/\r\n?|\n/g, "\r\n"));
        const joined = lines.map((text) => encodeQuotedPrintable(text)).join("");
        expect(decodeQuotedPrintable(joined)).toBe(lines.join(""));
        const whole = encodeQuotedPrintable(lines.join(""));
        expect(decodeQuotedPrintable(whole)).toBe(lines.join(""));
        for (const line of [joined, whole].flatMap((encoded) => encoded.split("\r\n"))) {
          expect(line).toMatch(/^[ -~]{0,76}$/);
          expect(line).not.toMatch(/^\.|^From |[ \t]$| {2}/);
        }
      }),
    );
  });
});

describe("headers", () => {
  it("are read back as they were meant, in short lines, and take no line break in", async () => {
    await fc.assert(
      fc.asyncProperty(awkward, anyText, async (subject, name) => {
        const head = `${writeAddressHeader("From", { name: name.replace(/\p{Cc}/gu, ""), address: "a@example.org" })}\r\n${writeTextHeader("Subject", subject)}`;
        for (const line of head.split("\r\n")) expect(line).toMatch(/^[ -~]{1,78}$/);
        const read = await readMessage(Buffer.from(`${head}\r\n\r\n`));
        const meant = subject
          .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
          .replace(/\s+/g, " ")
          .trim();
        expect(read.subject ?? "").toBe(meant);
        expect(read.from?.value[0]?.address).toBe("a@example.org");
      }),
      { numRuns: 200 },
    );
    expect(() => writeHeader("List-Help", "<https://x>\r\nBcc: b@example.org")).toThrow("List-Help");
  });
});

describe("a digest", () => {
  it("says the same papers, links and way out in both parts, whatever the papers hold", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(awkward, awkward, awkward), { minLength: 1, maxLength: 5 }),
        fc.nat(500),
        async (texts, more) => {
          const line = (text: string) => text.replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim() || "x";
          const cards = texts.map(([title, abstract, author], at) =>
            makeCard(at + 1, { title: line(title), abstract: line(abstract), authors: [line(author)], authorCount: 1 }),
          );
          const { raw } = await composer.digest(makeDigest(cards, { more }));
          const { html, text = "" } = await readMessage(raw);
          const shown = String(html).replace(/<[^>]*>/g, "");
          for (const card of cards) {
            const link = `https://papers.example.org/papers/${card.paperId}`;
            expect(html).toContain(`<a href="${link}"`);
            expect(text).toContain(link);
            if (!/[\\$]/.test(card.title)) {
              expect(readHtml(shown)).toContain(card.title);
              expect(text.replace(/\s+/g, " ")).toContain(card.title);
            }
          }
          for (const part of [String(html), text])
            expect(part).toMatch(/https:\/\/papers\.example\.org\/unsubscribe\/u2_/);
          for (const row of raw.toString("latin1").split("\r\n")) expect(row).toMatch(/^[ -~]{0,140}$/);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("stays under what Gmail shows, and ends in how many more there are", async () => {
    const long = "Long words that fill the page with retrieval. ".repeat(12);
    const authors = Array.from({ length: 40 }, (_, at) => `A rather long name ${at}`.padEnd(80, "é"));
    const cards = Array.from({ length: 90 }, (_, at) => makeCard(at + 1, { title: long, abstract: long, authors }));
    const { raw } = await composer.digest(makeDigest(cards, { more: 10 }));
    const { html, text = "" } = await readMessage(raw);
    expect(Buffer.byteLength(String(html))).toBeLessThanOrEqual(MAX_HTML_BYTES);
    const inHtml = new Set(String(html).match(/\/papers\/\d+(?=")/g));
    expect(new Set(text.match(/\/papers\/\d+$/gm))).toEqual(inHtml);
    expect(html).toContain(`And ${100 - inHtml.size} more papers that matched`);
    expect(text).toContain(`And ${100 - inHtml.size} more papers that matched`);
  });

  it("is plain text alone for a reader who wants that", async () => {
    const { raw } = await composer.digest(makeDigest([makeCard(1)], { format: "text" }));
    const read = await readMessage(raw);
    expect(read.html).toBe(false);
    expect(read.headers.get("content-type")).toMatchObject({ value: "text/plain" });
    expect(read.text).toContain("https://papers.example.org/papers/1");
  });

  it("carries every header of the rules once", async () => {
    const { raw, envelope } = await composer.digest(makeDigest([makeCard(1)]));
    const head =
      raw
        .toString("latin1")
        .split("\r\n\r\n")[0]
        ?.replace(/\r\n[ \t]/g, " ") ?? "";
    const names = head.split("\r\n").map((line) => line.slice(0, line.indexOf(":")));
    expect(names.toSorted()).toEqual(
      "Auto-Submitted Content-Type Date Feedback-ID From List-Archive List-Help List-Id List-Owner List-Post List-Subscribe List-Unsubscribe List-Unsubscribe-Post MIME-Version Message-ID Reply-To Subject To".split(
        " ",
      ),
    );
    expect(head).toMatch(
      /^List-Unsubscribe: <https:\/\/papers\.example\.org\/unsubscribe\/(u2_[\w-]{22})>, <mailto:u\+\1@bounce\.papers\.example\.org\?subject=unsubscribe>\r$/m,
    );
    expect(head).toContain("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    expect(head).toContain("Subject: Mon 2 Mar: 1 paper on Retrieval & RAG\r\n");
    expect(head).toContain("Feedback-ID: 20260302:daily:digest:paperboy\r\n");
    expect(head).toMatch(/Message-ID: <d\.20260302\.[\w-]{20}@papers\.example\.org>/);
    expect(envelope.from).toMatch(/^b\+b2_[\w-]{22}@bounce\.papers\.example\.org$/);
  });

  it("offers no way out by mail where no mailbox is read", async () => {
    const { digest } = await openComposer({ ...composerSettings, leaveDomain: undefined });
    const { raw } = await digest(makeDigest([makeCard(1)]));
    expect(raw.toString("latin1")).toMatch(/^List-Unsubscribe: <https:[^<>]*>\r$/m);
  });

  it("shows the words of TeX that could not be read, without its signs", async () => {
    const title = String.raw`On $\weird{x}_1$ and \unknown things`;
    const { raw } = await composer.digest(makeDigest([makeCard(1, { title, terms: [] })]));
    const { html, text } = await readMessage(raw);
    expect(html).toContain("On weird{x}_1 and unknown things");
    expect(text).toContain("On weird{x}_1 and unknown things");
  });
});

describe("a letter", () => {
  it("says the same in both parts, for each of its kinds", async () => {
    const kinds = [
      "confirm",
      "already",
      "preferences",
      "change-address",
      "address-changed",
      "erase",
      "export",
    ] as const;
    for (const kind of kinds) {
      const createdAt = new Date("2026-03-02T07:00:00Z");
      const { raw } = await composer.letter({ id: 4, kind, subscriberId: 2, to: "ada@example.org", createdAt });
      const { html, text = "", subject } = await readMessage(raw);
      const words = letterWords(kind, "Paperboy");
      expect(subject).toBe(words.subject);
      const link = /https:\/\/papers\.example\.org\/[\w-]+\/[\w-]+/.exec(text)?.[0] ?? "none";
      expect(html).toContain(`href="${link}"`);
      for (const said of [words.intro, words.foot, "1 Example Street, Exampleton"]) {
        expect(text.replace(/\s+/g, " ")).toContain(said);
        expect(html).toContain(said);
      }
    }
  });
});

describe("the last look before a digest leaves", () => {
  const digest = makeDigest([makeCard(7), makeCard(8)]);
  const lint = openLint({ baseUrl: composerSettings.baseUrl, keys, domain: "papers.example.org", signed: false });
  const read = (raw: Buffer) => {
    const [head = "", body = ""] = raw.toString("latin1").split(/(?<=\r\n\r\n)(.*)/s);
    return { head, body };
  };
  const without = (raw: Buffer, what: string | RegExp, by = "") =>
    Buffer.from(raw.toString("latin1").replace(what, by), "latin1");
  const cases: [string, (raw: Buffer) => Buffer, string][] = [
    ["a missing header", (raw) => without(raw, /List-Id: .*\r\n/), "the header list-id is missing"],
    [
      "a header twice",
      (raw) => without(raw, "MIME-Version", "List-Post: NO\r\nMIME-Version"),
      "the header list-post stands there twice",
    ],
    [
      "another reader's way out",
      (raw) => without(raw, /unsubscribe\/u2_/g, "unsubscribe/u3_"),
      "the unsubscribe link would not work",
    ],
    [
      "no one-click",
      (raw) => without(raw, "List-Unsubscribe=One-Click", "no"),
      "it offers no one-click way out (RFC 8058)",
    ],
    ["no HTML", (raw) => without(raw, "text/html", "text/plain"), "it has no HTML part"],
    [
      "a paper in one part only",
      (raw) => without(raw, /\/papers\/8(?==\r\n")/, "/papers/80"),
      "the HTML part lacks paper 8",
    ],
    [
      "no way out in the text",
      (raw) => without(raw, /(?<=\r\n\r\n)[\s\S]*?(?=Content-Type: text\/html)/, "none\r\n"),
      "the text part has no unsubscribe link",
    ],
    [
      "an empty line at the end, which no signature would survive",
      (raw) => Buffer.concat([raw, Buffer.from("\r\n")]),
      "its body does not end in one line break",
    ],
    [
      "raw TeX in the subject",
      (raw) => without(raw, /Subject: .*/, "Subject: On \\alpha"),
      "the subject shows raw TeX",
    ],
  ];
  it.each(cases)("stops %s", async (_name, spoil, reason) => {
    const { raw } = await composer.digest(digest);
    expect(() => lint(read(raw), { digest, htmlSize: 1_000 })).not.toThrow();
    expect(() => lint(read(spoil(raw)), { digest, htmlSize: 1_000 })).toThrow(new UnfitMessage(reason));
  });

  it("stops what would be clipped, what is not signed although a key is set, and what the signature leaves open", async () => {
    const { raw } = await composer.digest(digest);
    expect(() => lint(read(raw), { digest, htmlSize: 102_001 })).toThrow("would be clipped");
    const signed = openLint({ baseUrl: composerSettings.baseUrl, keys, domain: "papers.example.org", signed: true });
    expect(() => signed(read(raw), { digest, htmlSize: 1_000 })).toThrow("it is not signed");
    const open = Buffer.concat([Buffer.from("DKIM-Signature: v=1; h=from:to; b=x\r\n"), raw]);
    expect(() => signed(read(open), { digest, htmlSize: 1_000 })).toThrow("the signature does not cover reply-to");
  });

  it("stops a card with a relative link or raw TeX", () => {
    expect(() => lintCard(7, '<a href="/papers/7">x</a>', "x")).toThrow("not absolute");
    expect(() => lintCard(7, "x", "On \\mathbb{R}")).toThrow("raw TeX");
  });
});

function readHtml(html: string): string {
  const signs: Record<string, string> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&", nbsp: " " };
  return html.replace(/&(lt|gt|quot|#39|amp|nbsp);/g, (_, name: string) => signs[name] ?? "");
}
