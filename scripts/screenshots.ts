// How does every page look? Pictures at 390 and 1280 pixels, light and dark, of a service filled with papers.
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { findChromium, openBrowser } from "../test/support/browser.ts";
import { startService } from "../test/support/service.ts";
import { furnish, storeSampleDays, TOUR_PASSWORD } from "../test/support/tour.ts";
import { importFiles } from "../workers/ingest.ts";
import { runMatch } from "../workers/match.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: ".tmp/screenshots" },
    /** Files to import (a folder of daily_papers JSON); without it the invented samples. */
    papers: { type: "string" },
    at: { type: "string", default: "2026-03-13T15:00:00Z" },
    only: { type: "string", default: "" },
  },
});

const executable = findChromium();
if (!executable) process.exit(1);
const dataDir = await mkdtemp(path.join(tmpdir(), "paperboy-pictures-"));
const now = new Date(values.at);
const settings = { DATA_DIR: dataDir, ADMIN_PASSWORD: TOUR_PASSWORD };
const service = await startService(settings, now);
const browser = await openBrowser(executable);
try {
  if (values.papers) {
    const names = await readdir(values.papers);
    await importFiles(
      service.context,
      names.sort().map((name) => path.join(values.papers ?? "", name)),
    );
    await runMatch(service.context);
  } else await storeSampleDays(service);
  await mkdir(values.out, { recursive: true });
  const page = await browser.newPage({ timezoneId: "Europe/Berlin" });
  for (const { name, path: at, act } of await furnish(service)) {
    if (values.only && !values.only.split(",").includes(name) && !name.startsWith("admin")) continue;
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(service.url + at);
    await act?.(page);
    for (const width of [1280, 390])
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
        await page.emulateMedia({ colorScheme });
        const clip = { x: 0, y: 0, width, height: 2600 };
        const height = await page.evaluate("document.documentElement.scrollHeight");
        await page.screenshot({
          path: path.join(values.out, `${name}-${width}-${colorScheme}.png`),
          fullPage: true,
          clip: { ...clip, height: Math.min(clip.height, Number(height)) },
        });
      }
    process.stdout.write(`${name}\n`);
  }
} finally {
  await browser.close();
  await service.stop();
  await rm(dataDir, { recursive: true, force: true });
}
