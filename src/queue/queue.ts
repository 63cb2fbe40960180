// Which engine carries the doorbells? The one place that picks Redis or PostgreSQL for BullMQ.
import {
  Queue as BullQueue,
  Worker as BullWorker,
  createPostgresBackend,
  type JobsOptions,
  type PgQueryable,
  type QueueOptions,
  runMigrations,
  type WorkerOptions,
} from "bullmq";
import { Redis } from "ioredis";
import type { JobName, Jobs } from "./jobs.ts";

/** A job's function: does the stage's work for these ids; may be called twice with the same ones. */
type Work<Name extends JobName> = (data: Jobs[Name], signal: AbortSignal) => Promise<void>;
export type Workers = { [Name in JobName]: Work<Name> };

export type Queue = {
  /** Rings a stage. `id` folds repeats (letters, digits, `-`, `.`). Never rejects: what a lost ring leaves, tidy finds. */
  ring<Name extends JobName>(name: Name, data: Jobs[Name], options?: { id?: string; delayMs?: number }): Promise<void>;
  /** Starts answering the rings in this process. */
  work(workers: Workers, concurrency: number): Promise<void>;
  /** How many jobs wait, run or are delayed, by queue. */
  counts(): Promise<Record<string, Record<string, number>>>;
  /** Rejects when the engine does not answer. */
  ping(): Promise<void>;
  /** Stops taking jobs, waits at most `deadlineMs` for running ones after telling them to stop, then lets go. */
  close(deadlineMs?: number): Promise<void>;
};

/** A pool of pg's, whose connections look into the schema `bullmq` first: two listen, the others ask. The queue ends it. */
type Pool = {
  connect: () => Promise<PgQueryable & { release: (broken?: boolean) => void }>;
  end: () => Promise<void>;
  on: (event: "connect", connected: () => void) => unknown;
};
type Engine = { redisUrl: string } | { postgres: Pool };
type Log = Record<"info" | "warn", (detail: object, message: string) => void>;
/** What a page may wait for a ring; tidy finds what it leaves. */
const RING_MS = 2_000;
const LET_GO_MS = 2_000;
/** Of the keys in Redis. */
const PREFIX = "paperboy";

/** Two lanes, so that a slow mail server never keeps papers or planning waiting. */
const lanes = { pipeline: ["ingest", "match", "plan", "feedback", "tidy"], deliver: ["deliver"] } as const;
type Lane = keyof typeof lanes;
const laneOf = (name: JobName): Lane => (name === "deliver" ? "deliver" : "pipeline");

const jobOptions: JobsOptions = {
  attempts: 5,
  backoff: { type: "exponential", delay: 2_000 },
  // Longer than any tick, so that a tick's id still folds its repeat.
  removeOnComplete: { age: 3_600, count: 5_000 },
  removeOnFail: { age: 86_400, count: 1_000 },
};

