// How do bytes become lines of at most 76 printable characters, and back? Quoted-printable, RFC 2045 §6.7.

const MAX_LINE = 76;
const [TAB, LF, CR, SPACE, DOT, F, EQUALS] = [9, 10, 13, 32, 46, 70, 61];
/** 1 for what stands for itself anywhere but at the start of a line. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) => (byte > 32 && byte < 127 && byte !== EQUALS ? 1 : 0));
const ESCAPES = Array.from({ length: 256 }, (_, byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`);

/**
 * Encodes text as UTF-8; CRLF stays a line break, decoding gives back the very bytes. No line starts with a dot or with "From ",
 * and no two blanks stand side by side, so that dot-stuffing, mbox and DKIM's relaxed form (RFC 6376 §3.4.4) change nothing.
 * The result ends where a line may go on with another encoded piece.
 */
export function encodeQuotedPrintable(text: string): string {
  // A character a byte; what is ASCII already is so.
  const bytes = /^\p{ASCII}*$/u.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
  let out = "";
  let start = 0;
  let column = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes.charCodeAt(index);
    // Nearly all: a letter, or a blank between two, within the line.
    if (column > 0 && column < MAX_LINE - 1) {
      const inside =
        byte === SPACE && PLAIN[bytes.charCodeAt(index + 1)] === 1 && PLAIN[bytes.charCodeAt(index - 1)] === 1;
      if (inside || PLAIN[byte] === 1) {
        column++;
        continue;
      }
    }
    if (byte === CR && bytes.charCodeAt(index + 1) === LF) {
      index++;
      column = 0;
      continue;
    }
    const plain = isPlain(bytes, index, column);
    const width = plain ? 1 : 3;
    // The last column is kept for the soft break.
    if (column + width >= MAX_LINE) {
      out += `${bytes.slice(start, index)}=\r\n`;
      start = index;
      column = 0;
      index--;
      continue;
    }
    if (!plain) {
      out += bytes.slice(start, index) + ESCAPES[byte];
      start = index + 1;
    }
    column += width;
  }
  out += bytes.slice(start);
  return column > 0 ? `${out}=\r\n` : out;
}

const breaksLine = (bytes: string, index: number) =>
  bytes.charCodeAt(index) === CR && bytes.charCodeAt(index + 1) === LF;

function isPlain(bytes: string, index: number, column: number): boolean {
  const byte = bytes.charCodeAt(index);
  if (byte === SPACE || byte === TAB) {
    const before = bytes.charCodeAt(index - 1);
    return byte === SPACE && !breaksLine(bytes, index + 1) && before !== SPACE && before !== TAB;
  }
  if (PLAIN[byte] === 0) return false;
  if (column > 0) return true;
  return byte === F ? !bytes.startsWith("From ", index) : byte !== DOT;
}

/** Decodes as a lenient reader does: what is no escape stands for itself. Each character of `encoded` is a byte. */
export function decodeQuotedPrintable(encoded: string): string {
  const bytes = encoded
    .replace(/[ \t]+(?=\r?\n|$)/g, "")
    .replace(/=\r?\n/g, "")
    .replace(/=$/, "")
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
