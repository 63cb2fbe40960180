// Is this an e-mail address that a sign-up form should take, and how is it kept?
import { encodeLabel } from "./punycode.ts";

export type AddressAnswer = { kind: "ok"; email: string } | { kind: "error"; message: string };

const MAX_LENGTH = 254; // RFC 5321 §4.5.3.1.3 less the angle brackets
const MAX_LOCAL_OCTETS = 64;
const MAX_LABEL = 63;
/** Letters, digits and signs of any script and what RFC 5322 §3.2.3 lists; an atom does not begin with a combining mark. */
const atom = /^(?!\p{M})(?:(?![\x20-\x7e])[\p{L}\p{N}\p{M}\p{P}\p{S}]|[A-Za-z0-9!#$%&'*+/=?^_`{|}~-])+$/u;
const label = /^(?!-)[a-z0-9-]+(?<!-)$/;
/** Names that never reach a mailbox (RFC 2606, RFC 6761, RFC 7686); example.com, .net and .org are left to tests and papers. */
const reserved = ["test", "invalid", "local", "localhost", "arpa", "onion", "internal"];

/**
 * Reads what was typed into a form: one bare address, no display name, comment, folding space or address in brackets
 * (RFC 5321 §4.1.2, RFC 6531 for letters beyond ASCII, RFC 5891 for the domain). `email` is lower case, NFC, its domain in
 * ASCII. Reserved top-level names are refused unless `allowReserved`.
 */
export function readAddress(text: string, { allowReserved = false } = {}): AddressAnswer {
  if (text.trim() === "") return refuse("Please type your e-mail address.");
  if (text.length > 1_000) return refuse("This is too long for an e-mail address.");
  if (/[<>]/.test(text)) return refuse("Please type the bare address, without a name or angle brackets.");
  const at = text.lastIndexOf("@");
  if (at < 0) return refuse("An e-mail address has an @ in it.");
  if (at === 0) return refuse("There is nothing before the @.");
  const local = readLocal(text.slice(0, at).normalize("NFC"));
  if (local === undefined) return refuse("The part before the @ holds something that an address cannot have.");
  if (new TextEncoder().encode(local).length > MAX_LOCAL_OCTETS) return refuse("The part before the @ is too long.");
  const domain = readDomain(text.slice(at + 1).normalize("NFC"));
  if (domain === undefined) return refuse("The part after the @ is not the name of a mail server.");
  const labels = domain.split(".");
  const last = labels.at(-1) ?? "";
  // A country may keep a mailbox at its own two letters; every other name without a dot is a slip.
  if (labels.length === 1 && last.length !== 2) return refuse("The part after the @ should have a dot in it.");
  if (/^\d+$/.test(last)) return refuse("The part after the @ is not the name of a mail server.");
  if (reserved.includes(last) && !allowReserved) return refuse(`Mail cannot be sent to names that end in .${last}.`);
  const email = `${local}@${domain}`.toLowerCase();
  if (new TextEncoder().encode(email).length > MAX_LENGTH) return refuse("This is too long for an e-mail address.");
  return { kind: "ok", email };
}

function refuse(message: string): AddressAnswer {
  return { kind: "error", message };
}

/** A dot-atom, also out of quotation marks that were not needed. */
function readLocal(given: string): string | undefined {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/su.exec(given)?.[1];
  // An escaped letter that names a control character in most languages (\n, \e) was not meant as that letter.
  if (quoted !== undefined && /\\[abefnrtv0]/.test(quoted)) return undefined;
  const local = quoted === undefined ? given : quoted.replace(/\\(.)/gu, "$1");
  return local.split(".").every((part) => atom.test(part)) ? local : undefined;
}

/** The domain in ASCII (punycode), or undefined. */
function readDomain(given: string): string | undefined {
  // Only the full stops of other scripts stand for a dot; a letter that decomposes into one does not.
  const dotted = given.replace(/[。．｡]/gu, ".");
  const folded = dotted.normalize("NFKC").toLowerCase();
  if (folded.split(".").length !== dotted.split(".").length) return undefined;
  // Letters, digits, marks and pictures; what an URL would read as a port, path, credential or escape is not part of a name.
  if (!/^(?:[\p{L}\p{N}\p{So}\p{Cn}.-](?:\p{M}*))+$/u.test(folded)) return undefined;
  const ascii =
    asciiByUrl(folded) ?? (/\p{Cn}/u.test(folded) ? folded.split(".").map(encodeLabel).join(".") : undefined);
  if (ascii === undefined) return undefined;
  const labels = ascii.split(".");
  const wellFormed = labels.every(
    (name) => name.length <= MAX_LABEL && label.test(name) && (!/^..--/.test(name) || name.startsWith("xn--")),
  );
  return wellFormed ? labels.join(".") : undefined;
}

/** As the URL parser maps names (UTS 46); undefined where it refuses. A letter behind keeps digits from becoming IPv4. */
function asciiByUrl(domain: string): string | undefined {
  try {
    return new URL(`http://${domain}.a`).hostname.slice(0, -2);
  } catch {
    return undefined;
  }
}
