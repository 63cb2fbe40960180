// Is the daily page, copied as text, read exactly?
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { draftsOfPage, pageYear, readPageText } from "../../src/sources/page-text.ts";
import { findRecorded } from "../support/recorded.ts";

const now = new Date("2026-11-24T12:00:00Z");
const file = findRecorded("huggingface", "page.txt");

test.skipIf(!file)("the recorded page yields exactly the expected papers, with the page's year", () => {
  const page = readPageText(readFileSync(file ?? "", "utf8"));
  const expected = JSON.parse(readFileSync(findRecorded("huggingface", "page.expected.json") ?? "", "utf8"));
  const read = page.entries.map(({ dateRaw, year, comments, ...entry }, index) => ({
    n: index + 1,
    ...entry,
    date_raw: dateRaw,
    year: year ?? null,
    comments: comments ?? null,
  }));
  expect(page.problems).toEqual([]);
  expect(read).toEqual(expected);
  expect(pageYear(page, now)).toBe(2025);
  const drafts = draftsOfPage(page, now);
  expect(drafts).toHaveLength(80);
  expect(drafts.every(({ listedOn }) => listedOn === "2025-11-03")).toBe(true);
  expect(drafts.filter(({ comments }) => comments !== undefined)).toHaveLength(4);
  expect(drafts[14]?.publishedAt?.toISOString().slice(0, 10)).toBe("2025-05-21");
  expect(new Set(drafts.map(({ canonicalId }) => canonicalId)).size).toBe(80);
});

const page = (...entries: string[]) => ["Subscribe", "", "Daily Papers", "", "Nov 3", "", ...entries].join("\n");
const entry = (title: string, date: string) => `${title}\n\nAn abstract.\n\n  • 2 authors\n·\n${date}\n`;

test("titles and abstracts over several lines are put together", () => {
  const { entries } = readPageText(
    page("A title\nthat goes on\n\nFirst part.\n\nSecond part.\n\n• 1,024 authors\n·\nMay 21 2"),
  );
  expect(entries).toMatchObject([
    { title: "A title that goes on", abstract: "First part. Second part.", authors: 1024, day: 21, comments: 2 },
  ]);
});

test("an entry whose date is missing is a problem with its line, and the next one is read", () => {
  const { entries, problems } = readPageText(
    page("Bad\n\nText.\n\n• 3 authors\n·\nsome day\n", entry("Good", "Jan 2, 2024")),
  );
  expect(problems).toEqual(["line 11: expected a date such as May 21 or May 21, 2024 after the authors"]);
  expect(entries.map(({ title }) => title)).toEqual(["Good"]);
});

test("the page's year is the first that no printed year reaches, and never in the future", () => {
  expect(pageYear(readPageText(page(entry("A", "Sep 1"), entry("B", "Jan 2, 2024"))), now)).toBe(2025);
  expect(pageYear(readPageText(page(entry("A", "Sep 1"))), now)).toBe(2026);
  expect(pageYear(readPageText(page(entry("A", "Sep 1"))), new Date("2026-03-01T00:00:00Z"))).toBe(2025);
});
