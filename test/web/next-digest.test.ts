// Is a reader told the day on which a digest can really come?
import { beforeAll, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { findByEmail } from "../../src/db/subscriber-rows.ts";
import { applyTopics } from "../../src/db/topics.ts";
import { listConfiguredSources } from "../../src/sources/sources.ts";
import { useApp } from "../support/app.ts";
import { confirmReader, offered } from "../support/web-data.ts";

const sources = listConfiguredSources(readConfig({ SOURCES: "huggingface,arxiv" }));
const app = useApp({}, { sources });

beforeAll(async () => {
  await applyTopics(app.db, offered, app.now);
});

test.each([
  ["Thursday morning before the hour", "2026-03-12T05:00:00Z", "Thu 12 Mar 2026, 07:00"],
  [
    "Friday evening: no source lists anything for Saturday and Sunday",
    "2026-03-13T18:00:00Z",
    "Mon 16 Mar 2026, 07:00",
  ],
  [
    "the evening before Christmas Eve, which arXiv keeps and Hugging Face does not",
    "2026-12-23T18:00:00Z",
    "Thu 24 Dec 2026, 07:00",
  ],
])("%s", async (_when, now, next) => {
  app.now = new Date(now);
  const email = `r${app.now.getTime()}@example.net`;
  const zone = { timezone: "Europe/Berlin", hour: 7 };
  await app.post("/subscribe", { email, topics: ["robotics"], timezone: zone.timezone });
  const id = (await findByEmail(app.db, email))?.id ?? 0;
  const welcome = await app.post(app.paths.confirm(id, app.now), { choices: "1", topics: ["robotics"], hour: "7" });
  expect(await welcome.text()).toContain(`due on <strong>${next}</strong>`);
  expect(await (await app.get(app.paths.preferences(id))).text()).toContain(`next digest ${next}`);
});

test("a weekly reader hears of the next Monday", async () => {
  app.now = new Date("2026-03-13T18:00:00Z");
  const { id } = await confirmReader(app, "weekly@example.net", ["robotics"], { cadence: "weekly", hour: 7 });
  expect(await (await app.get(app.paths.preferences(id))).text()).toContain("next digest Mon 16 Mar 2026, 07:00");
});