/** Opens BullMQ on Redis or on PostgreSQL (its schema is brought up to date first). */
export async function openQueue(engine: Engine, log: Log): Promise<Queue> {
  const redisUrl = "redisUrl" in engine ? engine.redisUrl : undefined;
  const postgres = "postgres" in engine ? engine.postgres : undefined;
  const complain = sayOnce(log);
  const producers = redisUrl ? new Redis(redisUrl, { maxRetriesPerRequest: 1, enableOfflineQueue: true }) : undefined;
  producers?.on("error", complain).on("ready", complain.over);
  postgres?.on("connect", complain.over);
  if (postgres) await migrate(postgres);
  const open = (lane: Lane): BullQueue =>
    producers
      ? new BullQueue(lane, { connection: producers, prefix: PREFIX, defaultJobOptions: jobOptions })
      : (new BullQueue(
          lane,
          { connection: postgres, defaultJobOptions: jobOptions } as unknown as QueueOptions<Pool>,
          createPostgresBackend,
        ) as unknown as BullQueue);
  const queues: Record<Lane, BullQueue> = { pipeline: open("pipeline"), deliver: open("deliver") };
  for (const queue of Object.values(queues)) queue.on("error", complain);
  // Redis may be away: the pages answer, and it comes back.
  if (postgres) await Promise.all(Object.values(queues).map((queue) => queue.waitUntilReady()));

  let closing: Promise<void> | undefined;
  const running: BullWorker[] = [];
  const connections: Redis[] = [];
  const stop = new AbortController();

  async function close(deadlineMs: number): Promise<void> {
    stop.abort();
    const drained = Promise.all(running.map((worker) => worker.close()));
    await within(drained, deadlineMs).catch(() =>
      within(Promise.all(running.map((worker) => worker.close(true))), LET_GO_MS).catch(() => {}),
    );
    // An engine that is away would be waited for.
    await within(Promise.all(Object.values(queues).map((queue) => queue.close())), LET_GO_MS).catch(() => {});
    for (const connection of connections) connection.disconnect();
    producers?.disconnect();
    if (postgres) await within(postgres.end(), LET_GO_MS).catch(() => {});
    // What a connection that is still on its way out hears of an engine that stops is nobody's trouble any more.
    complain.enough();
  }

  return {
    async ring(name, data, options = {}) {
      try {
        const added = queues[laneOf(name)].add(name, data, {
          ...(options.id ? { jobId: `${name}-${options.id}` } : {}),
          ...(options.delayMs ? { delay: options.delayMs } : {}),
        });
        await within(added, RING_MS);
      } catch (error) {
        log.warn({ job: name, error: error instanceof Error ? error.message : String(error) }, "could not ring");
      }
    },
    async work(workers, concurrency) {
      for (const lane of Object.keys(lanes) as Lane[]) {
        const process = async (job: { name: string; data: unknown }) => {
          const run = workers[job.name as JobName] as Work<JobName> | undefined;
          if (run) await run(job.data as Jobs[JobName], stop.signal);
        };
        // A killed worker's jobs come back after about four seconds (measured) instead of sixty.
        const options = {
          concurrency,
          lockDuration: 5_000,
          stalledInterval: 2_000,
          maxStalledCount: 100,
          autorun: false,
        };
        const connection = redisUrl ? new Redis(redisUrl, { maxRetriesPerRequest: null }) : undefined;
        connection?.on("error", complain).on("ready", complain.over);
        if (connection) connections.push(connection);
        const worker = connection
          ? new BullWorker(lane, process, { ...options, connection, prefix: PREFIX })
          : (new BullWorker(
              lane,
              process,
              { ...options, connection: postgres } as unknown as WorkerOptions<Pool>,
              createPostgresBackend,
            ) as unknown as BullWorker);
        worker.on("error", complain);
        worker.on("failed", (job, error) => log.warn({ job: job?.name, error: error.message }, "job failed"));
        running.push(worker);
        // A worker that runs and never gets ready asks without a pause for ever, and nothing else gets a turn.
        if (postgres) await worker.waitUntilReady();
        worker.run().catch(complain);
      }
    },
    async counts() {
      const names = ["waiting", "active", "delayed", "failed", "prioritized"] as const;
      const entries = await Promise.all(
        Object.entries(queues).map(async ([lane, queue]) => [lane, await queue.getJobCounts(...names)] as const),
      );
      return Object.fromEntries(entries);
    },
    async ping() {
      await within<unknown>(producers ? producers.ping() : queues.pipeline.getJobCounts("waiting"), RING_MS);
    },
    close(deadlineMs = 30_000) {
      closing ??= close(deadlineMs);
      return closing;
    },
  };
}

/** Brings BullMQ's schema up to date, under a lock of its own. */
async function migrate(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await runMigrations(client);
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** One line when the engine goes away and one when it is back, however often each connection tries. */
function sayOnce(log: Log) {
  let away = false;
  return Object.assign(
    (error: Error) => {
      if (!away)
        log.warn({ error: error.message || error.name }, "the queue does not answer; trying again until it does");
      away = true;
    },
    {
      over: () => {
        if (away) log.info({}, "the queue answers again");
        away = false;
      },
      enough: () => {
        away = true;
      },
    },
  );
}

async function within<Result>(work: Promise<Result>, deadlineMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${deadlineMs / 1000} s`)), deadlineMs);
  });
  work.catch(() => {});
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
