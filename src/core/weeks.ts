// Which days make a week, and is this text a date?
import { Temporal } from "temporal-polyfill";

/** Whether a text is a real date of the form `YYYY-MM-DD`, in the years that papers have. */
export function isDate(text: string): boolean {
  const milliseconds = /^(19|20|21)\d{2}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().startsWith(text);
}

/** The ISO 8601 week of a date, `2026-W10`. */
export function weekOf(date: string): string {
  return writeWeek(Temporal.PlainDate.from(date));
}

/** Monday and Sunday of a week written `2026-W10`, with the weeks beside it; undefined where there is no such week. */
export function readWeek(text: string): { from: string; to: string; previous: string; next: string } | undefined {
  const [, year, week] = /^((?:19|20|21)\d{2})-W(\d{2})$/.exec(text) ?? [];
  if (!year) return undefined;
  // The fourth of January is always in the first week.
  const fourth = Temporal.PlainDate.from(`${year}-01-04`);
  const monday = fourth.subtract({ days: fourth.dayOfWeek - 1 }).add({ weeks: Number(week) - 1 });
  if (writeWeek(monday) !== text) return undefined;
  return {
    from: monday.toString(),
    to: monday.add({ days: 6 }).toString(),
    previous: writeWeek(monday.subtract({ weeks: 1 })),
    next: writeWeek(monday.add({ weeks: 1 })),
  };
}

function writeWeek({ yearOfWeek, weekOfYear }: Temporal.PlainDate): string {
  return `${yearOfWeek}-W${String(weekOfYear).padStart(2, "0")}`;
}
