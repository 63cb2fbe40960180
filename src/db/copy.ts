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
const CHUNK_CHARACTERS = 64 * 1024;

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

/** Runs `copy … from stdin` with rows made by `copyLine`. */
export async function copyIn(client: pg.ClientBase, statement: string, lines: Iterable<string>): Promise<void> {
  await pipeline(Readable.from(chunks(lines), { objectMode: false }), client.query(from(statement)));
}

function* chunks(lines: Iterable<string>): Generator<Buffer> {
  let text = "";
  for (const line of lines) {
    text += line;
    if (text.length < CHUNK_CHARACTERS) continue;
    yield Buffer.from(text);
    text = "";
  }
  if (text) yield Buffer.from(text);
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
  for (let code = bytes[row.at++] ?? NEWLINE; code !== 9 && code !== NEWLINE; code = bytes[row.at++] ?? NEWLINE)
    if (code === BACKSLASH) escaped = true;
  if (row.at - 1 === start) return "";
  const text = bytes.toString("utf8", start, row.at - 1);
  return escaped ? text.replace(/\\(.)/gs, (_, mark: string) => unescaped[mark] ?? mark) : text;
}

/** One line of COPY; arrays hold numbers only, null is null. */
export function copyLine(values: readonly (string | number | readonly number[] | null)[]): string {
  let line = "";
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? null;
    if (at > 0) line += "\t";
    if (value === null) line += "\\N";
    else if (typeof value === "number") line += value;
    else if (typeof value === "string")
      line += /[\\\t\n\r]/.test(value) ? value.replace(/[\\\t\n\r]/g, escapeMark) : value;
    else line += `{${value.join(",")}}`;
  }
  return `${line}\n`;
}

const unescaped: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
const escapes: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };
const escapeMark = (mark: string) => escapes[mark] ?? mark;
