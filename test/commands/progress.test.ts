// Does long work say how far it is: a bar on a terminal, plain lines elsewhere, nothing when it is over at once?
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { showProgress } from "../../src/commands/progress.ts";

function openScreen(isTTY: boolean) {
  const screen = Object.assign(new PassThrough(), { isTTY, columns: 100, cursorTo() {}, clearLine() {} });
  return { screen: screen as unknown as NodeJS.WriteStream, said: () => String(screen.read() ?? "") };
}

test("elsewhere than on a terminal there are plain lines, one every two seconds and the last", () => {
  const { screen, said } = openScreen(false);
  let clock = 0;
  const progress = showProgress("papers of", screen, () => clock);
  for (const [at, done] of [
    [500, 1],
    [2_100, 2],
    [2_900, 3],
    [4_500, 4],
    [4_600, 5],
  ] as const) {
    clock = at;
    progress.show(done, 5, `2026-03-0${done}`);
  }
  progress.end();
  expect(said()).toBe("papers of 2026-03-02: 2 of 5\npapers of 2026-03-04: 4 of 5\npapers of 2026-03-05: 5 of 5\n");
});

test("work that is over at once says nothing", () => {
  const { screen, said } = openScreen(false);
  const progress = showProgress("file", screen, () => 0);
  progress.show(1, 1, "a.json");
  progress.end();
  expect(said()).toBe("");
});

test("a terminal gets a bar with what is read now", () => {
  const { screen, said } = openScreen(true);
  const progress = showProgress("papers of", screen);
  progress.show(29, 580, "2026-03-02");
  progress.end();
  const text = said();
  expect(text).toContain("29/580");
  expect(text).toContain("papers of 2026-03-02");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's own
  expect(text).toMatch(/[█▉▊▋▌▍▎▏=\u001b]/);
});
