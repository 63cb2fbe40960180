// Which papers does a file hold? Its format is told from its first bytes; large files are read as a stream.
import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { PaperDraft } from "../core/paper.ts";
import { readPosted } from "./biorxiv.ts";
import { decodeChunks, decodeText } from "./charset.ts";
import { readDailyPapers } from "./huggingface-entries.ts";
import { readJsonRecord } from "./json-records.ts";
import { draftsOfPage, isPageText, readPageText } from "./page-text.ts";
import { collectRefusals } from "./refusals.ts";
import { type Batch, SourceError } from "./source.ts";
import { readXmlPapers } from "./xml-papers.ts";

const HEAD = 65_536;
const BATCH = 500;
/** A single JSON document must fit in memory; JSON lines and XML need not. */
const MAX_WHOLE = 256 * 1024 * 1024;

type Piece = { drafts: PaperDraft[]; refused: string[] };
type Told = { name: string; file: string; now: Date; day: string | undefined };

/** Reads files one after the other, each in batches; what a file holds besides papers is refused in sentences that name it. */
export async function* readPaperFiles(files: string[], now: Date): AsyncIterable<Batch> {
  for (const [index, file] of files.entries()) {
    const progress = { at: path.basename(file), done: index + 1, total: files.length };
    try {
      for await (const piece of readPaperFile(file, now)) yield { ...piece, ...progress };
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      yield { drafts: [], refused: [error.message], ...progress };
    }
  }
}

async function* readPaperFile(file: string, now: Date): AsyncIterable<Piece> {
  const name = path.basename(file);
  const day = /(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)/.exec(name)?.[1];
  const told: Told = { name, file, now, day };
  const { head, size } = await readHead(file, name);
  const start = head.trimStart();
  if (start === "") throw new SourceError(`${name}: the file is empty.`);
  const recorded = /^HTTP\/[\d.]+ (\d{3})([^\r\n]*)/.exec(start);
  if (recorded)
    throw new SourceError(
      `${name}: a recorded answer with status ${recorded[1]}${recorded[2]}, which holds no papers.`,
    );
  if (start.startsWith("<")) return yield* readXmlPapers(decodeFile(file), name, now);
  if (isJsonLines(start, name)) return yield* readJsonLines(told);
  if (size > MAX_WHOLE) throw new SourceError(`${name}: larger than ${MAX_WHOLE / 1024 / 1024} MB, which is not read.`);
  const text = decodeText(await readFile(file));
  if (/^[[{]/.test(start)) return yield* readJsonDocument(text.replace(/^\ufeff/, ""), told);
  if (!isPageText(text))
    throw new SourceError(`${name}: neither the daily page as text, nor JSON, JSON lines or a feed in XML.`);
  const page = readPageText(text);
  yield { drafts: draftsOfPage(page, now), refused: page.problems.map((problem) => `${name} ${problem}.`) };
}

async function readHead(file: string, name: string): Promise<{ head: string; size: number }> {
  try {
    const { size } = await stat(file);
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0);
      return { head: decodeText(buffer.subarray(0, bytesRead)).replace(/^\ufeff/, ""), size };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = (error as { code?: string }).code;
    const reason =
      code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : "it cannot be opened";
    throw new SourceError(`${name}: ${reason}.`, { cause: error });
  }
}

const decodeFile = (file: string) => decodeChunks(createReadStream(file, { highWaterMark: 256 * 1024 }));

/** More than one line, and the first is an object of its own. */
function isJsonLines(start: string, name: string): boolean {
  if (!start.startsWith("{")) return false;
  if (/\.(jsonl|ndjson)$/i.test(name)) return true;
  const end = start.indexOf("\n");
  if (end < 0 || start.slice(end).trim() === "") return false;
  try {
    JSON.parse(start.slice(0, end));
    return true;
  } catch {
    return false;
  }
}

function* readJsonDocument(text: string, { name, now, day }: Told): Iterable<Piece> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const place = /position (\d+)/.exec(String(cause))?.[1];
    const line = place ? ` line ${text.slice(0, Number(place)).split("\n").length}` : "";
    throw new SourceError(`${name}${line}: the JSON breaks off or is damaged.`, { cause });
  }
  const isPaper = (one: unknown) => typeof one === "object" && one !== null && !("paper" in one) && "title" in one;
  if (Array.isArray(json) && json.some(isPaper)) return yield readRecords(json, { name, now });
  if (typeof json === "object" && json !== null && "collection" in json)
    return yield readPosted(json, { where: name, now });
  if (isPaper(json)) return yield readRecords([json], { name, now });
  const { drafts, refused } = readDailyPapers(json, { where: name, day, now });
  yield { drafts, refused };
}

function readRecords(records: unknown[], { name, now }: Pick<Told, "name" | "now">): Piece {
  const drafts: PaperDraft[] = [];
  const refusals = collectRefusals(name);
  for (const [index, given] of records.entries()) {
    const draft = readJsonRecord(given, now);
    if (typeof draft === "string") refusals.add(`[${index}]`, draft);
    else drafts.push(draft);
  }
  return { drafts, refused: refusals.sentences() };
}

async function* readJsonLines({ name, file, now }: Told): AsyncIterable<Piece> {
  const refusals = collectRefusals(name);
  let drafts: PaperDraft[] = [];
  let number = 0;
  for await (const line of readLines(decodeFile(file), name)) {
    number++;
    if (line.trim() === "") continue;
    const draft = readLine(line, now);
    if (typeof draft === "string") refusals.add(`line ${number}`, draft);
    else drafts.push(draft);
    if (drafts.length < BATCH) continue;
    yield { drafts, refused: [] };
    drafts = [];
  }
  yield { drafts, refused: refusals.sentences() };
}

function readLine(line: string, now: Date): PaperDraft | string {
  try {
    return readJsonRecord(JSON.parse(line), now);
  } catch {
    return "the JSON of this line is damaged";
  }
}

/** Lines of any number but bounded length, so that a file without line breaks does not fill the memory. */
async function* readLines(chunks: AsyncIterable<string>, name: string): AsyncIterable<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
    if (rest.length > 8_000_000) throw new SourceError(`${name}: a line is longer than 8 MB, which is not read.`);
  }
  yield rest;
}
