// How is a message signed? DKIM (RFC 6376, relaxed/relaxed) over the ready bytes; RSA always, Ed25519 (RFC 8463) as a second.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

export type DkimSettings = { domain: string; selector: string; rsaKeyPem?: string; ed25519KeyPem?: string };
export type Signer = (raw: Buffer, at: Date) => Buffer;

const SIGNED = [
  "from",
  "to",
  "reply-to",
  "subject",
  "date",
  "message-id",
  "mime-version",
  "content-type",
  "list-id",
  "list-unsubscribe",
  "list-unsubscribe-post",
  "feedback-id",
  "auto-submitted",
];

type Key = { algorithm: "rsa-sha256" | "ed25519-sha256"; selector: string; key: KeyObject };

/** A signer with the keys that are set, proven on itself; undefined without a key. Throws one sentence for a broken key. */
export function openSigner({ domain, selector, rsaKeyPem, ed25519KeyPem }: DkimSettings): Signer | undefined {
  const keys: Key[] = [];
  if (rsaKeyPem) keys.push(readKey("DKIM_PRIVATE_KEY", rsaKeyPem, "rsa-sha256", selector));
  if (ed25519KeyPem) keys.push(readKey("DKIM_ED25519_PRIVATE_KEY", ed25519KeyPem, "ed25519-sha256", `${selector}-ed`));
  if (keys.length === 0) return undefined;
  return (raw, at) => {
    const split = raw.indexOf("\r\n\r\n");
    const headers = readHeaders(raw.subarray(0, split + 2).toString("latin1"));
    const bodyHash = createHash("sha256")
      .update(relaxedBody(raw.subarray(split + 4)))
      .digest("base64");
    const signatures = keys.map((key) => signatureHeader(key, domain, headers, bodyHash, at));
    return Buffer.concat([Buffer.from(signatures.join(""), "latin1"), raw]);
  };
}

function readKey(setting: string, pem: string, algorithm: Key["algorithm"], selector: string): Key {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${setting} is not a private key in PEM form.`, { cause });
  }
  if (key.asymmetricKeyType !== algorithm.split("-")[0])
    throw new Error(`${setting} must be of the other kind: ${algorithm}.`);
  const probe = Buffer.from("paperboy");
  const signature = signWith({ algorithm, key }, probe);
  const signed = algorithm === "rsa-sha256" ? probe : createHash("sha256").update(probe).digest();
  if (!verify(algorithm === "rsa-sha256" ? "sha256" : null, signed, createPublicKey(key), signature))
    throw new Error(`${setting} signs, but its own signature does not verify.`);
  return { algorithm, selector, key };
}

/** Ed25519 signs the SHA-256 of the input (RFC 8463 §3); RSA hashes by itself. */
function signWith({ algorithm, key }: Pick<Key, "algorithm" | "key">, input: Buffer): Buffer {
  return algorithm === "rsa-sha256"
    ? sign("sha256", input, key)
    : sign(null, createHash("sha256").update(input).digest(), key);
}

function signatureHeader(key: Key, domain: string, headers: [string, string][], bodyHash: string, at: Date): string {
  const present = SIGNED.filter((name) => headers.some(([known]) => known === name));
  const tags = [
    `v=1; a=${key.algorithm}; c=relaxed/relaxed; d=${domain}; s=${key.selector}; t=${Math.floor(at.getTime() / 1000)};`,
    ` h=${present.slice(0, 6).join(":")}:`,
    `  ${present.slice(6).join(":")};`,
    ` bh=${bodyHash};`,
    " b=",
  ].join("\r\n");
  const signed = present.map((name) => relaxedHeader(headers.findLast(([known]) => known === name) ?? ["", ""]));
  const own = relaxedHeader(["dkim-signature", ` ${tags}`]).replace(/\r\n$/, "");
  const signature = signWith(key, Buffer.from(signed.join("") + own, "latin1")).toString("base64");
  return `DKIM-Signature: ${tags}${signature.replace(/.{1,72}/g, "\r\n  $&").trimStart()}\r\n`;
}

function readHeaders(block: string): [string, string][] {
  const unfolded = block.split(/\r\n(?![ \t])/).filter(Boolean);
  return unfolded.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1)];
  });
}

function relaxedHeader([name, value]: [string, string]): string {
  return `${name}:${value
    .replace(/\r\n/g, "")
    .replace(/[ \t]+/g, " ")
    .trim()}\r\n`;
}

function relaxedBody(body: Buffer): Buffer {
  const text = body
    .toString("latin1")
    .replace(/[ \t]+(?=\r\n|$)/g, "")
    .replace(/[ \t]+/g, " ")
    .replace(/(\r\n)+$/, "");
  return Buffer.from(text === "" ? "" : `${text}\r\n`, "latin1");
}
