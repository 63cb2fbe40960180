// A real Chromium for tests and screenshots: which one, and how is it started?
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The path of a Chromium on this machine, or undefined with the reason printed. */
export function findChromium(): string | undefined {
  const found = [...usual, whichChromium()].find((file) => file !== undefined && existsSync(file));
  if (!found) process.stderr.write("skipped: no Chromium is installed (apt-get install chromium)\n");
  return found;
}

function whichChromium(): string | undefined {
  try {
    return execFileSync("which", ["chromium"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

/** A fresh browser that asks nobody on the network but the pages. */
export function openBrowser(executablePath: string): Promise<Browser> {
  const quiet = ["--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const args = ["--no-sandbox", "--disable-gpu", "--no-first-run", ...quiet];
  return chromium.launch({ executablePath, args });
}
