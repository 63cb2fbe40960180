// When is a source asked again, for which days, and how did the asking end?
import { addDays, utcDay } from "../calendar.ts";
import { isDate, readWeek } from "../weeks.ts";
import { type NamedSource, type SourceHistory, sourceStatus } from "./freshness.ts";

export type AskedDays = { from: string; to: string; unit: "day" | "week" | "month" };

const MINUTE = 60_000;
/** The first look reaches back a week, so that a new installation has something to show. */
const FIRST_DAYS = 7;
/** After a long silence no more than this is caught up on by itself. */
const MOST_DAYS = 60;

/** The days of a regular look: since the newest list known, and `rereadDays` before, because lists fill up and votes grow. */
export function regularDays(history: SourceHistory | undefined, rereadDays: number, now: Date): AskedDays {
  const to = utcDay(now);
  const [since = to] = [history?.listDay ?? to, to].sort();
  const wanted = history?.listDay ? addDays(since, -rereadDays) : addDays(to, 1 - FIRST_DAYS);
  const from = [wanted, addDays(to, -MOST_DAYS)].sort().at(-1) ?? to;
  return { from, to, unit: "day" };
}

/** The days that a person named: both `2026-03-02`, both weeks `2026-W10` or both months `2026-03`; a sentence where they make no sense. */
export function namedDays(from: string | undefined, to: string | undefined, now: Date): AskedDays | string {
  const first = readPeriod(from ?? to ?? "");
  const last = readPeriod(to ?? (first?.unit === "day" ? utcDay(now) : (from ?? "")));
  if (!first) return `${JSON.stringify(from ?? to)} is not a day (2026-03-02), a week (2026-W10) or a month (2026-03).`;
  if (!last || last.unit !== first.unit) return `The first and the last must both be days, weeks or months.`;
  if (first.from > last.to) return `The first day, ${first.from}, is after the last, ${last.to}.`;
  const today = utcDay(now);
  return { from: first.from, to: last.to > today && first.from <= today ? today : last.to, unit: first.unit };
}

function readPeriod(text: string): AskedDays | undefined {
  const month = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text);
  if (month) {
    const end = new Date(Date.UTC(Number(month[1]), Number(month[2]), 0));
    return { from: `${text}-01`, to: utcDay(end), unit: "month" };
  }
  const week = readWeek(text);
  if (week) return { from: week.from, to: week.to, unit: "week" };
  return isDate(text) ? { from: text, to: text, unit: "day" } : undefined;
}

/** When a regular look is worth while: soon after a failure or while a list is expected, seldom once it is there. */
export function askAgainAt(source: NamedSource, history: SourceHistory | undefined, now: Date): Date {
  if (!history) return now;
  if (history.failingSince) return history.nextTryAt ?? now;
  const { state } = sourceStatus(source, history, now);
  const votesGrow = source.name === "huggingface";
  const minutes =
    state === "waiting" || state === "filling" || state === "late" || state === "stale" ? 14 : votesGrow ? 29 : 179;
  return new Date(history.lastStartedAt.getTime() + minutes * MINUTE);
}

/** When to try again after a failure: 5 minutes, doubling with each failure in a row up to an hour, or when the source said. */
export function retryAt(history: SourceHistory | undefined, failedAt: Date, told: Date | undefined): Date {
  const failingMs = history?.failingSince ? failedAt.getTime() - history.failingSince.getTime() : 0;
  const waitMs = Math.min(60 * MINUTE, Math.max(5 * MINUTE, failingMs));
  const own = new Date(failedAt.getTime() + waitMs);
  return told && told > own ? told : own;
}

export type Tally = {
  found: number;
  refused: string[];
  news: number;
  repeated: number;
  claimedDay: string | undefined;
};

/** A few cross-lists may all be known; this many repeats without a single new paper mean that the source stands still. */
const STALE_FROM = 5;

/** How a run that was not cut short ended; `error` is the sentence to show. */
export function outcomeOf(
  tally: Tally,
  source: { title: string },
  history: Pick<SourceHistory, "listDay"> | undefined,
): { outcome: "ok" | "empty" | "stale" | "failed"; error?: string } {
  const [refusal] = tally.refused;
  if (tally.found === 0) return refusal ? { outcome: "failed", error: refusal } : { outcome: "empty" };
  const claimsNews = tally.claimedDay !== undefined && tally.claimedDay > (history?.listDay ?? "");
  if (claimsNews && tally.news >= STALE_FROM && tally.repeated === tally.news)
    return {
      outcome: "stale",
      error: `${source.title} repeats what it listed before: all ${tally.news} papers are known.`,
    };
  return { outcome: "ok" };
}
