// Keys for signing, the records a domain would publish for them, and a verifier that others wrote.
import { generateKeyPairSync } from "node:crypto";
import { authenticate } from "mailauth";
import { composerSettings } from "./context.ts";

const pem = { type: "pkcs8", format: "pem" } as const;

/** An RSA and an Ed25519 key as settings, and their DNS records by name. */
export function makeDkimKeys() {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const ed = generateKeyPairSync("ed25519");
  const der = (key: typeof rsa.publicKey) => key.export({ type: "spki", format: "der" });
  const records: Record<string, string> = {
    "paperboy._domainkey.papers.example.org": `v=DKIM1; k=rsa; p=${der(rsa.publicKey).toString("base64")}`,
    "paperboy-ed._domainkey.papers.example.org": `v=DKIM1; k=ed25519; p=${der(ed.publicKey).subarray(-32).toString("base64")}`,
  };
  const dkim = {
    ...composerSettings.dkim,
    rsaKeyPem: rsa.privateKey.export(pem).toString(),
    ed25519KeyPem: ed.privateKey.export(pem).toString(),
  };
  return { dkim, records };
}

/** What mailauth says to each signature: `pass`, or why not. */
export async function verifySignatures(raw: Buffer, records: Record<string, string>): Promise<string[]> {
  const { dkim } = await authenticate(raw, {
    disableArc: true,
    disableDmarc: true,
    disableBimi: true,
    resolver: async (name: string) => {
      const record = records[name];
      if (record) return [[record]];
      throw Object.assign(new Error("no record"), { code: "ENOTFOUND" });
    },
  } as never);
  return dkim.results.map(({ status }) => status.result);
}
