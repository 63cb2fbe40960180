// Does it work in a real browser: with and without scripts, on a phone, by keyboard alone, and for everybody?
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findByEmail, listChosenTopics } from "../../src/db/subscriber-rows.ts";
import { findChromium, openBrowser } from "../support/browser.ts";
import { useDatabase } from "../support/database.ts";
import { type Service, startService } from "../support/service.ts";
import { furnish, storeSampleDays, TOUR_PASSWORD } from "../support/tour.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const executable = findChromium();
const phone = { width: 390, height: 844 };
const desk = { width: 1280, height: 900 };
/** The rules whose answer can change with the colours or the width. */
const changing = [
  "color-contrast",
  "heading-order",
  "landmark-unique",
  "link-in-text-block",
  "scrollable-region-focusable",
  "target-size",
];
/** What has the focus: its name, whether a ring shows it, whether it is in view. */
const focused = `(() => {
  const at = document.activeElement;
  const shown = at.matches(".chip input") ? at.nextElementSibling : at;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  const { top, bottom, left, width } = shown.getBoundingClientRect();
  const labels = [...(at.labels ?? [])].map((label) => label.textContent).join(" ");
  const topmost = document.elementFromPoint(left + Math.min(width / 2, 20), (top + bottom) / 2);
  return {
    name: (at.innerText || labels).trim(),
    outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
    inView: bottom > 0 && top < innerHeight && (shown.contains(topmost) || at.contains(topmost)),
  };
})()`;
const headingIs = (text: string) => `document.querySelector("h1")?.textContent === "${text}"`;

