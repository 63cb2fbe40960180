// Is everything as it must be before mail goes out? Each check is a name, a state, one sentence and, when needed, how to mend it.
import { createPrivateKey, createPublicKey } from "node:crypto";
import { isIP } from "node:net";
import { type Config, ConfigError, mailDomains } from "./config.ts";
import type { Context } from "./context.ts";
import { dmarcNames, readDkim, readDmarc, readSpf, type Verdict } from "./core/deliver/mail-records.ts";
import { links } from "./core/links.ts";
import { forgottenKey } from "./keys.ts";
import { shakeHands } from "./mail/connection.ts";
import type { Dns } from "./mail/dns.ts";
import { type Built, PlainError } from "./main.ts";
import { reasonOf } from "./reason.ts";

export type Check = { name: string } & Verdict;
type Asked = { readSettings: () => Config; build: (config: Config) => Promise<Built>; dns: Dns };

/** Makes every check it can, also after one failed; sends nothing, and changes no reader. */
export async function runDoctor({ readSettings, build, dns }: Asked): Promise<Check[]> {
  const checks: Check[] = [];
  let config: Config;
  try {
    config = readSettings();
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [`${reasonOf(error)}.`];
    return [{ name: "settings", state: "fail", says: problems.join(" "), mend: "Change the environment or .env." }];
  }
  checks.push({ name: "settings", ...checkSettings(config, await forgottenKey(config)) });
  let built: Built | undefined;
  try {
    built = await build(config);
    checks.push({ name: "database", ...(await checkDatabase(built.context)) });
    checks.push({ name: "queue", ...(await checkQueue(built.context)) });
    checks.push({ name: "one-click", ...(await checkOneClick(built.context)) });
  } catch (error) {
    const says = error instanceof PlainError ? error.message : `${reasonOf(error)}.`;
    checks.push({
      name: /TOPICS_FILE|needs a look/.test(says) ? "topics" : "database",
      state: "fail",
      says,
      mend: "Without it nothing else of the service can be checked.",
    });
  } finally {
    await built?.close();
  }
  const mail: [string, () => Promise<Verdict>][] = [
    ["smtp", () => checkServer(config)],
    ["spf", async () => readSpf(await dns.txt(mailDomains(config).bounce), mailDomains(config).bounce)],
    ["dkim", () => checkDkim(config, dns)],
    ["dmarc", () => checkDmarc(config, dns)],
    ["return-path", () => checkReturnPath(config, dns)],
    ["ptr", () => checkPtr(config, dns)],
  ];
  for (const [name, check] of mail) {
    if (config.SMTP_URL)
      checks.push({
        name,
        ...(await check().catch(
          (error): Verdict => ({ state: "fail", says: `DNS does not answer: ${reasonOf(error)}.` }),
        )),
      });
    else checks.push({ name, state: "ok", says: "Not needed while mail stays in the built-in mailbox." });
  }
  return checks;
}

function checkSettings(config: Config, forgotten: string | undefined): Verdict {
  const wishes: string[] = forgotten ? [forgotten] : [];
  const { hostname, protocol } = new URL(config.BASE_URL);
  if (config.SMTP_URL) {
    if (mailDomains(config).from.endsWith("localhost")) wishes.push("MAIL_FROM is an address that nobody can answer.");
    if (protocol !== "https:" && !isLocal(hostname)) wishes.push("BASE_URL is not https.");
    if (isLocal(hostname)) wishes.push("BASE_URL is this machine: links in mails lead readers nowhere.");
    if (!config.POSTAL_ADDRESS) wishes.push("POSTAL_ADDRESS is empty; many laws ask for one.");
  }
  if (wishes.length === 0) return { state: "ok", says: "The settings are well." };
  return { state: "warn", says: wishes.join(" "), mend: "Change the environment or .env." };
}

async function checkDatabase({ config, db }: Context): Promise<Verdict> {
  const { rows } = await db.$client.query("select current_setting('server_version') as version");
  const where = config.DATABASE_URL ? "PostgreSQL" : "The embedded PostgreSQL";
  const major = Number.parseInt(rows[0].version, 10);
  if (major < 15) return { state: "warn", says: `${where} is ${rows[0].version}.`, mend: "Paperboy is tried on 18." };
  return { state: "ok", says: `${where} ${String(rows[0].version).split(" ")[0]} answers; its schema is up to date.` };
}

async function checkQueue({ config, queue }: Context): Promise<Verdict> {
  const engine = config.REDIS_URL ? "Redis" : "PostgreSQL";
  try {
    await queue.ping();
    const waiting = Object.values(await queue.counts()).reduce((sum, lane) => sum + (lane["waiting"] ?? 0), 0);
    if (waiting > 1_000)
      return {
        state: "warn",
        says: `${waiting} jobs wait in the queue on ${engine}.`,
        mend: "Start a process with the worker role, or another one.",
      };
    return { state: "ok", says: `The queue on ${engine} answers; ${waiting} jobs wait.` };
  } catch (error) {
    return {
      state: "fail",
      says: `The queue on ${engine} does not answer: ${reasonOf(error)}.`,
      mend: "Look at REDIS_URL.",
    };
  }
}

