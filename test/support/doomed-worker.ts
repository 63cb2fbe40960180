// A worker in a process of its own that takes a job and never ends it, so that a test can kill it.
import { connectQueue } from "../../src/db/connect.ts";
import { openQueue } from "../../src/queue/queue.ts";
import { idle } from "./idle.ts";

const [engine = "", url = ""] = process.argv.slice(2);
const queue = await openQueue(engine === "redis" ? { redisUrl: url } : { postgres: connectQueue(url) }, {
  info: () => {},
  warn: () => {},
});
await queue.work(
  {
    ...idle,
    match: async () => {
      process.stdout.write("took it\n");
      await new Promise(() => setInterval(() => {}, 1_000));
    },
  },
  1,
);
process.stdout.write("ready\n");
