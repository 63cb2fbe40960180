// Planning in a process of its own: bench/plan.ts forks it, to see its time, memory and CPU alone, and sends it one moment after another.
import pino from "pino";
import { readConfig } from "../src/config.ts";
import { closeDatabase, connectDatabase } from "../src/db/connect.ts";
import type { Queue } from "../src/queue/queue.ts";
import { runPlan } from "../workers/plan.ts";

export type PlannedApart = { ms: number; cpuMs: number; rssMb: number; planned: number };

const [url] = process.argv.slice(2);
if (url !== undefined && process.send) {
  const db = connectDatabase(url);
  const queue = { ring: async () => {} } as unknown as Queue;
  const config = readConfig({ SOURCES: "https://example.org/feed" });
  const log = pino({ level: "silent" });
  process.on("message", async (now) => {
    await db.$client.query("select 1");
    const cpu = process.cpuUsage();
    const started = performance.now();
    const { planned } = await runPlan({ config, db, queue, log }, { now: new Date(Number(now)) });
    const ms = performance.now() - started;
    const { user, system } = process.cpuUsage(cpu);
    const rssMb = Math.round(process.resourceUsage().maxRSS / 1024);
    const answer: PlannedApart = { ms, cpuMs: (user + system) / 1_000, rssMb, planned };
    process.send?.(answer);
  });
  process.on("disconnect", () => void closeDatabase(db));
}
