// A planner in a process of its own that is killed at its nth ring, while other cells are half done.
import { connectDatabase } from "../../src/db/connect.ts";
import { runPlan } from "../../workers/plan.ts";
import { planningContext } from "./planning.ts";

const [url = "", now = "", rings = "1"] = process.argv.slice(2);
const context = planningContext(connectDatabase(url, 5));
let rung = 0;
const ring: typeof context.queue.ring = async () => {
  if (++rung === Number(rings)) process.kill(process.pid, "SIGKILL");
};
await runPlan({ ...context, queue: { ...context.queue, ring } }, { now: new Date(now) });
