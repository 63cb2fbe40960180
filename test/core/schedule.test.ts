import { describe, expect, it } from "vitest";
import { editionAt, nextDueAt, slotAt } from "../../src/core/plan/schedule.ts";

const berlin = { timezone: "Europe/Berlin", hour: 7, cadence: "daily" } as const;

describe("schedule", () => {
  it("falls due at the local hour", () => {
    expect(nextDueAt(berlin, new Date("2026-03-02T06:30:00Z")).toISOString()).toBe("2026-03-03T06:00:00.000Z");
    expect(nextDueAt(berlin, new Date("2026-07-02T04:30:00Z")).toISOString()).toBe("2026-07-02T05:00:00.000Z");
  });

  it("moves an hour that the spring change skips to the next that exists", () => {
    const at = nextDueAt({ ...berlin, hour: 2 }, new Date("2026-03-28T12:00:00Z"));
    expect(at.toISOString()).toBe("2026-03-29T01:00:00.000Z");
  });

  it("takes the first of an hour that comes twice in autumn", () => {
    const at = nextDueAt({ ...berlin, hour: 2 }, new Date("2026-10-24T12:00:00Z"));
    expect(at.toISOString()).toBe("2026-10-25T00:00:00.000Z");
    expect(nextDueAt({ ...berlin, hour: 2 }, at).toISOString()).toBe("2026-10-26T01:00:00.000Z");
  });

  it("gives weekly readers Monday and weekday readers no weekend", () => {
    expect(nextDueAt({ ...berlin, cadence: "weekly" }, new Date("2026-03-03T00:00:00Z")).toISOString()).toContain(
      "2026-03-09",
    );
    expect(nextDueAt({ ...berlin, cadence: "weekdays" }, new Date("2026-03-06T12:00:00Z")).toISOString()).toContain(
      "2026-03-09",
    );
  });

  it("knows the edition by the reader's own day, far east and far west", () => {
    const now = new Date("2026-03-02T18:30:00Z");
    expect(editionAt({ timezone: "Pacific/Auckland", hour: 7, cadence: "daily" }, now)?.editionDate).toBe("2026-03-03");
    expect(editionAt({ timezone: "Pacific/Honolulu", hour: 8, cadence: "daily" }, now)?.editionDate).toBe("2026-03-02");
    expect(editionAt({ timezone: "Pacific/Honolulu", hour: 9, cadence: "daily" }, now)).toBeUndefined();
  });

  it.each([
    ["Europe/Berlin", 7, "2026-03-09T06:00:00Z", "2026-03-06T06:00:00.000Z", "Friday's: no list came on the weekend"],
    ["Asia/Tokyo", 7, "2026-03-08T22:00:00Z", "2026-03-06T22:00:00.000Z", "Saturday's, which brought Friday's list"],
    [
      "America/Los_Angeles",
      18,
      "2026-03-10T01:00:00Z",
      "2026-03-07T02:00:00.000Z",
      "Friday's, although Sunday evening is Monday in UTC",
    ],
  ])("Monday's digest in %s at %i, due at %s, follows that of %s: %s", (timezone, hour, due, covers) => {
    const { edition } = slotAt({ timezone, hour, cadence: "daily" }, new Date(due));
    expect([edition?.editionDate, edition?.coversFrom.toISOString()]).toEqual(["2026-03-09", covers]);
  });
});
