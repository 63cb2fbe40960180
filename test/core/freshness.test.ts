// Is a quiet source told from a late, a stale and a broken one, in words that are true?
import { describe, expect, test } from "vitest";
import { arxivAnnouncedAt, arxivListDay, quietDay } from "../../src/core/calendar.ts";
import {
  type NamedSource,
  nothingReason,
  quietReason,
  type SourceHistory,
  sourceStatus,
} from "../../src/core/ingest/freshness.ts";
import { retryAt } from "../../src/core/ingest/source-run.ts";

const face = { name: "huggingface", title: "Hugging Face", calendar: "weekdays" as const };
const arxiv = { name: "arxiv", title: "arXiv", calendar: "arxiv" as const };
const journal = { name: "https://journal.example/feed", title: "journal.example", calendar: "any" as const };
const at = (text: string) => new Date(`2026-${text}Z`);
const history = (given: Partial<SourceHistory> = {}): SourceHistory => ({
  source: "x",
  askedSince: at("02-01T00:00"),
  lastStartedAt: at("03-03T07:00"),
  lastOutcome: "ok",
  lastError: null,
  nextTryAt: null,
  answeredAt: at("03-03T07:00"),
  failingSince: null,
  staleSince: null,
  listDay: "2026-03-03",
  listed: 12,
  ...given,
});

test.each([
  ["not asked yet", face, undefined, "03-03T07:00", "unknown", "Hugging Face has not been asked yet"],
  [
    "a list that fills up",
    face,
    {},
    "03-03T07:00",
    "filling",
    "Hugging Face's list of Tuesday 3 March has 12 papers so far",
  ],
  ["a full list", face, {}, "03-03T14:00", "fresh", "Hugging Face's list of Tuesday 3 March has 12 papers"],
  ["one paper", face, { listed: 1 }, "03-03T14:00", "fresh", "Hugging Face's list of Tuesday 3 March has 1 paper"],
  ["before the hour", face, {}, "03-04T02:00", "fresh", "Hugging Face's list of Tuesday 3 March has 12 papers"],
  ["expected", face, {}, "03-04T05:00", "waiting", "Hugging Face's list of Wednesday 4 March is expected"],
  ["late", face, {}, "03-04T13:00", "late", "Hugging Face's list of Wednesday 4 March is late"],
  ["none that day", face, {}, "03-05T01:00", "late", "Hugging Face published no list on Wednesday 4 March"],
  ["weekend", face, { listDay: "2026-03-06" }, "03-07T12:00", "quiet", "Hugging Face has no list on weekends"],
  ["arXiv's weekend", arxiv, { listDay: "2026-03-06" }, "03-07T12:00", "quiet", "arXiv announced nothing on Friday"],
  ["arXiv's Sunday", arxiv, { listDay: "2026-03-06" }, "03-08T12:00", "quiet", "arXiv announced nothing on Saturday"],
  [
    "arXiv's holiday",
    arxiv,
    { listDay: "2026-11-26" },
    "11-27T12:00",
    "quiet",
    "arXiv announced nothing on Thursday (Thanksgiving)",
  ],
  ["arXiv's whole list", arxiv, {}, "03-03T08:00", "fresh", "arXiv's list of Tuesday 3 March has 12 papers"],
  ["arXiv late", arxiv, {}, "03-04T11:00", "late", "arXiv's list of Wednesday 4 March is late"],
  [
    "new on a Saturday",
    arxiv,
    { listDay: null, listed: 0, askedSince: at("03-07T09:00"), answeredAt: at("03-07T09:00") },
    "03-07T12:00",
    "quiet",
    "arXiv announced nothing on Friday",
  ],
  [
    "no answer",
    face,
    {
      failingSince: at("03-03T07:10"),
      nextTryAt: at("03-03T07:25"),
      lastError: "huggingface.co did not answer in time.",
    },
    "03-03T07:12",
    "broken",
    "Hugging Face has not answered since 07:10, trying again at 07:25 (UTC)",
  ],
  [
    "no answer since yesterday",
    face,
    { failingSince: at("03-02T23:10"), lastError: "huggingface.co refuses the connection." },
    "03-03T07:12",
    "broken",
    "Hugging Face has not answered since 23:10 on Monday 2 March (UTC)",
  ],
  [
    "an answer that is no list",
    face,
    { failingSince: at("03-03T07:10"), lastError: "Hugging Face 2026-03-03: a web page came where JSON was expected." },
    "03-03T07:12",
    "broken",
    "Hugging Face has not given a list since 07:10 (UTC)",
  ],
  [
    "stale",
    arxiv,
    { staleSince: at("03-03T06:30") },
    "03-03T07:00",
    "stale",
    "arXiv repeats what it listed before: nothing new since 06:30 (UTC)",
  ],
  [
    "a feed without calendar",
    journal,
    { listDay: null, listed: 0 },
    "03-07T08:00",
    "fresh",
    "journal.example had nothing new when asked at 07:00 on Tuesday 3 March (UTC)",
  ],
] as const)("%s", (_what, source, given, now, state, sentence) => {
  const status = sourceStatus(source, given && history(given as Partial<SourceHistory>), at(now));
  expect(status).toMatchObject({ state, sentence, alarm: ["late", "stale", "broken"].includes(state) });
});

