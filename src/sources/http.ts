// How is a source asked politely? One request a host at a time, with intervals, limits, back-off and a clock from outside.
import { setTimeout as realSleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { Agent, type Dispatcher, request } from "undici";
import { chooseLookup, forbidden } from "./guard.ts";
import { SourceError } from "./source.ts";

type GetOptions = {
  accept?: string;
  /** Requests of one lane follow one another; the host unless given. */
  lane?: string;
  /** From the start of one request of the lane to the start of the next. */
  minIntervalMs?: number;
  maxBytes?: number;
  /** True for addresses that a person entered: no private networks behind a name, no other host. */
  guarded?: boolean;
  signal?: AbortSignal | undefined;
};
/** What came, with any status but 429 and 5xx; `type` is the Content-Type in lower case. */
export type Answer = { url: string; status: number; type: string; body: Buffer };
export type Http = {
  /** Throws a SourceError after the last attempt failed. */
  get(url: string, options?: GetOptions): Promise<Answer>;
  close(): Promise<void>;
};
export type HttpSettings = {
  now?: () => Date;
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  timeoutMs?: number;
  attempts?: number;
};

const MEBIBYTE = 1024 * 1024;
const MAX_WAIT_MS = 330_000;
const MAX_REDIRECTS = 4;
const userAgent = "Paperboy/0.1 (self-hosted paper digests; one request at a time)";
type Lane = { tail: Promise<unknown>; lastStart: number; pausedUntil: number };

/** Opens a client; its lanes hold for all who share it, so a process opens one. */
export function openHttp(settings: HttpSettings = {}): Http {
  const now = settings.now ?? (() => new Date());
  const sleep = settings.sleep ?? ((ms, signal) => realSleep(ms, undefined, { signal }));
  const timeoutMs = settings.timeoutMs ?? 30_000;
  const attempts = settings.attempts ?? 4;
  const agent = (guarded: boolean) =>
    new Agent({
      connections: 1,
      pipelining: 1,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: { timeout: timeoutMs, ...(guarded ? { lookup: chooseLookup } : {}) },
    });
  const agents = { open: agent(false), guarded: agent(true) };
  const lanes = new Map<string, Lane>();

  async function once(
    url: string,
    options: GetOptions,
    lane: Lane,
  ): Promise<Answer | { retryInMs: number; status: number }> {
    let at = new URL(url);
    for (let redirects = 0; ; redirects++) {
      if (options.guarded) {
        const reason = forbidden(at.hostname);
        if (reason) throw new SourceError(`${at.host} is not asked: ${reason}.`);
      }
      const deadline = AbortSignal.timeout(timeoutMs * 2);
      const answer: Dispatcher.ResponseData = await request(at.href, {
        dispatcher: options.guarded ? agents.guarded : agents.open,
        headers: { "user-agent": userAgent, accept: options.accept ?? "*/*", "accept-encoding": "gzip" },
        signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
      });
      notePause(answer.headers, lane);
      const status = answer.statusCode;
      const location = one(answer.headers["location"]);
      if (status === 429 || status >= 500) {
        await answer.body.dump({ limit: 65_536 }).catch(() => {});
        return { retryInMs: readRetryAfter(one(answer.headers["retry-after"])), status };
      }
      if (![301, 302, 303, 307, 308].includes(status) || !location) {
        const body = await readBody(answer, options.maxBytes ?? 20 * MEBIBYTE, at.host);
        return { url: at.href, status, type: one(answer.headers["content-type"])?.toLowerCase() ?? "", body };
      }
      await answer.body.dump({ limit: 65_536 }).catch(() => {});
      const next = URL.canParse(location, at.href) ? new URL(location, at) : undefined;
      if (!next || !sameHost(at, next) || redirects >= MAX_REDIRECTS)
        throw new SourceError(`${at.host} sends us on to ${next?.host ?? "a broken address"}, which is not followed.`);
      at = next;
    }
  }

  function notePause(headers: Dispatcher.ResponseData["headers"], lane: Lane): void {
    // draft-ietf-httpapi-ratelimit-headers, as Hugging Face sends it: `"api";r=0;t=56`.
    const found = /\br=(\d+)\s*;\s*t=(\d+)/.exec(one(headers["ratelimit"]) ?? "");
    if (found && Number(found[1]) === 0) lane.pausedUntil = now().getTime() + Number(found[2]) * 1000;
  }

  function readRetryAfter(value: string | undefined): number {
    if (!value) return 0;
    if (/^\d{1,6}$/.test(value.trim())) return Number(value) * 1000;
    const date = Date.parse(value);
    return Number.isNaN(date) ? 0 : Math.max(0, date - now().getTime());
  }

  async function attempt(url: string, options: GetOptions, lane: Lane): Promise<Answer> {
    const { host } = new URL(url);
    let failure = "";
    let cause: unknown;
    for (let tried = 1; tried <= attempts; tried++) {
      const interval = lane.lastStart + (options.minIntervalMs ?? 0) - now().getTime();
      const pause = Math.max(interval, lane.pausedUntil - now().getTime());
      if (pause > MAX_WAIT_MS) break;
      if (pause > 0) await sleep(pause, options.signal);
      lane.lastStart = now().getTime();
      // Doubling from two seconds; the server's own word counts for more.
      let waitMs = 1_000 * 2 ** tried;
      try {
        const answer = await once(url, options, lane);
        if (!("retryInMs" in answer)) return answer;
        failure = answer.status === 429 ? "asks us to slow down (429)" : `answers ${answer.status}`;
        if (answer.retryInMs > 0) {
          waitMs = answer.retryInMs;
          lane.pausedUntil = Math.max(lane.pausedUntil, now().getTime() + waitMs);
        }
      } catch (error) {
        if (error instanceof SourceError || options.signal?.aborted) throw error;
        ({ failure, cause } = { failure: explain(error), cause: error });
      }
      if (tried < attempts && waitMs <= MAX_WAIT_MS) await sleep(waitMs, options.signal);
      else break;
    }
    const retryAt = lane.pausedUntil > now().getTime() ? new Date(lane.pausedUntil) : undefined;
    throw new SourceError(`${host} ${failure || "asked us to wait"}.`, { retryAt, unanswered: true, cause });
  }

  return {
    get(url, options = {}) {
      const name = options.lane ?? new URL(url).host;
      const lane = lanes.get(name) ?? { tail: Promise.resolve(), lastStart: 0, pausedUntil: 0 };
      lanes.set(name, lane);
      const answer = lane.tail.then(() => attempt(url, options, lane));
      lane.tail = answer.catch(() => {});
      return answer;
    },
    async close() {
      await Promise.all([agents.open.destroy(), agents.guarded.destroy()]);
    },
  };
}

async function readBody(answer: Dispatcher.ResponseData, maxBytes: number, host: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const tooLarge = () =>
    new SourceError(`${host} sends more than ${Math.round(maxBytes / MEBIBYTE)} MB, which is not read.`);
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > maxBytes) {
      answer.body.destroy();
      throw tooLarge();
    }
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (!/gzip/i.test(one(answer.headers["content-encoding"]) ?? "")) return body;
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge();
    throw error;
  }
}

/** The same host and port, or the same name moved from http to https. */
function sameHost(from: URL, to: URL): boolean {
  if (!/^https?:$/.test(to.protocol) || to.username || to.password) return false;
  if (from.host === to.host) return from.protocol === to.protocol || to.protocol === "https:";
  return from.hostname === to.hostname && from.protocol === "http:" && to.protocol === "https:" && to.port === "";
}

function explain(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  if (name === "TimeoutError" || /TIMEOUT|ETIMEDOUT/.test(code ?? "")) return "did not answer in time";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "cannot be found by name";
  if (code === "ECONNREFUSED") return "refuses the connection";
  if (code === "EPRIVATE") return "leads to a private address, which is not asked";
  if (/^(CERT|ERR_TLS|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/.test(code ?? "")) return "has no certificate we can trust";
  if (/^Z_|UND_ERR_(SOCKET|RES)|ECONNRESET|EPIPE|HPE_/.test(code ?? "")) return "broke off in the middle of its answer";
  return "cannot be reached";
}

const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);
