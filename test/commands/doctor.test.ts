// The doctor against real servers on loopback: what is well is ok, and each broken thing is named with how to mend it.
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { freePort } from "../../src/free-port.ts";
import { testKey, useApp } from "../support/app.ts";
import { runHere } from "../support/command.ts";
import { openDnsServer, type Zone } from "../support/dns.ts";
import { openSmtpServer, type SmtpTestServer } from "../support/smtp.ts";

const app = useApp();
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const published = publicKey.export({ format: "der", type: "spki" }).toString("base64");
const wellZone: Zone = {
  "papers.example.org": { TXT: ["v=spf1 ip4:192.0.2.1 -all", "something else"], MX: ["mx.example.org"] },
  "paperboy._domainkey.papers.example.org": { TXT: [`v=DKIM1; k=rsa; p=${published}`] },
  "_dmarc.example.org": { TXT: ["v=DMARC1; p=quarantine; rua=mailto:x@example.org"] },
};
const zone: Zone = {};
let smtp: SmtpTestServer;
let dns: Awaited<ReturnType<typeof openDnsServer>>;
let folder = "";

beforeAll(async () => {
  smtp = await openSmtpServer();
  dns = await openDnsServer(zone);
  folder = await mkdtemp(path.join(tmpdir(), "paperboy-doctor-"));
});
afterAll(async () => {
  await smtp.close();
  await dns.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const name of Object.keys(zone)) delete zone[name];
  Object.assign(zone, structuredClone(wellZone));
});

async function examine(settings: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runHere(["doctor", "--json", "--resolver", dns.address], {
    DATABASE_URL: app.databaseUrl,
    SECRET_KEY: testKey,
    DATA_DIR: folder,
    BASE_URL: app.url,
    SMTP_URL: smtp.url,
    MAIL_FROM: "Paperboy <digest@papers.example.org>",
    POSTAL_ADDRESS: "1 Example Street",
    DKIM_PRIVATE_KEY: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    ...settings,
  });
  const checks: { name: string; state: string; says: string; mend?: string }[] = JSON.parse(stdout).checks;
  return { code, stderr, checks, state: Object.fromEntries(checks.map(({ name, state }) => [name, state])) };
}
const sentence = (checks: { name: string; says: string }[], name: string) =>
  checks.find((check) => check.name === name)?.says;

it("says when SECRET_KEY was set later and leaves out the key that signed until then", async () => {
  const kept = path.join(folder, "secret-key");
  await writeFile(kept, `${"k".repeat(43)}\n`);
  try {
    const { checks, state } = await examine();
    expect(state["settings"]).toBe("warn");
    expect(sentence(checks, "settings")).toContain("SECRET_KEY lacks the key in DATA_DIR/secret-key");
    const both = await examine({ SECRET_KEY: `${testKey},${"k".repeat(43)}` });
    expect(sentence(both.checks, "settings")).not.toContain("lacks the key");
  } finally {
    await rm(kept);
  }
});

it("finds all well, except what cannot be known on one machine", async () => {
  const { code, state } = await examine();
  expect(state).toEqual({
    settings: "warn",
    database: "ok",
    queue: "ok",
    "one-click": "ok",
    smtp: "ok",
    spf: "ok",
    dkim: "ok",
    dmarc: "ok",
    "return-path": "ok",
    ptr: "warn",
  });
  expect(code).toBe(0);
});

it("exits 1 and says what to publish where DNS knows nothing of us", async () => {
  for (const name of Object.keys(zone)) delete zone[name];
  const { code, state, checks } = await examine();
  expect(code).toBe(1);
  expect(state).toMatchObject({ spf: "fail", dkim: "fail", dmarc: "fail", "return-path": "fail", database: "ok" });
  expect(checks.find(({ name }) => name === "dkim")?.mend).toContain(`v=DKIM1; k=rsa; p=${published}`);
});

it.each([
  [
    "two SPF records",
    { "papers.example.org": { TXT: ["v=spf1 -all", "v=spf1 mx -all"], MX: ["mx.example.org"] } },
    "spf",
    /2 SPF records/,
  ],
  [
    "an SPF record open to all",
    { "papers.example.org": { TXT: ["v=spf1 +all"], MX: ["mx.example.org"] } },
    "spf",
    /everybody/,
  ],
  [
    "another DKIM key",
    { "paperboy._domainkey.papers.example.org": { TXT: ["v=DKIM1; p=AAAA"] } },
    "dkim",
    /not the one that signs/,
  ],
  ["a revoked DKIM key", { "paperboy._domainkey.papers.example.org": { TXT: ["v=DKIM1; p="] } }, "dkim", /revoked/],
  [
    "a DMARC record without a policy",
    { "_dmarc.papers.example.org": { TXT: ["v=DMARC1; rua=mailto:x@example.org"] } },
    "dmarc",
    /no policy/,
  ],
  [
    "a null MX for bounces",
    { "papers.example.org": { TXT: ["v=spf1 -all"], MX: ["."] } },
    "return-path",
    /No mail can come back/,
  ],
])("names %s", async (_what, records, name, says) => {
  Object.assign(zone, records);
  const { code, state, checks } = await examine();
  expect(state[name]).toBe("fail");
  expect(sentence(checks, name)).toMatch(says);
  expect(code).toBe(1);
});

it("fails where neither the return path nor DKIM belongs to the sender's domain", async () => {
  zone["bounces.example.com"] = { TXT: ["v=spf1 mx -all"], MX: ["mx.example.com"] };
  const { checks } = await examine({ BOUNCE_DOMAIN: "bounces.example.com", DKIM_PRIVATE_KEY: "" });
  expect(sentence(checks, "dmarc")).toMatch(/DMARC fails/);
});

it("tells a mail server that is away or does not want us", async () => {
  const away = await examine({ SMTP_URL: `smtp://127.0.0.1:${await freePort()}` });
  expect(sentence(away.checks, "smtp")).toMatch(/does not let us in: nothing listens there/);
  smtp.script(({ stage }) => (stage === "connect" ? "close: 554 5.7.1 not you" : undefined));
  const refused = await examine();
  smtp.script(undefined);
  expect(sentence(refused.checks, "smtp")).toMatch(/does not let us in: .*554/);
});

it("sees pages that are away and pages that use another key", async () => {
  const away = await examine({ BASE_URL: `http://127.0.0.1:${await freePort()}` });
  expect(sentence(away.checks, "one-click")).toMatch(/cannot be reached: nothing listens there/);
  const other = await examine({ SECRET_KEY: "another key of at least thirty-two characters" });
  expect(sentence(other.checks, "one-click")).toMatch(/does not know our links/);
});

it("tells a Redis that is away in words of its own", async () => {
  const { checks } = await examine({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
  expect(sentence(checks, "queue")).toMatch(/^The queue on Redis does not answer: nothing answers there\./);
});

it("reports settings that cannot be read as a check, in one JSON object", async () => {
  const { code, checks } = await examine({ PORT: "ninety", SMTP_URL: "nonsense" });
  expect(code).toBe(1);
  expect(checks).toHaveLength(1);
  expect(checks[0]?.says).toMatch(/PORT must be a whole number.*SMTP_URL must look like/);
});

it("goes on to the mail checks when the database is away", async () => {
  const { code, state } = await examine({ DATABASE_URL: `postgres://x:y@127.0.0.1:${await freePort()}/x` });
  expect(code).toBe(1);
  expect(state).toMatchObject({ database: "fail", smtp: "ok", spf: "ok" });
});
