// How do very many rows get out of PostgreSQL and in? COPY in text format (PostgreSQL manual, "COPY", File Formats).
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from, to } from "pg-copy-streams";

/** A row as it is read: each `read…` takes the next column. */
export type Row = { bytes: Buffer; at: number };

const NEWLINE = 10;
const BACKSLASH = 92;
const COMMA = 44;
const OPEN_BRACE = 123;
const MINUS = 45;
const CLOSE_BRACE = 125;
const TAB = 9;
const SLICE = 64 * 1024;

/** Runs `query` inside `copy (…) to stdout` and calls `onRow` for each row, which must read all its columns in order. */
export async function copyOut(client: pg.ClientBase, query: string, onRow: (row: Row) => void): Promise<void> {
  const row: Row = { bytes: Buffer.alloc(0), at: 0 };
  for await (const chunk of client.query(to(`copy (${query}) to stdout`))) {
    const left = row.bytes.subarray(row.at);
    row.bytes = left.length > 0 ? Buffer.concat([left, chunk]) : chunk;
    row.at = 0;
    const end = row.bytes.lastIndexOf(NEWLINE);
    while (row.at <= end) onRow(row);
  }
}

/** Runs `copy … from stdin` with these lines. */
export async function copyIn(client: pg.ClientBase, statement: string, lines: Lines): Promise<void> {
  const bytes = lines.bytes.subarray(0, lines.at);
  await pipeline(Readable.from(slices(bytes), { objectMode: false }), client.query(from(statement)));
}

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += SLICE) yield bytes.subarray(at, at + SLICE);
}

/** A whole number. */
export function readInteger(row: Row): number {
  const { bytes } = row;
  let value = 0;
  let code = bytes[row.at++] ?? NEWLINE;
  const negative = code === MINUS;
  if (negative) code = bytes[row.at++] ?? NEWLINE;
  for (; code >= 48; code = bytes[row.at++] ?? NEWLINE) value = value * 10 + code - 48;
  return negative ? -value : value;
}

/** An array of whole numbers from 0; undefined for null. */
export function readIntegers(row: Row): number[] | undefined {
  const { bytes } = row;
  const first = bytes[row.at++];
  if (first !== OPEN_BRACE) {
    if (first !== BACKSLASH) throw new Error("COPY gave something else than an array");
    row.at += 2;
    return undefined;
  }
  const values: number[] = [];
  let value = 0;
  let digits = false;
  for (;;) {
    const code = bytes[row.at++] ?? NEWLINE;
    if (code >= 48 && code < 58) {
      value = value * 10 + code - 48;
      digits = true;
      continue;
    }
    if (digits) values.push(value);
    if (code !== COMMA) break;
    value = 0;
  }
  row.at++;
  return values;
}

/** A text that is never null. */
export function readText(row: Row): string {
  const { bytes } = row;
  const start = row.at;
  let escaped = false;
  for (let code = bytes[row.at++] ?? NEWLINE; code !== TAB && code !== NEWLINE; code = bytes[row.at++] ?? NEWLINE)
    if (code === BACKSLASH) escaped = true;
  if (row.at - 1 === start) return "";
  const text = bytes.toString("utf8", start, row.at - 1);
  return escaped ? text.replace(/\\(.)/gs, (_, mark: string) => unescaped[mark] ?? mark) : text;
}

/** Lines as they are written, in bytes that grow. */
export type Lines = { bytes: Buffer; at: number };

export function startLines(): Lines {
  return { bytes: Buffer.allocUnsafe(SLICE), at: 0 };
}

/** Adds one line; arrays hold whole numbers from 0, null is null. */
export function addLine(lines: Lines, values: readonly (string | number | readonly number[] | null)[]): void {
  for (let nth = 0; nth < values.length; nth++) {
    const value = values[nth] ?? null;
    if (nth > 0) addByte(lines, TAB);
    if (value === null) addText(lines, "\\N");
    else if (typeof value === "string")
      addText(lines, /[\\\t\n\r]/.test(value) ? value.replace(/[\\\t\n\r]/g, (mark) => escapes[mark] ?? mark) : value);
    else if (typeof value === "number") addNumber(lines, value);
    else {
      addByte(lines, OPEN_BRACE);
      for (let at = 0; at < value.length; at++) {
        if (at > 0) addByte(lines, COMMA);
        addNumber(lines, value[at] ?? 0);
      }
      addByte(lines, CLOSE_BRACE);
    }
  }
  addByte(lines, NEWLINE);
}

function addNumber(lines: Lines, value: number): void {
  if (!Number.isInteger(value) || value < 0) {
    addText(lines, String(value));
    return;
  }
  makeRoom(lines, 20);
  const { bytes } = lines;
  let length = 1;
  for (let left = value; left >= 10; left = Math.floor(left / 10)) length++;
  let left = value;
  for (let at = lines.at + length - 1; at >= lines.at; at--) {
    const rest = Math.floor(left / 10);
    bytes[at] = 48 + left - rest * 10;
    left = rest;
  }
  lines.at += length;
}

function addText(lines: Lines, text: string): void {
  makeRoom(lines, text.length * 3);
  lines.at += lines.bytes.write(text, lines.at);
}

function addByte(lines: Lines, byte: number): void {
  makeRoom(lines, 1);
  lines.bytes[lines.at++] = byte;
}

function makeRoom(lines: Lines, length: number): void {
  if (lines.at + length <= lines.bytes.length) return;
  const larger = Buffer.allocUnsafe(Math.max(lines.bytes.length * 2, lines.at + length));
  lines.bytes.copy(larger, 0, 0, lines.at);
  lines.bytes = larger;
}

const unescaped: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
const escapes: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };
