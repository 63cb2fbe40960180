// The stages in order: papers arrive by the first two, readers fall due at the third.
import type { Context } from "../src/context.ts";
import type { JobName } from "../src/queue/jobs.ts";
import type { Workers } from "../src/queue/queue.ts";
import { describeError } from "../src/reason.ts";
import { deliver } from "./deliver.ts";
import { feedback } from "./feedback.ts";
import { ingest } from "./ingest.ts";
import { match } from "./match.ts";
import { plan } from "./plan.ts";
import { tidy } from "./tidy.ts";

const pipeline = [ingest, match, plan, deliver, feedback, tidy] as const;

/** The stages as the queue calls them. */
export function workersFor(context: Context): Workers {
  const entries = pipeline.map(({ name, run }) => {
    const work = run as (context: Context, data: unknown, signal: AbortSignal) => Promise<void>;
    return [name, (data: unknown, signal: AbortSignal) => timed(context, name, () => work(context, data, signal))];
  });
  return Object.fromEntries(entries) as Workers;
}

async function timed({ log }: Context, stage: JobName, run: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  try {
    await run();
  } catch (error) {
    throw withoutAddresses(error);
  }
  log.debug({ stage, ms: Math.round(performance.now() - startedAt) }, "stage done");
}

/** The queue logs and keeps what a stage throws, and a query that failed names its parameters. */
function withoutAddresses(failure: unknown): Error {
  const { error, stack = "" } = describeError(failure);
  return Object.assign(new Error(error), { stack: `Error: ${error}\n${stack}` });
}
