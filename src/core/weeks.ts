// Which days make a week, and is this text a date?

const DAY_MS = 86_400_000;
const time = (date: string) => Date.parse(`${date}T00:00:00Z`);
const dateAt = (milliseconds: number) => new Date(milliseconds).toISOString().slice(0, 10);

/** Whether a text is a real date of the form `YYYY-MM-DD`, in the years that papers have. */
export function isDate(text: string): boolean {
  if (!/^(19|20|21)\d{2}-\d{2}-\d{2}$/.test(text)) return false;
  const milliseconds = time(text);
  return !Number.isNaN(milliseconds) && dateAt(milliseconds) === text;
}

/** The ISO 8601 week of a date, `2026-W10`. */
export function weekOf(date: string): string {
  const weekday = (new Date(time(date)).getUTCDay() + 6) % 7;
  const thursday = new Date(time(date) + (3 - weekday) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}

/** Monday and Sunday of a week written `2026-W10`, with the weeks beside it; undefined where there is no such week. */
export function readWeek(text: string): { from: string; to: string; previous: string; next: string } | undefined {
  const parts = /^((?:19|20|21)\d{2})-W(\d{2})$/.exec(text);
  if (!parts) return undefined;
  const fourth = `${parts[1]}-01-04`;
  const firstMonday = time(fourth) - ((new Date(time(fourth)).getUTCDay() + 6) % 7) * DAY_MS;
  const monday = firstMonday + (Number(parts[2]) - 1) * 7 * DAY_MS;
  const from = dateAt(monday);
  if (weekOf(from) !== text) return undefined;
  return {
    from,
    to: dateAt(monday + 6 * DAY_MS),
    previous: weekOf(dateAt(monday - 7 * DAY_MS)),
    next: weekOf(dateAt(monday + 7 * DAY_MS)),
  };
}
