// One run of planning in a process of its own: bench/plan.ts forks it, to see its time, memory and CPU alone.
import pino from "pino";
import { readConfig } from "../src/config.ts";
import { closeDatabase, connectDatabase } from "../src/db/connect.ts";
import type { Queue } from "../src/queue/queue.ts";
import { runPlan } from "../workers/plan.ts";

export type PlannedApart = { ms: number; cpuMs: number; rssMb: number; planned: number; rings: number };

const [url, now] = process.argv.slice(2);
if (url !== undefined && process.send) {
  const db = connectDatabase(url);
  await db.$client.query("select 1");
  let rings = 0;
  const queue = {
    ring: async () => {
      rings++;
    },
  } as unknown as Queue;
  const config = readConfig({ SOURCES: "https://example.org/feed" });
  const log = pino({ level: "silent" });
  const cpu = process.cpuUsage();
  const started = performance.now();
  const { planned } = await runPlan({ config, db, queue, log }, { now: new Date(Number(now)) });
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const rssMb = Math.round(process.resourceUsage().maxRSS / 1024);
  const answer: PlannedApart = { ms, cpuMs: (user + system) / 1_000, rssMb, planned, rings };
  await closeDatabase(db);
  process.send(answer, () => process.disconnect());
}