test("a sentence is in the reader's time where their zone is given", () => {
  const given = history({ failingSince: at("03-03T07:10"), nextTryAt: at("03-03T07:25") });
  expect(sourceStatus(face, given, at("03-03T07:12"), "Europe/Berlin").sentence).toBe(
    "Hugging Face has not answered since 08:10, trying again at 08:25",
  );
});

describe("a digest with nothing in it", () => {
  test("on a day when every source is quiet says so", () => {
    const morning = (sources: NamedSource[], day: string) => quietReason(sources, day, new Date(`${day}T07:00:00Z`));
    expect(morning([face, arxiv], "2026-03-07")).toBe("no list on weekends");
    expect(morning([arxiv], "2026-11-27")).toBe("arXiv announced nothing on Thursday (Thanksgiving)");
    expect(morning([face, arxiv], "2026-11-27")).toBeUndefined();
    expect(morning([face, journal], "2026-03-07")).toBeUndefined();
    expect(morning([], "2026-03-07")).toBeUndefined();
  });

  test("on Saturday morning in Tokyo, where Friday's list has come since Friday's edition, is not quiet; on Sunday it is", () => {
    const inTokyo = (day: string) => quietReason([face, arxiv], day, new Date(`${day}T08:00:00+09:00`));
    expect(inTokyo("2026-03-07")).toBeUndefined();
    expect(inTokyo("2026-03-08")).toBe("no list on weekends");
    const inLosAngeles = (day: string) => quietReason([face, arxiv], day, new Date(`${day}T21:00:00-08:00`));
    expect(inLosAngeles("2026-03-06")).toBeUndefined();
    expect(inLosAngeles("2026-03-08")).toBe("no list on weekends");
  });

  test("names what is wrong, else what is still to come, else that nothing matched", () => {
    const status = (state: "late" | "waiting" | "fresh", sentence: string) => ({
      state,
      sentence,
      alarm: state === "late",
    });
    const late = status("late", "arXiv's list of Tuesday 3 March is late");
    const waiting = status("waiting", "Hugging Face's list of Tuesday 3 March is expected");
    const fresh = status("fresh", "arXiv's list of Tuesday 3 March has 9 papers");
    expect(nothingReason([late, waiting])).toBe("arXiv's list of Tuesday 3 March is late");
    expect(nothingReason([fresh, waiting])).toBe(
      "nothing matched yet: Hugging Face's list of Tuesday 3 March is expected",
    );
    expect(nothingReason([fresh])).toBe("nothing matched");
    expect(nothingReason([])).toBe("nothing matched");
  });
});

describe("arXiv's calendar", () => {
  // arXiv help, "Availability of submissions": received until 14:00 Eastern is announced at 20:00, Friday's on Sunday.
  test.each([
    ["Monday noon", "2026-03-02T17:00:00Z", "2026-03-03"],
    ["Monday 13:59 Eastern", "2026-03-02T18:59:00Z", "2026-03-03"],
    ["Monday 14:00 Eastern", "2026-03-02T19:00:00Z", "2026-03-04"],
    ["Thursday evening", "2026-03-05T23:00:00Z", "2026-03-09"],
    ["Friday noon", "2026-03-06T17:00:00Z", "2026-03-09"],
    ["Friday evening", "2026-03-06T23:00:00Z", "2026-03-10"],
    ["Saturday", "2026-03-07T12:00:00Z", "2026-03-10"],
    ["in summer time", "2026-07-06T17:59:00Z", "2026-07-07"],
    ["before Thanksgiving", "2026-11-25T17:00:00Z", "2026-11-26"],
    ["on Thanksgiving", "2026-11-26T12:00:00Z", "2026-11-30"],
  ])("%s", (_what, submitted, day) => {
    expect(arxivListDay(arxivAnnouncedAt(new Date(submitted)))).toBe(day);
  });

  test("a list day is quiet when nothing was announced the evening before", () => {
    expect(quietDay("arxiv", "2026-03-07")).toBe("no list on weekends");
    expect(quietDay("arxiv", "2026-12-26")).toBe("no list on weekends");
    expect(quietDay("arxiv", "2026-01-02")).toBe("arXiv keeps New Year");
    expect(quietDay("arxiv", "2026-03-09")).toBeUndefined();
    // A year that is not published yet has the holidays of every year.
    expect(quietDay("arxiv", "2030-11-29")).toBe("arXiv keeps Thanksgiving");
  });
});

test("after a failure the next try comes in five minutes, later when it goes on, and never before the source said", () => {
  const failing = (since: string) => history({ failingSince: at(since) });
  expect(retryAt(history(), at("03-03T07:10"), undefined)).toEqual(at("03-03T07:15"));
  expect(retryAt(failing("03-03T07:10"), at("03-03T07:40"), undefined)).toEqual(at("03-03T08:10"));
  expect(retryAt(failing("03-02T07:10"), at("03-03T07:40"), undefined)).toEqual(at("03-03T08:40"));
  expect(retryAt(history(), at("03-03T07:10"), at("03-03T09:00"))).toEqual(at("03-03T09:00"));
});
