// What is a stage? A job's name and the function that does it, given what main built.
import type { Context } from "../src/context.ts";
import type { JobName, Jobs } from "../src/queue/jobs.ts";

export type Stage<Name extends JobName = JobName> = {
  name: Name;
  run: (context: Context, data: Jobs[Name], signal: AbortSignal) => Promise<void>;
};

export function stage<Name extends JobName>(definition: Stage<Name>): Stage<Name> {
  return definition;
}
