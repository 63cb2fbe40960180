// How do very many rows get out of PostgreSQL and in? COPY in binary format (PostgreSQL manual, "COPY", File Formats): nothing is
// written out as text and read again, which was a third of what planning cost on both sides.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from } from "pg-copy-streams";

/** A row as it is read: each `read…` takes the next column. */
export type Row = { bytes: Buffer; at: number };

const HEADER = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const INT4_OID = 23;
const SLICE = 64 * 1024;

/** Runs `query` inside `copy (…) to stdout` and calls `onRow` for each row, which must read all its columns in order. */
export function copyOut(client: pg.ClientBase, query: string, onRow: (row: Row) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const row: Row = { bytes: Buffer.alloc(0), at: 0 };
    let begun = false;
    let failure: unknown;
    // What pg calls on a query of its own kind; it hands over each row as it came.
    client.query({
      submit: (connection: pg.Connection) => connection.query(`copy (${query}) to stdout (format binary)`),
      handleCopyData({ chunk }: { chunk: Buffer }) {
        row.bytes = chunk;
        row.at = begun ? 0 : HEADER.length;
        begun = true;
        try {
          // The number of columns; −1 at the end.
          while (failure === undefined && row.at < chunk.length && readShort(row) >= 0) onRow(row);
        } catch (error) {
          failure = error;
        }
      },
      handleCommandComplete() {},
      handleReadyForQuery: () => (failure === undefined ? resolve() : reject(failure)),
      handleError: reject,
    });
  });
}

/** Runs `copy … from stdin (format binary)` with these rows. */
export async function copyIn(client: pg.ClientBase, table: string, rows: Rows): Promise<void> {
  makeRoom(rows, 2);
  rows.bytes.writeInt16BE(-1, rows.at);
  const bytes = rows.bytes.subarray(0, rows.at + 2);
  const slices = Readable.from(cut(bytes), { objectMode: false });
  await pipeline(slices, client.query(from(`copy ${table} from stdin (format binary)`)));
}

function* cut(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += SLICE) yield bytes.subarray(at, at + SLICE);
}

function readShort(row: Row): number {
  const value = row.bytes.readInt16BE(row.at);
  row.at += 2;
  return value;
}

function readLong(row: Row): number {
  const value = row.bytes.readInt32BE(row.at);
  row.at += 4;
  return value;
}

/** A whole number of any width that is never null. */
export function readInteger(row: Row): number {
  const length = readLong(row);
  if (length === 4) return readLong(row);
  if (length === 2) return readShort(row);
  if (length !== 8) throw new Error("COPY gave something else than a whole number");
  const high = readLong(row);
  return high * 4_294_967_296 + (readLong(row) >>> 0);
}

/** An array of whole numbers (int4, one dimension, none null); undefined for null. */
export function readIntegers(row: Row): number[] | undefined {
  if (readLong(row) < 0) return undefined;
  const dimensions = readLong(row);
  row.at += 4;
  if (readLong(row) !== INT4_OID) throw new Error("COPY gave something else than an array of integers");
  if (dimensions === 0) return [];
  const { bytes } = row;
  const length = readLong(row);
  const values = new Array<number>(length);
  // Each number comes after its length; before the first stands the lower bound.
  let at = row.at + 8;
  for (let nth = 0; nth < length; nth++, at += 8) values[nth] = bytes.readInt32BE(at);
  row.at = at - 4;
  return values;
}

/** A text that is never null. */
export function readText(row: Row): string {
  const length = readLong(row);
  if (length < 0) throw new Error("COPY gave null instead of a text");
  row.at += length;
  return length === 0 ? "" : row.bytes.toString("utf8", row.at - length, row.at);
}

/** Rows as they are written, in bytes that grow. After `addRow` comes one `add…` for each of its columns. */
export type Rows = { bytes: Buffer; at: number };

export function startRows(): Rows {
  const bytes = Buffer.allocUnsafe(SLICE);
  return { bytes, at: HEADER.copy(bytes) };
}

export function addRow(rows: Rows, columns: number): void {
  makeRoom(rows, 2);
  rows.at = rows.bytes.writeInt16BE(columns, rows.at);
}

export function addNull(rows: Rows): void {
  makeRoom(rows, 4);
  rows.at = rows.bytes.writeInt32BE(-1, rows.at);
}

/** For a column of type integer. */
export function addInt4(rows: Rows, value: number): void {
  makeRoom(rows, 8);
  const { bytes } = rows;
  rows.at = bytes.writeInt32BE(value, bytes.writeInt32BE(4, rows.at));
}

/** For a column of type bigint. */
export function addInt8(rows: Rows, value: number): void {
  makeRoom(rows, 12);
  const { bytes } = rows;
  const at = bytes.writeInt32BE(Math.floor(value / 4_294_967_296), bytes.writeInt32BE(8, rows.at));
  rows.at = bytes.writeUInt32BE(value >>> 0, at);
}

/** For a column of type integer[]. */
export function addInt4s(rows: Rows, values: readonly number[]): void {
  const { length } = values;
  makeRoom(rows, 24 + 8 * length);
  const { bytes } = rows;
  let at = bytes.writeInt32BE(length === 0 ? 12 : 20 + 8 * length, rows.at);
  at = bytes.writeInt32BE(length === 0 ? 0 : 1, at);
  at = bytes.writeInt32BE(0, at);
  at = bytes.writeInt32BE(INT4_OID, at);
  if (length > 0) at = bytes.writeInt32BE(1, bytes.writeInt32BE(length, at));
  for (let nth = 0; nth < length; nth++) at = bytes.writeInt32BE(values[nth] ?? 0, bytes.writeInt32BE(4, at));
  rows.at = at;
}

/** For a column of type text. */
export function addText(rows: Rows, text: string): void {
  makeRoom(rows, 4 + text.length * 3);
  const { bytes } = rows;
  const start = rows.at + 4;
  let at = start;
  for (let nth = 0; nth < text.length; nth++) {
    const code = text.charCodeAt(nth);
    if (code > 127) {
      at = start + bytes.write(text, start);
      break;
    }
    bytes[at++] = code;
  }
  bytes.writeInt32BE(at - start, rows.at);
  rows.at = at;
}

const EPOCH_MS = Date.UTC(2000, 0, 1);

/** For a column of type timestamptz. */
export function addInstant(rows: Rows, at: Date): void {
  addInt8(rows, (at.getTime() - EPOCH_MS) * 1_000);
}

/** For a column of type date, from `YYYY-MM-DD`. */
export function addDate(rows: Rows, day: string): void {
  addInt4(rows, (Date.parse(day) - EPOCH_MS) / 86_400_000);
}

function makeRoom(rows: Rows, length: number): void {
  if (rows.at + length <= rows.bytes.length) return;
  const larger = Buffer.allocUnsafe(Math.max(rows.bytes.length * 2, rows.at + length));
  rows.bytes.copy(larger, 0, 0, rows.at);
  rows.bytes = larger;
}
