// How are readers written in a CSV file? In: any order of known columns. Out: nothing that a spreadsheet would run.
import { parse } from "csv-parse/sync";
import { readAddress } from "./core/readers/address.ts";
import { readChoices } from "./core/readers/choices.ts";
import { providerOf } from "./core/readers/provider.ts";
import { subscriberStates } from "./core/readers/subscriber-state.ts";
import type { ExportedSubscriber, ImportedSubscriber } from "./db/subscriber-import.ts";

const MAX_BYTES = 50_000_000;
const columns = ["email", "state", "timezone", "hour", "cadence", "max_papers", "topics"] as const;
type Column = (typeof columns)[number];
type Read = { rows: ImportedSubscriber[]; refused: { line: number; reason: string }[] };

/**
 * Reads a CSV text with a header line: `email` and any of state, timezone, hour, cadence, max_papers and topics (slugs with
 * spaces or `;` between). Other columns are passed over, a bad line is named in `refused`, and a file that is no CSV throws
 * one sentence.
 */
export function readSubscriberCsv(text: string): Read {
  if (text.length > MAX_BYTES) throw new Error("the file is larger than 50 MB");
  const rows: ImportedSubscriber[] = [];
  const refused: Read["refused"] = [];
  const seen = new Set<string>();
  let named = false;
  try {
    parse(text, {
      bom: true,
      columns: (header: string[]) => {
        const names = header.map((name) => name.trim().toLowerCase().replace(/[ -]/g, "_"));
        named = names.includes("email");
        return names;
      },
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      // Nothing comes back: of a large file the lines as they stood are not kept.
      on_record: (record: Record<string, string>, { lines: line }) => {
        const read = readLine(record, line);
        if ("reason" in read) refused.push(read);
        else if (seen.has(read.email)) refused.push({ line, reason: "this address is twice in the file" });
        else rows.push(read);
        if ("email" in read) seen.add(read.email);
        return null;
      },
    });
  } catch (cause) {
    throw new Error(`the file is not CSV: ${cause instanceof Error ? cause.message : "it cannot be read"}`, { cause });
  }
  if (!named) throw new Error("the first line must name a column email");
  return { rows, refused };
}

function readLine(record: Record<string, string>, line: number): ImportedSubscriber | { line: number; reason: string } {
  const field = (name: Column) => unquoted(record[name] ?? "");
  const address = readAddress(field("email"), { allowReserved: true });
  if (address.kind === "error") return { line, reason: address.message };
  const stateText = field("state") || "pending";
  const state = subscriberStates.find((known) => known === stateText);
  if (!state) return { line, reason: `the state is one of ${subscriberStates.join(", ")}` };
  const topics = field("topics")
    .split(/[\s;,|]+/)
    .filter(Boolean);
  const given = columns
    .slice(2, 6)
    .flatMap((name): [string, string][] => (field(name) === "" ? [] : [[name, field(name)]]));
  const read = readChoices({ ...Object.fromEntries(given), ...(topics.length > 0 ? { topics } : {}) }, "1970-01-01");
  if (read.kind === "error") return { line, reason: Object.values(read.errors).join(" ") };
  const { timezone, hour, cadence, maxPapers } = read.choices;
  const { email } = address;
  return {
    line,
    email,
    provider: providerOf(email),
    state,
    ...(timezone === undefined ? {} : { timezone }),
    ...(hour === undefined ? {} : { hour }),
    ...(cadence === undefined ? {} : { cadence }),
    ...(maxPapers === undefined ? {} : { maxPapers }),
    ...(topics.length > 0 ? { topics } : {}),
  };
}

export const csvHeader = "email,state,timezone,hour,cadence,max_papers,topics,created_at,confirmed_at\r\n";

/** One line of the file (RFC 4180). A field that a spreadsheet would take for a formula gets an apostrophe before it. */
export function writeCsvLine(row: ExportedSubscriber): string {
  const fields = [
    row.email,
    row.state,
    row.timezone,
    row.hour,
    row.cadence,
    row.maxPapers,
    row.topics.join(" "),
    row.createdAt,
    row.confirmedAt ?? "",
  ];
  return `${fields.map((value) => csvField(String(value))).join(",")}\r\n`;
}

function csvField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Takes back the apostrophe that an export put before a sign, so that what went out comes in again. */
function unquoted(text: string): string {
  return /^'[=+\-@]/.test(text) ? text.slice(1) : text;
}
