// A real SMTP server that does as a test says: accepts, refuses, drops, stalls; it speaks PIPELINING and counts what it saw.
import { type AddressInfo, createServer, type Socket } from "node:net";

export type SmtpStep = {
  stage: "connect" | "mail" | "rcpt" | "data" | "message";
  from: string;
  to: string;
  /** Only at `message`: what came after DATA, dots taken out again. */
  raw: Buffer;
  /** How many messages this connection had accepted before. */
  before: number;
};
/** A reply line, or: `drop` cuts the connection without a word, `stall` never answers, `close: …` answers and cuts. */
type SmtpReply = string | undefined;
export type ReceivedMessage = { from: string; to: string; raw: Buffer; at: Date };

export type SmtpOptions = {
  /** What to answer at a step; undefined is the usual yes. May be changed while it runs through `script`. */
  script?: (step: SmtpStep) => SmtpReply | Promise<SmtpReply>;
  pipelining?: boolean;
  port?: number;
  /** EHLO lines beside PIPELINING, e.g. `SMTPUTF8`. */
  extensions?: string[];
};
export type SmtpTestServer = {
  /** `smtp://127.0.0.1:PORT` */
  url: string;
  port: number;
  /** Messages accepted, in order. */
  received: ReceivedMessage[];
  /** Whole messages that came, accepted or not: also those dropped after the final dot. */
  taken: ReceivedMessage[];
  /** Connections open now, most at once, and all in all. */
  open: () => number;
  peak: () => number;
  opened: () => number;
  /** How often a MAIL command came in one packet with the end of a message before it. */
  pipelined: () => number;
  script: (script: SmtpOptions["script"]) => void;
  close: () => Promise<void>;
};

/** Opens the server on loopback, on a free port unless one is given. */
export async function openSmtpServer(options: SmtpOptions = {}): Promise<SmtpTestServer> {
  const { pipelining = true, extensions = [] } = options;
  let script = options.script;
  const received: ReceivedMessage[] = [];
  const taken: ReceivedMessage[] = [];
  const sockets = new Set<Socket>();
  const counts = { peak: 0, opened: 0, pipelined: 0 };

  const server = createServer((socket) => {
    sockets.add(socket);
    counts.opened++;
    // A connection that was ended on both sides tells of its close only after one that comes in its place was let in.
    const open = [...sockets].filter(({ destroyed, writableEnded }) => !destroyed && !writableEnded);
    counts.peak = Math.max(counts.peak, open.length);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    converse(socket).catch(() => socket.destroy());
  });

  async function converse(socket: Socket): Promise<void> {
    const state = { from: "", to: "", before: 0 };
    let pending = Buffer.alloc(0);
    let reading = false;
    let inData = false;

    const ask = async (stage: SmtpStep["stage"], raw = Buffer.alloc(0)) => script?.({ stage, ...state, raw });
    /** Sends a reply and says whether it was a yes. */
    async function reply(answer: SmtpReply, yes: string): Promise<boolean> {
      if (answer === "drop") {
        socket.destroy();
        return false;
      }
      if (answer === "stall") return new Promise(() => {});
      const line = answer?.replace(/^close: /, "") ?? yes;
      socket.write(`${line}\r\n`);
      if (answer?.startsWith("close: ")) socket.end();
      return /^[23]/.test(line);
    }

    async function command(line: string): Promise<void> {
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === "EHLO") {
        const lines = ["smtp.test", ...(pipelining ? ["PIPELINING"] : []), ...extensions];
        socket.write(lines.map((text, at) => `250${at === lines.length - 1 ? " " : "-"}${text}\r\n`).join(""));
      } else if (verb === "MAIL") {
        if (state.from) return void (await reply("503 5.5.1 nested MAIL command", ""));
        const from = /<(.*?)>/.exec(line)?.[1] ?? "";
        state.from = from;
        if (!(await reply(await ask("mail"), "250 2.1.0 ok"))) state.from = "";
      } else if (verb === "RCPT") {
        if (!state.from) return void (await reply("503 5.5.1 need MAIL first", ""));
        state.to = /<(.*?)>/.exec(line)?.[1] ?? "";
        if (!(await reply(await ask("rcpt"), "250 2.1.5 ok"))) state.to = "";
      } else if (verb === "DATA") {
        if (!state.to) return void (await reply("503 5.5.1 need RCPT first", ""));
        inData = await reply(await ask("data"), "354 go on");
      } else if (verb === "RSET") {
        Object.assign(state, { from: "", to: "" });
        socket.write("250 2.0.0 ok\r\n");
      } else if (verb === "QUIT") socket.end("221 2.0.0 bye\r\n");
      else socket.write("500 5.5.2 what?\r\n");
    }

    async function message(stuffed: Buffer): Promise<void> {
      inData = false;
      const raw = Buffer.from(stuffed.toString("latin1").replace(/^\.\./gm, "."), "latin1");
      const whole = { from: state.from, to: state.to, raw, at: new Date() };
      taken.push(whole);
      if (await reply(await ask("message", raw), "250 2.0.0 queued")) {
        received.push(whole);
        state.before++;
      }
      Object.assign(state, { from: "", to: "" });
    }

    async function read(): Promise<void> {
      if (reading) return;
      reading = true;
      while (!socket.destroyed) {
        const end = inData ? endOfMessage(pending) : pending.indexOf("\r\n");
        if (end < 0) break;
        if (inData) {
          const stuffed = pending.subarray(0, end);
          pending = pending.subarray(pending[0] === 0x2e && end === 0 ? 3 : end + 3);
          if (pending.subarray(0, 4).toString() === "MAIL") counts.pipelined++;
          await message(stuffed);
        } else {
          const line = pending.subarray(0, end).toString("utf8");
          pending = pending.subarray(end + 2);
          await command(line);
        }
      }
      reading = false;
    }

    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      read().catch(() => socket.destroy());
    });
    await reply(await ask("connect"), "220 smtp.test ready");
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    received,
    taken,
    open: () => sockets.size,
    peak: () => counts.peak,
    opened: () => counts.opened,
    pipelined: () => counts.pipelined,
    script: (next) => {
      script = next;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Where the message ends, its last CRLF counted in; -1 while the lone dot has not come. */
function endOfMessage(pending: Buffer): number {
  if (pending.subarray(0, 3).toString() === ".\r\n") return 0;
  const dot = pending.indexOf("\r\n.\r\n");
  return dot < 0 ? -1 : dot + 2;
}