describe.skipIf(!executable)("in a browser", () => {
  const database = useDatabase();
  let service: Service;
  let browser: Browser;

  beforeAll(async () => {
    const settings = { DATABASE_URL: database.url, ADMIN_PASSWORD: TOUR_PASSWORD };
    service = await startService(settings, new Date("2026-03-13T15:00:00Z"));
    await storeSampleDays(service);
    browser = await openBrowser(executable ?? "");
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await service?.stop();
  });

  /** A page whose complaints (scripts, blocked content) fail the test that looks at them. */
  async function openPage(options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext({ timezoneId: "Asia/Tokyo", viewport: desk, ...options });
    context.setDefaultTimeout(5_000);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      // A page with status 404 or 422 is itself noted as a failed load.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        complaints.push(message.text());
    });
    return { page, complaints };
  }
  const linkIn = (text: string | undefined, path: string) =>
    new RegExp(`https?://\\S+/${path}/[^\\s>]+`).exec(text ?? "")?.[0] ?? `no link to ${path}`;
  const heading = (page: Page) => page.locator("h1").textContent();
  const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
  const stateOf = async (email: string) => (await findByEmail(service.context.db, email))?.state;

  test.each([
    ["with scripts, at a desk", "desk", { javaScriptEnabled: true, viewport: desk }],
    ["without scripts, on a phone", "phone", { javaScriptEnabled: false, viewport: phone }],
  ])(
    "sign up, confirm, change, pause, move, leave, undo, erase: %s",
    async (_what, name, options) => {
      const { page, complaints } = await openPage(options);
      const email = `loop-${name}@example.net`;
      const moved = `moved-${name}@example.net`;
      const { db } = service.context;

      await page.goto(service.url);
      await page.getByLabel("Your e-mail address").fill(email);
      await press(page, "Subscribe");
      expect(await heading(page)).toBe("Check your mail");
      const confirmation = await service.mailTo(email);
      expect(await stateOf(email)).toBe("pending");

      await page.goto(linkIn(confirmation.text, "confirm"));
      await page.getByLabel("Robotics").check({ force: true });
      await page.getByLabel("Language Models").check({ force: true });
      if (!options.javaScriptEnabled) await page.getByLabel("Time zone").selectOption("Asia/Tokyo");
      expect(await page.getByLabel("Time zone").inputValue()).toBe("Asia/Tokyo");
      await page.getByLabel("At what hour").selectOption("21");
      await press(page, "Show it for this choice");
      expect(await page.locator(".brief .paper").count()).toBeGreaterThan(0);
      await press(page, "Confirm and subscribe");
      expect(await heading(page)).toBe("You are subscribed");
      const reader = await findByEmail(db, email);
      expect(reader).toMatchObject({ state: "confirmed", timezone: "Asia/Tokyo", hour: 21 });
      const id = reader?.id ?? 0;
      expect((await listChosenTopics(db, id)).sort()).toEqual(["language-models", "robotics"]);

      await page.getByRole("link", { name: "Change your choices" }).click();
      await page.getByLabel("Robotics").uncheck({ force: true });
      await page.getByLabel("How often").selectOption("weekdays");
      await page.getByLabel("Pause until").fill("2026-04-01");
      await press(page, "Save");
      await expect.poll(() => page.getByRole("status").first().textContent()).toContain("Saved");
      expect(await findByEmail(db, email)).toMatchObject({
        state: "paused",
        cadence: "weekdays",
        pausedUntil: "2026-04-01",
      });
      expect(await listChosenTopics(db, id)).toEqual(["language-models"]);
      await page.getByLabel("Pause until").fill("");
      await press(page, "Save");
      expect(await stateOf(email)).toBe("confirmed");

      await page.getByLabel("New e-mail address").fill(moved);
      await press(page, "Change address");
      const told = page.getByRole("status").filter({ hasText: "a link is on its way there" });
      await expect.poll(async () => (await told.boundingBox())?.y).toBeGreaterThanOrEqual(0);
      await press(page, "Mail me a link to all my data");
      const mailed = page.getByRole("status").filter({ hasText: "We have sent you a mail" });
      await expect.poll(async () => (await mailed.boundingBox())?.y).toBeGreaterThanOrEqual(0);
      const moving = await service.mailTo(moved, /\/change-address\//);
      await page.goto(linkIn(moving.text, "change-address"));
      await press(page, "Change my address");
      expect(await heading(page)).toBe("Your address is changed");
      expect(await findByEmail(db, moved)).toMatchObject({ id, state: "confirmed" });
      expect((await service.mailTo(email, /address/i)).text).toMatch(/address/);

      await page.goto(service.url + service.paths.unsubscribe(id));
      await press(page, "Unsubscribe");
      expect(await heading(page)).toBe("You have left");
      expect(await stateOf(moved)).toBe("unsubscribed");
      await press(page, "Undo: subscribe me again");
      expect(await stateOf(moved)).toBe("confirmed");
      await press(page, "At most 5 papers");
      expect(await findByEmail(db, moved)).toMatchObject({ state: "confirmed", maxPapers: 5 });

      await page.getByRole("link", { name: "All preferences" }).click();
      await press(page, "Mail me a link to erase everything");
      const erasing = await service.mailTo(moved, /\/erase\//);
      await page.goto(linkIn(erasing.text, "erase"));
      await press(page, "Erase it all");
      expect(await heading(page)).toBe("Erased");
      expect(await findByEmail(db, moved)).toBeUndefined();
      expect(complaints).toEqual([]);
      await page.context().close();
    },
    60_000,
  );

  test("by keyboard alone somebody signs up, chooses, confirms and leaves, and always sees where they are", async () => {
    const { page } = await openPage();
    const email = "keys@example.net";
    /** Tabs on until the focus is on what is called so, and looks whether it can be seen there. */
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let stops = 0; stops < 120; stops++) {
        await page.keyboard.press("Tab");
        const look = () => page.evaluate<{ name: string; outlined: boolean; inView: boolean }>(focused);
        const at = await look();
        // The page may still be scrolling there.
        await expect.poll(look, { message: at.name, timeout: 2_000 }).toMatchObject({ outlined: true, inView: true });
        if (name.test(at.name)) return;
      }
      throw new Error(`no tab stop is called ${name}`);
    };

    await page.goto(service.url);
    await tabTo(/Skip to the content/);
    await tabTo(/^Your e-mail address/);
    await page.keyboard.type(email);
    await tabTo(/^Subscribe$/);
    await page.keyboard.press("Enter");
    await page.waitForURL(/subscribe/);
    await page.goto(linkIn((await service.mailTo(email)).text, "confirm"));
    await tabTo(/^Search topics/);
    await page.keyboard.type("robot");
    await tabTo(/^Robotics/);
    await page.keyboard.press("Space");
    await expect
      .poll(() => page.locator("[data-live-answer]").textContent())
      .toMatch(/^About (1 paper|(?!1 )\d+ papers) a (day|week)\.$|^Nothing/);
    await tabTo(/^Confirm and subscribe$/);
    await page.keyboard.press("Enter");
    await page.waitForFunction(headingIs("You are subscribed"));
    const reader = await findByEmail(service.context.db, email);
    expect(await listChosenTopics(service.context.db, reader?.id ?? 0)).toEqual(["robotics"]);
    await page.goto(service.url + service.paths.unsubscribe(reader?.id ?? 0));
    await tabTo(/^Unsubscribe$/);
    await page.keyboard.press("Space");
    await page.waitForFunction(headingIs("You have left"));
    expect(await stateOf(email)).toBe("unsubscribed");
    await page.context().close();
  }, 30_000);

  test("who chooses more than a digest holds is told so, as soon as it is so", async () => {
    const email = "much@example.net";
    const { page } = await openPage();
    await page.goto(service.url);
    await page.getByLabel("Your e-mail address").fill(email);
    await press(page, "Subscribe");
    await page.goto(linkIn((await service.mailTo(email)).text, "confirm"));
    for (const box of await page.locator('input[name="topics"]').all()) await box.check({ force: true });
    const told = () => expect.poll(() => page.locator("[data-live-answer]").textContent());
    await told().toMatch(/^About \d+ papers a day match; the best 10 come\.$/);
    await page.getByLabel("Papers in a digest").fill("50");
    await page.getByLabel("Papers in a digest").blur();
    await told().toMatch(/^About \d+ papers a day\.$/);
    await page.context().close();
  }, 30_000);

  test("every page has no violation that axe finds, light and dark, and nothing runs over a phone's edge", async () => {
    const { page, complaints } = await openPage();
    await page.addInitScript({ content: axe });
    const problems: string[] = [];
    for (const { name, path, act } of await furnish(service)) {
      await page.emulateMedia({ colorScheme: "light" });
      await page.setViewportSize(desk);
      await page.goto(service.url + path);
      await act?.(page);
      await page.waitForLoadState();
      for (const [viewport, colorScheme, options] of [
        [desk, "light", { rules: { "target-size": { enabled: true } } }],
        [phone, "dark", { runOnly: changing }],
      ] as const) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        const found = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify({ iframes: false, ...options })})`);
        expect(found.passes.length, name).toBeGreaterThan(1);
        for (const { id, nodes } of found.violations)
          problems.push(
            `${name} ${viewport.width} ${colorScheme}: ${id} ${nodes
              .map(({ target }) => target)
              .slice(0, 3)
              .join(" | ")}`,
          );
      }
      const over = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      if (over > 0) problems.push(`${name}: ${over} pixels over the edge of a phone`);
    }
    expect(problems).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 300_000);
});
