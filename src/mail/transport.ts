// How do ready messages reach the mail server? Over a few warm connections; every way it can end is an answer.
import type { Answer } from "../core/answers.ts";
import { type ConnectFailure, reach } from "./connection.ts";
import { type Dialogue, type Entry, type Envelope, openDialogue } from "./dialogue.ts";

export type { Envelope };

/** Who may open how many connections: a slot is one connection that no other process has at the same time. */
export type Slots = {
  /** A slot, or undefined when all are taken for now. */
  take: () => Promise<{ release: () => void } | undefined>;
  /** How many this process should hold at most now; falls when other processes have work too. */
  share: () => number;
};

export type Transport = {
  /** Sends the bytes as they are; never rejects. Messages wait in order; when its turn comes, one not `wanted` any more is left. */
  send: (message: Message, wanted?: () => boolean) => Promise<Answer>;
  /**
   * Resolves when a connection of ours may carry messages, so that nothing is claimed that would have to wait for others; with
   * what is wrong when the mail server cannot be reached.
   */
  ready: (signal?: AbortSignal) => Promise<string | undefined>;
  /** Says QUIT everywhere, after what is under way. */
  close: () => Promise<void>;
};

/** `release`: what to call when the bytes are not needed any more, where somebody can use their memory. */
export type Message = { envelope: Envelope; raw: Buffer; release?: () => void };

type Settings = {
  smtpUrl: string;
  /** At most so many connections over all processes. */
  connections: number;
  /** Messages a second over all processes; 0 for no limit. Each connection gets its part of it. */
  rate: number;
  /** Absent: all connections are this process's own. */
  slots?: Slots;
};
type Waiting = Entry & { tries: number };
type Line = { dialogue: Dialogue | undefined; idleSince: number | undefined; nextAt: number; over: Promise<void> };

const IDLE_MS = 5_000;
const AGAIN_MS = 250;
/** How often a message may move to another connection because one ended before taking it. */
const MAX_TRIES = 3;

/** Opens nothing yet: connections come with the first message and go when they are idle. */
export function openTransport({ smtpUrl, connections, rate, slots }: Settings): Transport {
  const queue: Waiting[] = [];
  const lines = new Set<Line>();
  const watchers = new Set<(wrong?: string) => void>();
  const paceMs = rate > 0 ? (1_000 * connections) / rate : 0;
  let opening = 0;
  let again: NodeJS.Timeout | undefined;
  let closing = false;

  const own: Slots = {
    take: async () => (lines.size < connections ? { release() {} } : undefined),
    share: () => connections,
  };
  const { take, share } = slots ?? own;

  function pump(): void {
    for (const line of lines) if (line.idleSince !== undefined && queue.length > 0) line.dialogue?.wake();
    const wanted = Math.min(queue.length, connections, share());
    if (!closing && lines.size + opening < wanted) void openLine();
    // Nobody else would ask again for what waits while this process may have no connection.
    else if (!closing && queue.length > 0 && lines.size + opening === 0) pumpLater();
  }

  function pumpLater(): void {
    again ??= setTimeout(() => {
      again = undefined;
      pump();
    }, AGAIN_MS);
  }

  async function openLine(): Promise<void> {
    opening++;
    const slot = await take().catch(() => undefined);
    if (!slot) {
      opening--;
      pumpLater();
      return;
    }
    let finish = () => {};
    const line: Line = {
      dialogue: undefined,
      idleSince: undefined,
      nextAt: 0,
      over: new Promise((resolve) => {
        finish = resolve;
      }),
    };
    lines.add(line);
    opening--;
    const over = () => {
      lines.delete(line);
      slot.release();
      finish();
      pump();
    };
    // More may be wanted at once; each connection takes its own time.
    pump();
    try {
      const { socket, extensions } = await reach(smtpUrl);
      line.dialogue = openDialogue(socket, extensions, {
        take: () => takeFor(line),
        idle: () => rest(line),
        over,
        back,
      });
      line.dialogue.wake();
    } catch (error) {
      const wrong = wordsOf(error as ConnectFailure);
      // Another line may still be going on; without one nothing that waits can go now.
      if (lines.size === 1) for (const entry of queue.splice(0)) entry.settle({ kind: "unreachable", error: wrong });
      over();
      for (const watcher of watchers) watcher(wrong);
    }
    for (const watcher of watchers) watcher();
  }

  function takeFor(line: Line): Entry | undefined {
    line.idleSince = undefined;
    if (closing && queue.length === 0) return undefined;
    if (lines.size > share()) {
      // Others have work too: this connection becomes theirs.
      line.dialogue?.quit();
      return undefined;
    }
    const now = performance.now();
    if (paceMs > 0 && queue.length > 0) {
      if (now < line.nextAt) {
        setTimeout(() => line.dialogue?.wake(), line.nextAt - now).unref();
        return undefined;
      }
      line.nextAt = Math.max(now, line.nextAt + paceMs);
      if (line.nextAt === now) line.nextAt = now + paceMs;
    }
    return queue.shift();
  }

  function rest(line: Line): void {
    const since = performance.now();
    line.idleSince = since;
    const quit = () => {
      if (line.idleSince === since) line.dialogue?.quit();
    };
    if (closing && queue.length === 0) quit();
    else setTimeout(quit, IDLE_MS).unref();
  }

  function back(entry: Entry, answer: Answer): void {
    const { tries } = entry as Waiting;
    if (tries < MAX_TRIES) queue.unshift({ ...entry, tries: tries + 1 });
    else entry.settle(answer);
  }

  return {
    send({ envelope, raw, release }, wanted) {
      if (closing) return Promise.resolve({ kind: "unreachable", error: "we are stopping" });
      return new Promise((resolve) => {
        queue.push({ envelope, raw, release, wanted, tries: 0, settle: resolve });
        pump();
      });
    },
    async ready(signal) {
      let failure: string | undefined;
      while (!signal?.aborted && lines.size === 0 && failure === undefined) {
        if (opening === 0) void openLine();
        failure = await new Promise<string | undefined>((resolve) => {
          const wake = (wrong?: string) => {
            watchers.delete(wake);
            signal?.removeEventListener("abort", stop);
            clearTimeout(timer);
            resolve(wrong);
          };
          const stop = () => wake();
          const timer = setTimeout(wake, 2 * AGAIN_MS);
          watchers.add(wake);
          signal?.addEventListener("abort", stop, { once: true });
        });
      }
      return failure;
    },
    async close() {
      closing = true;
      clearTimeout(again);
      const ends = [...lines].map(({ over }) => over);
      for (const line of lines) line.dialogue?.quit();
      await Promise.all(ends);
    },
  };
}

/** What is wrong with the server or our access to it; never a reader's fault, as no message was named. */
function wordsOf({ responseCode, response, message, code }: ConnectFailure): string {
  return responseCode ? `${responseCode}: ${response ?? message}` : `${code ?? "lost"}: ${message}`;
}
