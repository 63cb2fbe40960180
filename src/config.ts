// Which settings are there? Name, type, default and one sentence each; the only reader of the environment.
import { readFileSync } from "node:fs";
import path from "node:path";
import { domainToASCII } from "node:url";
import { z } from "zod";
import { categoryProblem } from "./core/arxiv-categories.ts";
import { domainOf, readMailAddress } from "./core/deliver/mime.ts";

const roles = ["web", "scheduler", "worker"] as const;
export type Role = (typeof roles)[number];
/** The sources that have a name; any other one is the URL of a feed. */
export const sourceNames = ["huggingface", "arxiv", "biorxiv", "medrxiv"] as const;

const empty = (value: unknown) => (typeof value === "string" && value.trim() === "" ? undefined : value);
const optional = <T extends z.ZodType>(schema: T) => z.preprocess(empty, schema.optional());
const withDefault = <T extends z.ZodType>(schema: T, value: z.input<T>) =>
  z.preprocess((given) => empty(given) ?? value, schema);
const url = (protocols: RegExp, example: string) =>
  z
    .string()
    .refine((value) => URL.canParse(value) && protocols.test(new URL(value).protocol), `must look like ${example}`);
/** A web address that every link starts with, as a browser would write it, without its last slash. */
const baseUrl = url(/^https?:$/, "https://papers.example.org")
  .refine((value) => !/[?#&'"<>@]/.test(value), "must be an address without any of ? # & ' \" < > @")
  .transform((value) => new URL(value).href.replace(/\/+$/, ""));
const list = z.string().transform((value) =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean),
);
const wholeNumber = (min: number, max: number) =>
  z.coerce
    .number(`must be a whole number from ${min} to ${max}`)
    .int()
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`);
/** Mail names hosts in ASCII (RFC 5891), so that `bücher.example` is `xn--bcher-kva.example`. */
const domain = z
  .string()
  .transform((value) => domainToASCII(value.trim()))
  .refine((value) => /^[\w-]+(\.[\w-]+)*$/.test(value), "is no domain");
const mailbox = z
  .string()
  .regex(/^(?:[^<>\r\n"]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/, "must look like Paperboy <digest@example.org>")
  .transform((value) =>
    value.replace(/@([^\s<>@]+)(>?)$/, (_, host: string, end: string) => `@${domainToASCII(host)}${end}`),
  )
  .refine((value) => !/@>?$/.test(value), "must have a domain after the @");

const source = z
  .string()
  .refine((name) => sourceNames.some((known) => known === name) || /^https?:\/\/[^/]/i.test(name), {
    error: ({ input }) =>
      `names ${input}, which is no source; each must be ${sourceNames.join(", ")} or the URL of a feed`,
  });
/** A key as its PEM text, or read out of the file that is named. */
const privateKey = z.string().transform((value, check) => {
  if (value.includes("-----BEGIN")) return value.replaceAll("\\n", "\n");
  try {
    return readFileSync(value, "utf8");
  } catch {
    check.addIssue({ code: "custom", message: `names the file ${path.resolve(value)}, which cannot be read` });
    return z.NEVER;
  }
});

type Setting = { schema: z.ZodType; shown: string; says: string };
const setting = <T extends z.ZodType>(schema: T, shown: string, says: string) => ({ schema, shown, says });

/** Every setting in the order of the README's table: how it is read, the default as shown, one sentence. */
export const settings = {
  PORT: setting(withDefault(wholeNumber(0, 65535), "3000"), "3000", "Port of the web pages."),
  HOST: setting(withDefault(z.string(), "127.0.0.1"), "127.0.0.1", "Address the web pages listen on; 0.0.0.0 for all."),
  BASE_URL: setting(
    optional(baseUrl),
    "http://localhost:PORT",
    "Where readers reach the pages; every link in a mail starts with it. Use https in production.",
  ),
  TRUST_PROXY: setting(
    withDefault(wholeNumber(0, 10), "0"),
    "0",
    "How many reverse proxies stand in front, so that limits see the reader's address.",
  ),
  DATA_DIR: setting(
    withDefault(z.string(), ".paperboy"),
    ".paperboy",
    "Folder for the embedded database and the made keys.",
  ),
  DATABASE_URL: setting(
    optional(url(/^postgres(ql)?:$/, "postgres://user:password@host/database")),
    "embedded",
    "PostgreSQL to use; unset, a real PostgreSQL runs inside DATA_DIR.",
  ),
  REDIS_URL: setting(
    optional(url(/^rediss?:$/, "redis://host:6379")),
    "queue on PostgreSQL",
    "Redis for the BullMQ queue; unset, BullMQ keeps its queue in PostgreSQL.",
  ),
  SMTP_URL: setting(
    optional(url(/^smtps?:$/, "smtp://user:password@host:587")),
    "built-in mailbox",
    "Mail server to send through; unset, mail stays in a built-in mailbox read at /mailbox.",
  ),
  MAIL_FROM: setting(
    withDefault(mailbox, "Paperboy <digest@paperboy.localhost>"),
    "Paperboy <digest@paperboy.localhost>",
    "Sender of every mail.",
  ),
  MAIL_REPLY_TO: setting(optional(mailbox), "MAIL_FROM", "Where answers go; must be read by somebody."),
  POSTAL_ADDRESS: setting(
    optional(z.string()),
    "none",
    "Postal or contact line at the foot of every mail; many laws ask for one.",
  ),
  SECRET_KEY: setting(
    optional(list.pipe(z.array(z.string().min(32, "each key needs at least 32 characters")).min(1, "names no key"))),
    "made and kept in DATA_DIR",
    "One or several keys, separated by commas: the first signs links, the others are still accepted.",
  ),
  ROLES: setting(
    withDefault(
      list.pipe(z.array(z.enum(roles, `each must be one of ${roles.join(", ")}`)).min(1, "names no role")),
      roles.join(","),
    ),
    roles.join(","),
    "What this process does: web, scheduler, worker.",
  ),
  ADMIN_PASSWORD: setting(
    optional(z.string().min(12, "needs at least 12 characters")),
    "no admin pages",
    "Password of /admin.",
  ),
  DKIM_DOMAIN: setting(optional(domain), "domain of MAIL_FROM", "Domain of the DKIM signature."),
  DKIM_SELECTOR: setting(
    withDefault(z.string().regex(/^[\w.-]+$/, "is a DNS label"), "paperboy"),
    "paperboy",
    "Selector of the DKIM key in DNS.",
  ),
  DKIM_PRIVATE_KEY: setting(
    optional(privateKey),
    "unsigned",
    "RSA private key, PEM or a path to it; signs every mail.",
  ),
  DKIM_ED25519_PRIVATE_KEY: setting(
    optional(privateKey),
    "none",
    "A second, Ed25519 key, PEM or a path; adds a second signature with selector DKIM_SELECTOR-ed.",
  ),
  SMTP_CONNECTIONS: setting(
    withDefault(wholeNumber(1, 200), "5"),
    "5",
    "Connections to the mail server at once, over all workers.",
  ),
  SMTP_RATE: setting(
    withDefault(z.coerce.number("must be a number").min(0, "must be 0 or more"), "0"),
    "0",
    "Messages a second over all workers; 0 means no limit.",
  ),
  BOUNCE_DOMAIN: setting(
    optional(domain),
    "domain of MAIL_FROM",
    "Domain of the signed return path that bounces come back to. Set it when its mailbox is read: readers may then leave by mail, too.",
  ),
  MAILGUN_SIGNING_KEY: setting(
    optional(z.string()),
    "none",
    "Mailgun's HTTP webhook signing key; set, what comes to Mailgun's webhook must also be signed with it.",
  ),
  SOURCES: setting(
    withDefault(list.pipe(z.array(source)), "huggingface,arxiv").transform((names) => [...new Set(names)]),
    "huggingface,arxiv",
    `Sources asked for papers: ${sourceNames.join(", ")}, or the URL of a feed.`,
  ),
  ARXIV_CATEGORIES: setting(
    withDefault(list, "cs.AI,cs.CL,cs.CV,cs.LG").superRefine((ids, check) => {
      for (const message of ids.flatMap((id) => categoryProblem(id) ?? []))
        check.addIssue({ code: "custom", message: `is not right: ${message.replace(/\.$/, "")}` });
    }),
    "cs.AI,cs.CL,cs.CV,cs.LG",
    "arXiv categories whose announcements are read.",
  ),
  HUGGINGFACE_URL: setting(
    withDefault(url(/^https?:$/, "https://huggingface.co"), "https://huggingface.co"),
    "https://huggingface.co",
    "Where Hugging Face's daily papers are asked.",
  ),
  ARXIV_FEED_URL: setting(
    withDefault(url(/^https?:$/, "https://rss.arxiv.org"), "https://rss.arxiv.org"),
    "https://rss.arxiv.org",
    "Where arXiv's announcement feeds are asked.",
  ),
  ARXIV_API_URL: setting(
    withDefault(url(/^https?:$/, "https://export.arxiv.org/api/query"), "https://export.arxiv.org/api/query"),
    "https://export.arxiv.org/api/query",
    "Where arXiv's Query API is asked.",
  ),
  ARXIV_OAI_URL: setting(
    withDefault(url(/^https?:$/, "https://oaipmh.arxiv.org/oai"), "https://oaipmh.arxiv.org/oai"),
    "https://oaipmh.arxiv.org/oai",
    "Where arXiv's OAI-PMH records are asked.",
  ),
  BIORXIV_URL: setting(
    withDefault(url(/^https?:$/, "https://api.biorxiv.org"), "https://api.biorxiv.org"),
    "https://api.biorxiv.org",
    "Where bioRxiv and medRxiv are asked.",
  ),
  THUMBNAIL_HOSTS: setting(
    withDefault(list.pipe(z.array(z.string().regex(/^[a-z0-9.-]+$/i, "each must be a host name"))), ""),
    "none",
    "Hosts whose paper thumbnails pages may show, e.g. cdn-thumbnails.huggingface.co; unset, no page asks a third party.",
  ),
  TOPICS_FILE: setting(withDefault(z.string(), "topics.yaml"), "topics.yaml", "The topics on offer."),
  LOG_LEVEL: setting(
    withDefault(
      z.enum(["debug", "info", "warn", "error", "silent"], "must be debug, info, warn, error or silent"),
      "info",
    ),
    "info",
    "How much is logged: debug, info, warn, error or silent.",
  ),
} satisfies Record<string, Setting>;

type Settings = { [Name in keyof typeof settings]: z.output<(typeof settings)[Name]["schema"]> };
export type Config = Omit<Settings, "BASE_URL"> & { BASE_URL: string };

/** The domains that mail speaks for: of its sender, of its return path, and of its signature. */
export function mailDomains(config: Config): { from: string; bounce: string; dkim: string } {
  const from = domainOf(readMailAddress(config.MAIL_FROM).address);
  return { from, bounce: config.BOUNCE_DOMAIN ?? from, dkim: config.DKIM_DOMAIN ?? from };
}

/** All problems of the settings at once, one sentence each. */
export class ConfigError extends Error {
  readonly problems: string[];
  constructor(problems: string[]) {
    super(`These settings need a look:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}

/** Reads the settings out of an environment; throws one ConfigError that lists every problem. Unset and empty are alike. */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { schema }] of Object.entries(settings)) {
    const result = schema.safeParse(environment[name]);
    if (result.success) values[name] = result.data;
    else problems.push(`${name} ${result.error.issues.map((issue) => issue.message).join(", ")}.`);
  }
  const { DATABASE_URL, SECRET_KEY, ROLES = roles } = values as Partial<Settings>;
  if (
    DATABASE_URL !== undefined &&
    SECRET_KEY === undefined &&
    ROLES.length < roles.length &&
    !empty(environment["SECRET_KEY"])
  )
    problems.push(
      "SECRET_KEY must be set when several machines share a database, so that links made by one work on all.",
    );
  if (problems.length > 0) throw new ConfigError(problems);
  const config = values as Settings;
  return { ...config, BASE_URL: config.BASE_URL ?? `http://localhost:${config.PORT}` };
}
