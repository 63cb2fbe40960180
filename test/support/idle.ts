// Workers that do nothing, for tests of the queue that listen to one of them.
import type { Workers } from "../../src/queue/queue.ts";

const nothing = async () => {};
export const idle: Workers = {
  ingest: nothing,
  match: nothing,
  plan: nothing,
  deliver: nothing,
  feedback: nothing,
  tidy: nothing,
};
