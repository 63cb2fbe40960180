// How do bytes become lines of at most 76 printable characters, and back? Quoted-printable, RFC 2045 §6.7.

const HEX = Buffer.from("0123456789ABCDEF", "latin1");
const MAX_LINE = 76;
const [TAB, LF, CR, SPACE, DOT, F, EQUALS] = [9, 10, 13, 32, 46, 70, 61];

/**
 * Encodes UTF-8 text; CRLF stays a line break, decoding gives back the very bytes. No line starts with a dot or with "From ",
 * and no two blanks stand side by side, so that dot-stuffing, mbox and DKIM's relaxed form (RFC 6376 §3.4.4) change nothing.
 * With `joins`, the result ends where a line may go on with another encoded piece.
 */
export function encodeQuotedPrintable(text: string, { joins = false } = {}): Buffer {
  const bytes = Buffer.from(text, "utf8");
  const out = Buffer.allocUnsafe(bytes.length * 3 + Math.ceil((bytes.length * 3) / (MAX_LINE - 3)) * 3 + 3);
  let at = 0;
  let column = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number;
    if (byte === CR && bytes[index + 1] === LF) {
      at = lineBreak(out, at);
      column = 0;
      index++;
      continue;
    }
    const plain = isPlain(bytes, index, column, joins);
    const width = plain ? 1 : 3;
    // The last column is kept for the soft break, unless the line ends here anyway.
    const room = endsLine(bytes, index + 1) && !joins ? MAX_LINE : MAX_LINE - 1;
    if (column + width > room) {
      out[at++] = EQUALS;
      at = lineBreak(out, at);
      column = 0;
      index--;
      continue;
    }
    if (plain) out[at++] = byte;
    else {
      out[at++] = EQUALS;
      out[at++] = HEX[byte >> 4] as number;
      out[at++] = HEX[byte & 15] as number;
    }
    column += width;
  }
  if (joins && column > 0) {
    out[at++] = EQUALS;
    at = lineBreak(out, at);
  }
  return Buffer.from(out.subarray(0, at));
}

function lineBreak(out: Buffer, at: number): number {
  out[at] = CR;
  out[at + 1] = LF;
  return at + 2;
}

const endsLine = (bytes: Buffer, index: number) =>
  index >= bytes.length || (bytes[index] === CR && bytes[index + 1] === LF);

function isPlain(bytes: Buffer, index: number, column: number, joins: boolean): boolean {
  const byte = bytes[index] as number;
  if (byte === SPACE || byte === TAB) {
    const before = bytes[index - 1];
    const last = joins ? index + 1 < bytes.length && endsLine(bytes, index + 1) : endsLine(bytes, index + 1);
    return byte === SPACE && !last && before !== SPACE && before !== TAB;
  }
  if (byte < 33 || byte > 126 || byte === EQUALS) return false;
  if (column > 0) return true;
  if (byte === F) return bytes.toString("latin1", index, index + 5) !== "From ";
  return byte !== DOT;
}

/** Decodes as a lenient reader does: what is no escape stands for itself. */
export function decodeQuotedPrintable(encoded: Buffer): Buffer {
  const text = encoded
    .toString("latin1")
    .replace(/[ \t]+(?=\r?\n|$)/g, "")
    .replace(/=\r?\n/g, "")
    .replace(/=$/, "")
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(text, "latin1");
}
