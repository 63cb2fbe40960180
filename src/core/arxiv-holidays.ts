// On which days (Eastern) does arXiv neither freeze nor announce, and what is the occasion?
import { Temporal } from "temporal-polyfill";

/** As arXiv states them; a year that is not here gets the holidays that every year had. */
const published: Record<number, Record<string, string>> = {
  2023: {
    "01-16": "Martin Luther King Day",
    "06-14": "a staff day",
    "06-19": "Juneteenth",
    "07-04": "Independence Day",
    "08-17": "a staff day",
    "09-04": "Labor Day",
    "11-23": "Thanksgiving",
    "12-25": "Christmas",
    "12-27": "the winter break",
  },
  2024: {
    "01-15": "Martin Luther King Day",
    "05-22": "a staff day",
    "06-19": "Juneteenth",
    "07-04": "Independence Day",
    "09-02": "Labor Day",
    "10-08": "a staff day",
    "11-28": "Thanksgiving",
    "12-25": "Christmas",
    "12-26": "the winter break",
    "12-31": "the winter break",
  },
  2025: {
    "01-01": "New Year",
    "01-20": "Martin Luther King Day",
    "06-19": "Juneteenth",
    "07-04": "Independence Day",
    "07-06": "Independence Day",
    "09-01": "Labor Day",
    "11-27": "Thanksgiving",
    "12-25": "Christmas",
    "12-30": "the winter break",
  },
  2026: {
    "01-01": "New Year",
    "01-19": "Martin Luther King Day",
    "06-19": "Juneteenth",
    "07-03": "Independence Day",
    "09-07": "Labor Day",
    "11-26": "Thanksgiving",
    "12-25": "Christmas",
    "12-29": "the winter break",
    "12-31": "the winter break",
  },
};

/** The occasion for which arXiv rests on a day `YYYY-MM-DD` (Eastern), or undefined. Weekends are not holidays. */
export function arxivHoliday(day: string): string | undefined {
  const year = Number(day.slice(0, 4));
  return (published[year] ?? usual(year))[day.slice(5)];
}

function usual(year: number): Record<string, string> {
  const nth = (month: number, weekday: number, count: number) => {
    const first = Temporal.PlainDate.from({ year, month, day: 1 });
    const days = ((weekday - first.dayOfWeek + 7) % 7) + (count - 1) * 7;
    return first.add({ days }).toString().slice(5);
  };
  return {
    "01-01": "New Year",
    [nth(1, 1, 3)]: "Martin Luther King Day",
    "06-19": "Juneteenth",
    "07-04": "Independence Day",
    [nth(9, 1, 1)]: "Labor Day",
    [nth(11, 4, 4)]: "Thanksgiving",
    "12-25": "Christmas",
  };
}