/** Leaves for a reader that does not exist: what a mail program does with List-Unsubscribe-Post (RFC 8058), with no effect. */
async function checkOneClick({ config, keys }: Context): Promise<Verdict> {
  const url = links(config.BASE_URL, keys).unsubscribe(Number.MAX_SAFE_INTEGER);
  const mend = "Start a process with the web role, and look at BASE_URL and the proxy in front.";
  const ask = async (method: "GET" | "POST", address: string) =>
    fetch(address, {
      method,
      redirect: "manual",
      signal: AbortSignal.timeout(10_000),
      ...(method === "POST" ? { body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }) } : {}),
    });
  try {
    for (const method of ["GET", "POST"] as const) {
      const { status } = await ask(method, url);
      if (status >= 300 && status < 400)
        return {
          state: "fail",
          says: `${config.BASE_URL} redirects the one-click link; mail programs do not follow.`,
          mend,
        };
      if (status === 404)
        return {
          state: "fail",
          says: `${config.BASE_URL} does not know our links.`,
          mend: "All processes need the same SECRET_KEY, and BASE_URL must lead to this service.",
        };
      if (status !== 200) return { state: "fail", says: `The one-click link answers ${status} to ${method}.`, mend };
    }
    const forged = await ask("POST", `${url.slice(0, -1)}${url.endsWith("A") ? "B" : "A"}`);
    if (forged.status !== 404) return { state: "fail", says: "A forged link is not refused.", mend };
    return { state: "ok", says: `The one-click link works at ${config.BASE_URL}.` };
  } catch (error) {
    const reason = reasonOf(error instanceof TypeError && error.cause ? error.cause : error);
    const state = isLocal(new URL(config.BASE_URL).hostname) && !config.SMTP_URL ? "warn" : "fail";
    return { state, says: `${config.BASE_URL} cannot be reached: ${reason}.`, mend };
  }
}

async function checkServer({ SMTP_URL = "" }: Config): Promise<Verdict> {
  const { host } = new URL(SMTP_URL);
  try {
    await shakeHands(SMTP_URL);
    return { state: "ok", says: `The mail server ${host} lets us in.` };
  } catch (error) {
    return {
      state: "fail",
      says: `The mail server ${host} does not let us in: ${reasonOf(error)}.`,
      mend: "Look at SMTP_URL.",
    };
  }
}

async function checkDkim(config: Config, dns: Dns): Promise<Verdict> {
  const pem = config.DKIM_PRIVATE_KEY;
  if (!pem)
    return {
      state: "fail",
      says: "Mail is not signed; Gmail, Yahoo and Microsoft ask for it.",
      mend: "Make a key as the README says and set DKIM_PRIVATE_KEY.",
    };
  const verdicts: Verdict[] = [];
  const keys = [
    { selector: config.DKIM_SELECTOR, type: "rsa" as const, pem },
    ...(config.DKIM_ED25519_PRIVATE_KEY
      ? [{ selector: `${config.DKIM_SELECTOR}-ed`, type: "ed25519" as const, pem: config.DKIM_ED25519_PRIVATE_KEY }]
      : []),
  ];
  for (const { selector, type, pem } of keys) {
    const name = `${selector}._domainkey.${mailDomains(config).dkim}`;
    let spki: string;
    try {
      spki = createPublicKey(createPrivateKey(pem)).export({ format: "der", type: "spki" }).toString("base64");
    } catch {
      return { state: "fail", says: "The DKIM key cannot be read.", mend: "It must be a private key in PEM form." };
    }
    verdicts.push(readDkim(await dns.txt(name), name, { spki, type }));
  }
  return (
    verdicts.find(({ state }) => state === "fail") ??
    verdicts.find(({ state }) => state === "warn") ??
    (verdicts[0] as Verdict)
  );
}

async function checkDmarc(config: Config, dns: Dns): Promise<Verdict> {
  const { from, bounce, dkim } = mailDomains(config);
  let records: string[] = [];
  for (const name of dmarcNames(from)) {
    records = (await dns.txt(name)).filter((record) => /^v=DMARC1/i.test(record));
    if (records.length > 0) break;
  }
  return readDmarc(records, { from, bounce, dkim: config.DKIM_PRIVATE_KEY ? dkim : undefined });
}

async function checkReturnPath(config: Config, dns: Dns): Promise<Verdict> {
  const { bounce } = mailDomains(config);
  const [best] = await dns.mx(bounce);
  if (best === "." || (best === undefined && (await dns.addresses(bounce)).length === 0))
    return {
      state: "fail",
      says: `No mail can come back to ${bounce}: bounces are lost, and some servers refuse such a sender.`,
      mend: `Publish an MX record for ${bounce} that leads to a mailbox, and feed it to paperboy feedback.`,
    };
  return { state: "ok", says: `Bounces to ${bounce} find a mail server.` };
}

/** The server's address must have a name that leads back to it, or Gmail refuses its mail. */
async function checkPtr({ SMTP_URL = "" }: Config, dns: Dns): Promise<Verdict> {
  const host = new URL(SMTP_URL).hostname.replace(/^\[|\]$/g, "");
  if (isLocal(host))
    return {
      state: "warn",
      says: "The mail server is this machine; which address it sends from is not known here.",
      mend: "See that the public address has a PTR record whose name leads back to it.",
    };
  const addresses = await dns.addresses(host);
  if (addresses.length === 0) return { state: "fail", says: `${host} has no address.`, mend: "Look at SMTP_URL." };
  for (const address of addresses) {
    const names = await dns.names(address);
    if (names.length === 0)
      return {
        state: "warn",
        says: `${address} (${host}) has no PTR record.`,
        mend: "Ask whoever gave you the address for one.",
      };
    const back = (await Promise.all(names.map((name) => dns.addresses(name)))).flat();
    if (!back.includes(address))
      return {
        state: "warn",
        says: `${address} is called ${names[0]}, which does not lead back to it.`,
        mend: "Give that name an A or AAAA record with this address.",
      };
  }
  return { state: "ok", says: `${host} has names that lead back to its addresses.` };
}

function isLocal(host: string): boolean {
  if (isIP(host)) return /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|::1$|f[cd])/i.test(host);
  return host === "localhost" || host.endsWith(".localhost") || !host.includes(".");
}
