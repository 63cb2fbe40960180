// How are dates, counts and names written on a page?
import { localDay } from "../core/plan/schedule.ts";

// Making a formatter costs a hundred times what using it does, and a page writes hundreds of dates and counts.
const english = "en-GB";
const longDay = new Intl.DateTimeFormat(english, {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});
const shortDate = new Intl.DateTimeFormat(english, {
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});
const whole = new Intl.NumberFormat("en");
const decimal = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const instants = new Map<string, Intl.DateTimeFormat>();

/** `2026-03-05` → `Thu 5 Mar 2026`. */
export function day(date: string): string {
  return longDay.format(new Date(`${date}T00:00:00Z`)).replaceAll(",", "");
}

/** `2026-03-05` → `5 Mar 2026`. */
export function date(text: string | Date): string {
  return shortDate.format(typeof text === "string" ? new Date(`${text}T00:00:00Z`) : text);
}

/** `2026-03-09`, `2026-03-15` → `9 – 15 Mar 2026`. */
export function dates(from: string, to: string): string {
  const range = shortDate.formatRange(new Date(`${from}T00:00:00Z`), new Date(`${to}T00:00:00Z`));
  // The spaces around the dash are of another kind in each Node.
  return range.replace(/\s/g, " ");
}

/** An instant to the minute, in a zone. */
export function instant(at: Date, timezone = "UTC"): string {
  let format = instants.get(timezone);
  if (!format) {
    format = new Intl.DateTimeFormat(english, { dateStyle: "medium", timeStyle: "short", timeZone: timezone });
    instants.set(timezone, format);
  }
  return format.format(at);
}

/** An instant as one waits for it, in a zone: `Sat 14 Mar 2026, 07:00`. */
export function expected(at: Date, timezone: string): string {
  return `${day(localDay(timezone, at))}, ${instant(at, timezone).slice(-5)}`;
}

/** 1234 → `1,234`; from ten thousand `12.3k`. */
export function count(value: number): string {
  return value < 10_000 ? whole.format(value) : `${decimal.format(value / 1000)}k`;
}

/** `1 paper`, `2 papers`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 7 → `07:00`. */
export function hour(value: number): string {
  return `${String(value).padStart(2, "0")}:00`;
}

/** At most `length` characters, cut at a word. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length);
  const space = cut.lastIndexOf(" ");
  return `${cut.slice(0, space > length * 0.6 ? space : length).replace(/[\s,;:.]+$/, "")}…`;
}

/** About how many a day, as a reader would say it; `about` is left out where room is short. */
export function perDay(value: number, about = "about "): string {
  if (value <= 0) return about ? "quiet lately" : "quiet";
  if (value < 0.95) return `${about}${Math.max(1, Math.round(value * 7))} a week`;
  return `${about}${Math.round(value)} a day`;
}

/** The first names, the last one and how many there are: `Ada Lovelace, Mary Somerville … Grace Hopper · 12 authors`. */
export function names(first: string[], last: string | null | undefined, total: number): string {
  if (first.length === 0) return total > 0 ? plural(total, "author") : "Authors not stated";
  const shown = first.slice(0, 3);
  const left = total - shown.length;
  const end = last && left > 0 ? `${left > 1 ? " … " : ", "}${last}` : left > 0 ? " …" : "";
  return `${shown.join(", ")}${end}${total > 1 ? `\u00a0· ${plural(total, "author").replace(" ", "\u00a0")}` : ""}`;
}
