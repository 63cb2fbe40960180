// A process that must outlive its database: a queue with workers, and beside it one that is opened and closed all the time.
import { connectQueue } from "../../src/db/connect.ts";
import { openQueue, type Queue, type Workers } from "../../src/queue/queue.ts";
import { idle } from "./idle.ts";

const databaseUrl = process.argv[2] ?? "";
const log = { info: () => {}, warn: () => {} };

async function work(queue: Queue, name: string): Promise<void> {
  const workers: Workers = {
    ...idle,
    ingest: async ({ source }) => void process.stdout.write(`${name} heard ${source}\n`),
  };
  await queue.work(workers, 1);
}

await work(await openQueue({ postgres: connectQueue(databaseUrl) }, log), "the one that stays");
process.stdout.write("ready\n");
for (;;) {
  try {
    const queue = await openQueue({ postgres: connectQueue(databaseUrl) }, log);
    await work(queue, "another").finally(() => queue.close(100));
  } catch {
    // The database is away: whoever starts now fails with a sentence, and a service manager starts it again.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
