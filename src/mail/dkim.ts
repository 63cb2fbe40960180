// How is a message signed? DKIM (RFC 6376, relaxed/relaxed) over ready bytes: RSA always, Ed25519 (RFC 8463) as a second signature.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

export type DkimSettings = { domain: string; selector: string; rsaKeyPem?: string; ed25519KeyPem?: string };
/** A header's name in lower case, and the header as it is written, folded, without the last line break. */
export type Field = readonly [name: string, written: string];
export type Signing = {
  /** How many bytes the signatures will take. */
  size: number;
  /** The DKIM-Signature headers, each with its line break. The same input gives the same bytes. */
  sign: (bodyHash: string) => Promise<string>;
};
export type Signer = (fields: Field[], at: Date) => Signing;

/** What a signature covers where the message has it; RFC 8058 §4 makes the two List-Unsubscribe ones a must. */
export const SIGNED_HEADERS = [
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

type Algorithm = "rsa-sha256" | "ed25519-sha256";
/** `signatureLength` counts the bytes of a signature as it is folded. */
type Key = { algorithm: Algorithm; selector: string; key: KeyObject; signatureLength: number };

/** A signer with the keys that are set, each proven on itself; undefined without a key. Throws one sentence for a broken key. */
export function openSigner({ domain, selector, rsaKeyPem, ed25519KeyPem }: DkimSettings): Signer | undefined {
  const keys: Key[] = [];
  if (rsaKeyPem) keys.push(readKey("DKIM_PRIVATE_KEY", rsaKeyPem, "rsa-sha256", selector));
  if (ed25519KeyPem) keys.push(readKey("DKIM_ED25519_PRIVATE_KEY", ed25519KeyPem, "ed25519-sha256", `${selector}-ed`));
  if (keys.length === 0) return undefined;
  return (fields, at) => {
    const covered: Field[] = [];
    for (const name of SIGNED_HEADERS) for (const field of fields) if (field[0] === name) covered.push(field);
    const names = covered.map(([name]) => name);
    const headers = keys.map((key) => unsigned(key, domain, names, at));
    let size = 0;
    for (const [nth, { signatureLength }] of keys.entries())
      size += (headers[nth]?.length ?? 0) + BODY_HASH_LENGTH + signatureLength;
    return {
      size,
      async sign(bodyHash) {
        let canonical = "";
        for (const [name, written] of covered) canonical += `${relaxed(name, written)}\r\n`;
        const signatures = keys.map(async (key, nth) => {
          const header = headers[nth]?.replace("bh=", `bh=${bodyHash}`) ?? "";
          const input = Buffer.from(canonical + relaxed("dkim-signature", header), "utf8");
          return header + foldSignature((await signWith(key, input)).toString("base64"));
        });
        return signatures.length === 1 ? (signatures[0] ?? "") : (await Promise.all(signatures)).join("");
      },
    };
  };
}

const BODY_HASH_LENGTH = 44;

function unsigned({ algorithm, selector }: Key, domain: string, names: string[], at: Date): string {
  return [
    `DKIM-Signature: v=1; a=${algorithm}; c=relaxed/relaxed; d=${domain};`,
    ` s=${selector}; t=${Math.floor(at.getTime() / 1000)}; bh=;`,
    ` h=${names.slice(0, 7).join(":")}:`,
    `  ${names.slice(7).join(":")};`,
    " b=",
  ].join("\r\n");
}

const foldSignature = (base64: string) => `${base64.replace(/.{72}(?=.)/g, "$&\r\n  ")}\r\n`;

/** RFC 6376 §3.4.2, without the last line break. */
function relaxed(name: string, written: string): string {
  const value = written.slice(name.length + 1);
  // Few headers are folded.
  const even = /[\r\t]| {2}| $/.test(value)
    ? value
        .replace(/\r\n/g, "")
        .replace(/[ \t]+/g, " ")
        .trimEnd()
    : value;
  return `${name}:${even.trimStart()}`;
}

function readKey(setting: string, pem: string, algorithm: Algorithm, selector: string): Key {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${setting} is not a private key in PEM form.`, { cause });
  }
  if (key.asymmetricKeyType !== algorithm.split("-")[0])
    throw new Error(`${setting} must be a key for ${algorithm}, and is one for ${key.asymmetricKeyType}.`);
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < 1024)
    throw new Error(`${setting} has ${bits} bits; receivers refuse fewer than 1024 (RFC 8301), 2048 is right.`);
  const probe = Buffer.from("paperboy");
  const signature = sign(...inputOf(algorithm, probe), key);
  if (!verify(...inputOf(algorithm, probe), createPublicKey(key), signature))
    throw new Error(`${setting} signs, but its own signature does not verify.`);
  return { algorithm, selector, key, signatureLength: foldSignature(signature.toString("base64")).length };
}

/** Ed25519 signs the SHA-256 of the input (RFC 8463 §3); RSA hashes by itself. */
function inputOf(algorithm: Algorithm, input: Buffer): ["sha256" | null, Buffer] {
  return algorithm === "rsa-sha256" ? ["sha256", input] : [null, createHash("sha256").update(input).digest()];
}

/** RSA takes a quarter of a millisecond, so it runs in the thread pool; Ed25519 is done before it would get there. */
function signWith({ algorithm, key }: Key, input: Buffer): Promise<Buffer> | Buffer {
  const [hash, data] = inputOf(algorithm, input);
  if (algorithm === "ed25519-sha256") return sign(hash, data, key);
  return new Promise((resolve, reject) => {
    sign(hash, data, key, (error, signature) => (error ? reject(error) : resolve(signature)));
  });
}
