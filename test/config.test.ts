// Are settings read as people write them, and those that would fail only at the first digest refused at the start?
import { expect, it } from "vitest";
import { type ConfigError, readConfig } from "../src/config.ts";
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

it("a list of nothing but commas, and a domain with one, are told in words", () => {
  expect(() => readConfig({ ROLES: "," })).toThrow("ROLES names no role.");
  expect(() => readConfig({ SECRET_KEY: ", ," })).toThrow("SECRET_KEY names no key.");
  expect(() => readConfig({ BOUNCE_DOMAIN: "one.example,two.example" })).toThrow("BOUNCE_DOMAIN is no domain.");
});

it("every problem is told at once, each in one sentence", () => {
  const problems = problemsOf({
    PORT: "ninety",
    SOURCES: "hugingface,https://feeds.example.org/papers.xml",
    ARXIV_CATEGORIES: "cs.lg,xx.YY",
    DKIM_PRIVATE_KEY: "/nowhere/key.pem",
    DATABASE_URL: "postgres://localhost/paperboy",
    ROLES: "web",
  });
  expect(problems).toEqual([
    "PORT must be a whole number from 0 to 65535.",
    "DKIM_PRIVATE_KEY names the file /nowhere/key.pem, which cannot be read.",
    "SOURCES names hugingface, which is no source; each must be huggingface, arxiv, biorxiv, medrxiv or the URL of a feed.",
    'ARXIV_CATEGORIES is not right: arXiv has no category "cs.lg"; it is written cs.LG, is not right: arXiv has no category "xx.YY".',
    "SECRET_KEY must be set when several machines share a database, so that links made by one work on all.",
  ]);
});

it("a source that is named twice is asked once", () => {
  expect(readConfig({ SOURCES: "arxiv,arxiv, biorxiv" }).SOURCES).toEqual(["arxiv", "biorxiv"]);
});

function problemsOf(environment: Record<string, string>): string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    return (error as ConfigError).problems;
  }
}
