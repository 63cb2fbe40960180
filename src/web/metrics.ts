// How is the service doing, as Prometheus asks it? Requests as they end, the rest counted when asked.
import { setTimeout as wait } from "node:timers/promises";
import { Gauge, Histogram, register } from "prom-client";
import type { Queue } from "../queue/queue.ts";

/** What a page waits for numbers that it can do without. */
const PATIENCE_MS = 1_000;

const once = <Metric>(name: string, make: () => Metric): Metric =>
  (register.getSingleMetric(name) as Metric | undefined) ?? make();

const requests = once(
  "paperboy_http_request_seconds",
  () =>
    new Histogram({
      name: "paperboy_http_request_seconds",
      help: "Time to answer a request, by route and status.",
      labelNames: ["method", "route", "status"],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    }),
);

export function observeRequest(method: string, route: string, status: number, seconds: number): void {
  requests.labels(method.slice(0, 10), route, String(status)).observe(seconds);
}

/** A gauge that is set each time Prometheus asks. */
export function gauge(name: string, help: string, labelNames: string[]): Gauge {
  return once(name, () => new Gauge({ name, help, labelNames }));
}

/** All metrics of this process in Prometheus' text form, with its content type. */
export async function readMetrics(): Promise<{ type: string; body: string }> {
  return { type: register.contentType, body: await register.metrics() };
}

/** How many jobs wait, run or are delayed, by queue; undefined where the queue does not answer in a second. */
export async function countJobs(queue: Queue): Promise<Awaited<ReturnType<Queue["counts"]>> | undefined> {
  const counted = queue.counts().catch(() => undefined);
  return Promise.race([counted, wait(PATIENCE_MS, undefined, { ref: false })]);
}
