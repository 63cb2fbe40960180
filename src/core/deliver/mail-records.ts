// Do the DNS records let our mail through? What SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489) records say about us.
import { createPublicKey } from "node:crypto";

export type Verdict = { state: "ok" | "warn" | "fail"; says: string; mend?: string };

/** The TXT records of the domain in the return path; `domain` is for the sentences. */
export function readSpf(records: string[], domain: string): Verdict {
  const found = records.filter((record) => /^v=spf1(\s|$)/i.test(record));
  const [record = ""] = found;
  if (found.length === 0)
    return {
      state: "fail",
      says: `${domain} has no SPF record.`,
      mend: `Publish a TXT record at ${domain} like "v=spf1 mx -all" that names the servers which send your mail.`,
    };
  if (found.length > 1)
    return {
      state: "fail",
      says: `${domain} has ${found.length} SPF records; receivers then use none (RFC 7208 §4.5).`,
      mend: "Join them into one record.",
    };
  const terms = record.toLowerCase().split(/\s+/).slice(1);
  const asks = terms.filter((term) => /^[+?~-]?(include:|a\b|mx\b|ptr\b|exists:)|^redirect=/.test(term)).length;
  if (asks > 10)
    return {
      state: "fail",
      says: `The SPF record of ${domain} asks DNS ${asks} times; more than 10 makes it void (RFC 7208 §4.6.4).`,
      mend: "Name the servers by ip4: and ip6: instead.",
    };
  const all = terms.find((term) => /^[+?~-]?all$/.test(term));
  if (all === "all" || all === "+all")
    return {
      state: "fail",
      says: `The SPF record of ${domain} lets everybody send in your name (+all).`,
      mend: "End it with -all or ~all.",
    };
  if (all === "?all" || (all === undefined && !terms.some((term) => term.startsWith("redirect="))))
    return {
      state: "warn",
      says: `The SPF record of ${domain} says nothing about other servers.`,
      mend: "End it with -all or ~all.",
    };
  return { state: "ok", says: `${domain} says which servers send its mail.` };
}

/** The TXT records at SELECTOR._domainkey.DOMAIN against the key that signs; `publicKey` is its SPKI in DER, Base64. */
export function readDkim(
  records: string[],
  name: string,
  publicKey: { spki: string; type: "rsa" | "ed25519" },
): Verdict {
  const wanted = `v=DKIM1; k=${publicKey.type}; p=${publishedForm(publicKey)}`;
  const mend = `Publish this TXT record at ${name}: ${wanted}`;
  const keys = records.map(readTags).filter((tags) => tags.has("p"));
  if (keys.length === 0) return { state: "fail", says: `There is no DKIM key at ${name}.`, mend };
  if (keys.length > 1)
    return { state: "fail", says: `There are ${keys.length} DKIM keys at ${name}; receivers may take any.`, mend };
  const [tags = new Map<string, string>()] = keys;
  const published = (tags.get("p") ?? "").replace(/\s+/g, "");
  if (published === "") return { state: "fail", says: `The DKIM key at ${name} is revoked (p is empty).`, mend };
  if (!isSameKey(published, publicKey))
    return { state: "fail", says: `The DKIM key at ${name} is not the one that signs.`, mend };
  if (/\by\b/.test(tags.get("t") ?? ""))
    return {
      state: "warn",
      says: `The DKIM key at ${name} is marked as a test (t=y), and receivers may pass it over.`,
      mend: "Take t=y out of the record.",
    };
  return { state: "ok", says: `The DKIM key at ${name} is the one that signs.` };
}

/** An Ed25519 key is published as its 32 bytes alone (RFC 8463), an RSA key as SPKI. */
function publishedForm({ spki, type }: { spki: string; type: "rsa" | "ed25519" }): string {
  return type === "ed25519" ? Buffer.from(spki, "base64").subarray(-32).toString("base64") : spki;
}

function isSameKey(published: string, key: { spki: string; type: "rsa" | "ed25519" }): boolean {
  if (published === publishedForm(key)) return true;
  if (key.type !== "rsa") return false;
  try {
    const der = Buffer.from(published, "base64");
    return createPublicKey({ key: der, format: "der", type: "pkcs1" })
      .export({ format: "der", type: "spki" })
      .equals(Buffer.from(key.spki, "base64"));
  } catch {
    return false;
  }
}

/** The DMARC policy found for the From domain (at `_dmarc.` of it or of a parent), and whether our domains align with it. */
export function readDmarc(
  records: string[],
  domains: { from: string; bounce: string; dkim: string | undefined },
): Verdict {
  const { from, bounce, dkim } = domains;
  const found = records.filter((record) => /^v=DMARC1\s*(;|$)/i.test(record));
  if (found.length !== 1)
    return {
      state: "fail",
      says:
        found.length === 0 ? `${from} has no DMARC record.` : `${from} has ${found.length} DMARC records; none counts.`,
      mend: `Publish one TXT record at _dmarc.${from}, to begin with "v=DMARC1; p=none; rua=mailto:you@${from}".`,
    };
  const tags = readTags(found[0] ?? "");
  const policy = tags.get("p")?.toLowerCase();
  if (policy === undefined || !["none", "quarantine", "reject"].includes(policy))
    return {
      state: "fail",
      says: `The DMARC record of ${from} names no policy.`,
      mend: "Its p= is none, quarantine or reject.",
    };
  const spfAligned = isAligned(bounce, from, tags.get("aspf"));
  const dkimAligned = dkim !== undefined && isAligned(dkim, from, tags.get("adkim"));
  if (!spfAligned && !dkimAligned)
    return {
      state: "fail",
      says: `Neither the return path (${bounce}) nor the DKIM domain (${dkim ?? "none"}) belongs to ${from}: DMARC fails.`,
      mend: "Set DKIM_PRIVATE_KEY and DKIM_DOMAIN, or BOUNCE_DOMAIN, to the domain of MAIL_FROM.",
    };
  if (!dkimAligned)
    return {
      state: "warn",
      says: `Only SPF speaks for ${from}; forwarded mail then fails DMARC.`,
      mend: "Set DKIM_PRIVATE_KEY.",
    };
  if (policy === "none")
    return {
      state: "warn",
      says: `The DMARC policy of ${from} is none: it reports and protects nobody.`,
      mend: "When the reports look right, make it p=quarantine or p=reject.",
    };
  return { state: "ok", says: `${from} has a DMARC policy (${policy}), and our mail answers it.` };
}

/** Relaxed alignment: one is the other or lies below it; strict (`s`): the same. */
function isAligned(one: string, other: string, mode: string | undefined): boolean {
  const [left, right] = [one.toLowerCase(), other.toLowerCase()];
  if (left === right) return true;
  if (mode?.toLowerCase() === "s") return false;
  return left.endsWith(`.${right}`) || right.endsWith(`.${left}`);
}

function readTags(record: string): Map<string, string> {
  return new Map(
    record
      .split(";")
      .map((part) => part.split(/=(.*)/s))
      .flatMap(([name, value]) =>
        value === undefined ? [] : [[name?.trim().toLowerCase() ?? "", value.trim()] as const],
      ),
  );
}

/** Names where a DMARC policy may stand, nearest first: the domain and its parents of two labels or more. */
export function dmarcNames(domain: string): string[] {
  const labels = domain.split(".");
  return labels.slice(0, -1).map((_, at) => `_dmarc.${labels.slice(at).join(".")}`);
}
