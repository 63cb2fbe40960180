// Are settings read as people write them, and those that would fail only at the first digest refused at the start?
import { expect, it } from "vitest";
import { readConfig } from "../src/config.ts";
import { openComposer } from "../src/mail/compose.ts";
import { readMessage } from "../src/mail/read-message.ts";
import { composerSettings } from "./support/context.ts";
import { makeCard, makeDigest } from "./support/digests.ts";

it.each([
  ["https://papers.example.org/", "https://papers.example.org"],
  ["https://Bücher.example/päpers/", "https://xn--bcher-kva.example/p%C3%A4pers"],
  ["http://localhost:3000/a/b//", "http://localhost:3000/a/b"],
  [`https://papers.example.org/${"long/".repeat(25)}end`, `https://papers.example.org/${"long/".repeat(25)}end`],
])("the base %s makes links %s, and digests fit to be sent", async (given, expected) => {
  const { BASE_URL: baseUrl } = readConfig({ BASE_URL: given });
  expect(baseUrl).toBe(expected);
  const composer = await openComposer({ ...composerSettings, baseUrl });
  const { html, text } = await readMessage((await composer.digest(makeDigest([makeCard(1)]))).raw);
  expect(html).toContain(`href="${expected}/papers/1"`);
  expect(text).toContain(`${expected}/papers/1`);
});

it.each([
  "https://x.example/a&b",
  "https://x.example/?a=b",
  "https://x.example/#top",
  "https://x.example/it's",
  "x.example",
])("the base %s is refused at the start", (given) => {
  expect(() => readConfig({ BASE_URL: given })).toThrow(/BASE_URL must/);
});

it("hosts beyond ASCII are written as mail names them", async () => {
  const config = readConfig({ MAIL_FROM: "Bücher <digest@bücher.example>", BOUNCE_DOMAIN: "prall.bücher.example" });
  expect(config.MAIL_FROM).toBe("Bücher <digest@xn--bcher-kva.example>");
  expect(config.BOUNCE_DOMAIN).toBe("prall.xn--bcher-kva.example");
  const composer = await openComposer({ ...composerSettings, from: config.MAIL_FROM });
  const { messageId } = await composer.digest(makeDigest([makeCard(1)]));
  expect(messageId).toMatch(/@xn--bcher-kva\.example>$/);
  expect(() => readConfig({ MAIL_FROM: "digest@exa mple.org" })).toThrow(/MAIL_FROM must look like/);
  expect(() => readConfig({ DKIM_DOMAIN: "a b" })).toThrow(/DKIM_DOMAIN is no domain/);
});
