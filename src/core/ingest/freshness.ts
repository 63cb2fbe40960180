// Is a source fresh, quiet, late, stale or broken, and how is that said to a reader?
import { Temporal } from "temporal-polyfill";
import {
  addDays,
  type CalendarName,
  dayName,
  lateAt,
  newestDueDay,
  quietDay,
  utcDay,
  weekdayName,
} from "../calendar.ts";

/** A source as its sentences need it. */
export type NamedSource = { name: string; title: string; calendar: CalendarName };

/** What the runs of one source amount to. */
export type SourceHistory = {
  source: string;
  /** When it was first asked, as far back as runs are kept. */
  askedSince: Date;
  lastStartedAt: Date;
  lastOutcome: "running" | "ok" | "empty" | "stale" | "failed";
  lastError: string | null;
  nextTryAt: Date | null;
  /** When it last answered, with papers or without. */
  answeredAt: Date | null;
  /** The first failure since then. */
  failingSince: Date | null;
  /** The first run since which everything it listed had been seen before. */
  staleSince: Date | null;
  /** The newest list day it gave, and how many papers that list had so far. */
  listDay: string | null;
  listed: number;
};

type SourceState = "unknown" | "fresh" | "filling" | "quiet" | "waiting" | "late" | "stale" | "broken";
export type SourceStatus = { state: SourceState; sentence: string; alarm: boolean };

/** How a source stands at `now`, in one sentence without full stop; times are in `timezone` (IANA). */
export function sourceStatus(
  source: NamedSource,
  history: SourceHistory | undefined,
  now: Date,
  timezone = "UTC",
): SourceStatus {
  const { title, calendar } = source;
  const at = (instant: Date) => clock(instant, now, timezone);
  const zone = timezone === "UTC" ? " (UTC)" : "";
  const say = (state: SourceState, sentence: string): SourceStatus => ({
    state,
    sentence,
    alarm: state === "late" || state === "stale" || state === "broken",
  });
  if (!history) return say("unknown", `${title} has not been asked yet`);
  if (history.failingSince) {
    const again = history.nextTryAt && history.nextTryAt > now ? `, trying again at ${at(history.nextTryAt)}` : "";
    const verb = saysNotAnswering(history.lastError) ? "has not answered" : "has not given a list";
    return say("broken", `${title} ${verb} since ${at(history.failingSince)}${again}${zone}`);
  }
  if (history.staleSince)
    return say("stale", `${title} repeats what it listed before: nothing new since ${at(history.staleSince)}${zone}`);
  const today = utcDay(now);
  const quiet = quietDay(calendar, today);
  const newest = newestDueDay(calendar, now);
  // A list that was over before anybody asked is not missed.
  const due = history.listDay === null && newest && newest < utcDay(history.askedSince) ? undefined : newest;
  if (due !== undefined && (history.listDay ?? "") < due) {
    if (quietSince(source, due, now)) return say("late", `${title} published no list on ${dayName(due)}`);
    if (now >= lateAt(calendar, due)) return say("late", `${title}'s list of ${dayName(due)} is late`);
    return say("waiting", `${title}'s list of ${dayName(due)} is expected`);
  }
  if (quiet) return say("quiet", saysQuiet(source, today, quiet));
  if (history.listDay === null)
    return say(
      "fresh",
      `${title} had nothing new when asked at ${at(history.answeredAt ?? history.lastStartedAt)}${zone}`,
    );
  const papers = history.listed === 1 ? "1 paper" : `${history.listed} papers`;
  const list = `${title}'s list of ${dayName(history.listDay)} has ${papers}`;
  return calendar === "weekdays" && history.listDay === today && now < lateAt(calendar, today)
    ? say("filling", `${list} so far`)
    : say("fresh", list);
}

/**
 * Why an edition of this local day, due at an instant, has no list to tell of, when every source keeps a calendar and all of them
 * are quiet: `no list on weekends`. Where the day begins before UTC's, as in Asia, Saturday morning brings Friday's list.
 */
export function quietReason(sources: NamedSource[], day: string, at: Date): string | undefined {
  const begun = utcDay(at);
  return begun < day && quietOn(sources, begun) === undefined ? undefined : quietOn(sources, day);
}

function quietOn(sources: NamedSource[], day: string): string | undefined {
  const reasons = sources.map((source) => {
    const quiet = quietDay(source.calendar, day);
    return quiet && (quiet === "no list on weekends" ? quiet : saysQuiet(source, day, quiet));
  });
  if (reasons.length === 0 || reasons.some((reason) => reason === undefined)) return undefined;
  return [...new Set(reasons)].join("; ");
}

/** Why a digest has nothing to send: the alarms of all sources, else that nothing matched and which lists are still to come. */
export function nothingReason(statuses: SourceStatus[]): string {
  const sentences = (wanted: (status: SourceStatus) => boolean) =>
    statuses
      .filter(wanted)
      .map(({ sentence }) => sentence)
      .join("; ");
  const alarms = sentences(({ alarm }) => alarm);
  const open = sentences(({ state }) => state === "waiting" || state === "filling");
  return alarms || (open ? `nothing matched yet: ${open}` : "nothing matched");
}

function saysQuiet({ title, calendar }: NamedSource, day: string, reason: string): string {
  if (calendar !== "arxiv") return `${title} has ${reason}`;
  const evening = weekdayName(addDays(day, -1));
  return `${title} announced nothing on ${evening}${reason.startsWith("arXiv keeps ") ? ` (${reason.slice(12)})` : ""}`;
}

/** A list day that is over without a list: no longer late, there was none. */
const quietSince = ({ calendar }: NamedSource, due: string, now: Date) => calendar === "weekdays" && utcDay(now) > due;

const saysNotAnswering = (error: string | null) =>
  error === null || /answer|reach|name|connection|slow down|wait/.test(error);

/** `07:10`, with the day where that is not today. */
function clock(instant: Date, now: Date, timezone: string): string {
  const local = (at: Date) => Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timezone);
  const [then, today] = [local(instant), local(now)];
  const time = then.toPlainTime().toString({ smallestUnit: "minute" });
  return then.toPlainDate().equals(today.toPlainDate()) ? time : `${time} on ${dayName(then.toPlainDate().toString())}`;
}
