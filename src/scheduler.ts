// What rings when? node-cron ticks become jobs, nothing else; a tick's id is its time, so two schedulers are harmless.
import cron from "node-cron";
import type { Context } from "./context.ts";

/** Starts the ticks; `stop` ends them. */
export function startScheduler({ config, queue, now }: Pick<Context, "config" | "queue" | "now">): {
  stop: () => Promise<void>;
} {
  const tick = (expression: string, ring: (at: Date, id: string) => Promise<void>) =>
    cron.schedule(expression, async () => {
      const at = new Date(Math.floor(now().getTime() / 60_000) * 60_000);
      await ring(at, `t${at.getTime() / 60_000}`);
    });
  const tasks = [
    tick("* * * * *", (at, id) => queue.ring("plan", { at: at.toISOString() }, { id })),
    tick("* * * * *", (at, id) => queue.ring("tidy", { at: at.toISOString() }, { id })),
    tick("*/15 * * * *", async (_at, id) => {
      for (const [index, source] of config.SOURCES.entries())
        await queue.ring("ingest", { source }, { id: `${index}-${id}` });
    }),
  ];
  return {
    async stop() {
      for (const task of tasks) await task.stop();
    },
  };
}
