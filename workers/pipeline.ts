// The stages in order: papers arrive by the first two, readers fall due at the third.
import type { Context } from "../src/context.ts";
import type { JobName } from "../src/queue/jobs.ts";
import type { Workers } from "../src/queue/queue.ts";
import { deliver } from "./deliver.ts";
import { feedback } from "./feedback.ts";
import { ingest } from "./ingest.ts";
import { match } from "./match.ts";
import { plan } from "./plan.ts";
import { tidy } from "./tidy.ts";

export const pipeline = { ingest, match, plan, deliver, feedback, tidy } as const;

/** The stages as the queue calls them. */
export function workersFor(context: Context): Workers {
  return {
    ingest: (data, signal) => timed(context, "ingest", () => ingest.run(context, data, signal)),
    match: (data, signal) => timed(context, "match", () => match.run(context, data, signal)),
    plan: (data, signal) => timed(context, "plan", () => plan.run(context, data, signal)),
    deliver: (data, signal) => timed(context, "deliver", () => deliver.run(context, data, signal)),
    feedback: (data, signal) => timed(context, "feedback", () => feedback.run(context, data, signal)),
    tidy: (data, signal) => timed(context, "tidy", () => tidy.run(context, data, signal)),
  };
}

async function timed({ log }: Context, stage: JobName, run: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  await run();
  log.debug({ stage, ms: Math.round(performance.now() - startedAt) }, "stage done");
}
