// What does a source give for these days, asked over HTTP with a driven clock?
import { readConfig } from "../../src/config.ts";
import type { Ask, Batch } from "../../src/sources/source.ts";
import { findSource } from "../../src/sources/sources.ts";
import { driveClock, openTestHttp } from "./fake-source.ts";

/** Asks the source by name; `failure` is the sentence at the end, where there is one. */
export async function askSource(
  name: string,
  settings: Record<string, string>,
  ask: Partial<Ask> & { at?: string },
): Promise<{ batches: Batch[]; failure: string | undefined; slept: number[] }> {
  const source = findSource(name, readConfig(settings));
  if (!source) throw new Error(`there is no source ${name}`);
  const clock = driveClock(ask.at ?? "2026-03-03T12:00:00Z");
  const http = openTestHttp(clock);
  const batches: Batch[] = [];
  const days = { from: "2026-03-03", to: "2026-03-03", unit: "day" as const, regular: true };
  let failure: string | undefined;
  try {
    for await (const batch of source.fetch({ ...days, now: clock.now(), ...ask }, http)) batches.push(batch);
  } catch (error) {
    failure = (error as Error).message;
  }
  return { batches, failure, slept: clock.slept };
}
