// What does a message say once it has arrived? Both parts as a mail program reads them.
import type { ParsedMail } from "mailparser";

const MAX_BYTES = 5_000_000;

/** Parses the bytes of one message (RFC 5322, MIME); embedded pictures are left out. */
export async function readMessage(raw: Buffer): Promise<ParsedMail> {
  const { simpleParser } = await import("mailparser");
  return simpleParser(raw, { skipTextToHtml: true, skipImageLinks: true, maxHtmlLengthToParse: MAX_BYTES });
}
