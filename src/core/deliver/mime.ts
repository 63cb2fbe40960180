// How is text written into a mail header? Encoded words (RFC 2047), folding (RFC 5322 §2.2.3), mailboxes; nothing gets a line break in.

const MAX_LINE = 76;
/** The longest an encoded word may be is 75; what `=?UTF-8?B?` and `?=` leave for base64 is 63, hence 45 bytes. */
const ENCODED_BYTES = 45;

export type MailAddress = { name: string; address: string };

/** `Paperboy <digest@example.org>` or a bare address. */
export function readMailAddress(text: string): MailAddress {
  const full = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^"<>]*?))\s*<\s*([^\s<>]+@[^\s<>]+)\s*>\s*$/.exec(text);
  if (!full) return { name: "", address: text.trim() };
  return { name: (full[1]?.replace(/\\(.)/g, "$1") ?? full[2] ?? "").trim(), address: full[3] ?? "" };
}

export const domainOf = (address: string) => address.slice(address.lastIndexOf("@") + 1);

/** A header of free text, folded, without its final line break; control characters become spaces. */
export function writeTextHeader(name: string, text: string): string {
  return `${name}: ${writeText(text, name.length + 2)}`;
}

/** A header with one mailbox: `From: Paperboy <digest@example.org>`. */
export function writeAddressHeader(name: string, { name: shown, address }: MailAddress): string {
  refuseControls(name, address);
  if (shown === "") return `${name}: ${address}`;
  const phrase = /^[\w!#$%&'*+/=?^`{|}~ -]*$/.test(shown)
    ? shown
    : /^[\x20-\x7e]*$/.test(shown)
      ? `"${shown.replace(/["\\]/g, "\\$&")}"`
      : writeText(shown, name.length + 2, true);
  const lastLine = phrase.slice(phrase.lastIndexOf("\n") + 1);
  const start = phrase.includes("\n") ? 0 : name.length + 2;
  const fold = start + lastLine.length + address.length + 3 > MAX_LINE ? "\r\n " : " ";
  return `${name}: ${phrase}${fold}<${address}>`;
}

/** A header whose value is ours and ASCII already, e.g. a URL in angle brackets; throws where a line break would get in. */
export function writeHeader(name: string, value: string): string {
  refuseControls(name, value);
  return `${name}: ${value}`;
}

function refuseControls(name: string, value: string): void {
  if (/\p{Cc}/u.test(value)) throw new Error(`the header ${name} would hold a control character`);
}

function writeText(text: string, used: number, always = false): string {
  const line = text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
  const words = line.split(" ");
  const plain = /^[\x20-\x7e]*$/.test(line) && !line.includes("=?") && words.every((word) => word.length < 60);
  return plain && !always ? fold(words, used) : fold(encodeWords(line, used), used);
}

function fold(words: string[], used: number): string {
  let text = "";
  let column = used;
  for (const word of words) {
    if (text === "") text = word;
    else if (column + 1 + word.length > MAX_LINE) {
      text += `\r\n ${word}`;
      column = 0;
    } else text += ` ${word}`;
    column += word.length + 1;
  }
  return text;
}

/** Cuts at code points; the first word is shorter where the header's name takes room. */
function encodeWords(text: string, used: number): string[] {
  const words: string[] = [];
  let piece = "";
  let room = Math.max(12, ENCODED_BYTES - Math.ceil((used * 3) / 4));
  for (const character of text) {
    if (Buffer.byteLength(piece + character) > room) {
      words.push(encodeWord(piece));
      piece = "";
      room = ENCODED_BYTES;
    }
    piece += character;
  }
  if (piece !== "") words.push(encodeWord(piece));
  return words;
}

const encodeWord = (text: string) => `=?UTF-8?B?${Buffer.from(text, "utf8").toString("base64")}?=`;
