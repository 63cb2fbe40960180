// A source on the loopback that answers as a test says, with a clock and a sleep that the test drives.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import { type Http, type HttpSettings, openHttp } from "../../src/sources/http.ts";

export type Reply = {
  status?: number;
  type?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Announces more bytes than it sends, then closes. */
  cut?: boolean;
  /** Never answers. */
  silent?: boolean;
};
type Answer = (url: URL, request: IncomingMessage) => Reply | undefined;

export type FakeSource = {
  url: string;
  /** Every path and query asked for, in order. */
  asked: string[];
  /** What it answers from now on. */
  answer: Answer;
  close(): Promise<void>;
};

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** Starts a server that lives until the end of the test. */
export async function startSource(answer: Answer): Promise<FakeSource> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    source.asked.push(url.pathname + url.search);
    reply(response, source.answer(url, request) ?? { status: 404, body: "not here" });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const source: FakeSource = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    answer,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  open.push(source.close);
  return source;
}

function reply(
  response: ServerResponse,
  { status = 200, type = "application/json", headers = {}, body = "", cut, silent }: Reply,
): void {
  if (silent) return;
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    "content-type": type,
    ...(cut && { "content-length": bytes.length + 1_000 }),
    ...headers,
  });
  if (!cut) return void response.end(bytes);
  response.write(bytes, () => response.destroy());
}

/** A clock that only a test moves; what sleeps moves it, and is noted. */
export function driveClock(start: string): {
  now: () => Date;
  set: (at: string) => void;
  slept: number[];
  sleep: (ms: number) => Promise<void>;
} {
  let at = new Date(start);
  const slept: number[] = [];
  return {
    now: () => at,
    set: (next) => {
      at = new Date(next);
    },
    slept,
    async sleep(ms) {
      slept.push(ms);
      at = new Date(at.getTime() + ms);
    },
  };
}

/** The real client with a driven clock and short time-outs; closed after the test. */
export function openTestHttp(settings: HttpSettings): Http {
  const http = openHttp({ timeoutMs: 300, ...settings });
  open.push(() => http.close());
  return http;
}
