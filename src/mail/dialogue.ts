// How does one connection carry many messages? SMTP (RFC 5321) with PIPELINING (RFC 2920): the next envelope goes out with the
// final dot of the message before it, so that a message costs one round trip.
import type { Socket } from "node:net";
import type { Answer } from "../core/answers.ts";

export type Envelope = { from: string; to: string };
/** A message on its way; `wanted` is asked when its turn comes, `settle` is called once, with how it ended. */
export type Entry = {
  envelope: Envelope;
  raw: Buffer;
  wanted: (() => boolean) | undefined;
  /** Called before `settle` where nobody will read `raw` any more: the server answered, and all of it had left. */
  release?: (() => void) | undefined;
  settle: (answer: Answer) => void;
};
export type DialogueHooks = {
  /** The next message, or undefined when there is none for now; `wake` asks again. */
  take: () => Entry | undefined;
  /** Nothing is under way; the connection stays open. */
  idle: () => void;
  /** The connection is over; every entry it held is settled. */
  over: () => void;
  /** A message that certainly was not taken because the server would not go on here: it may go through another connection. */
  back: (entry: Entry, answer: Answer) => void;
};
export type Dialogue = {
  wake: () => void;
  /** Finishes what is under way, then says QUIT; also ends by itself when the server does not. */
  quit: () => void;
  /** Cuts the connection at once. */
  destroy: () => void;
};

type Step = "mail" | "rcpt" | "data" | "dot" | "reset" | "quit";
type Waiting = { step: Step; entry: Flight | undefined };
type Refused = Extract<Answer, { kind: "refused" }>;
type Flight = Entry & { refusal: Refused | undefined; handedOver: boolean };

const COMMAND_MS = 60_000;
/** RFC 5321 §4.5.3.2.6 asks for ten minutes; a relay that takes three is as good as gone, and the message goes once more. */
const DOT_MS = 180_000;
const QUIT_MS = 5_000;
const limitMs = (step: Step) => (step === "dot" ? DOT_MS : step === "quit" ? QUIT_MS : COMMAND_MS);
const MAX_REPLY = 65_536;
const DOT = Buffer.from(".\r\n", "latin1");

/** Speaks on a socket that is connected and greeted; `extensions` as the server offered them. */
export function openDialogue(socket: Socket, extensions: string[], hooks: DialogueHooks): Dialogue {
  const pipelining = extensions.includes("PIPELINING");
  const waiting: Waiting[] = [];
  let current: Flight | undefined;
  let text = "";
  const lines: string[] = [];
  let quitting = false;
  let ended = false;
  let accepted = 0;
  let timer: NodeJS.Timeout | undefined;
  let looksAt = 0;
  let deadline = Number.POSITIVE_INFINITY;

  function expect(step: Step, entry?: Flight): void {
    waiting.push({ step, entry });
    if (waiting.length === 1) watch();
  }

  /** One timer for all steps: it looks when the answer that was waited for last would be late. */
  function watch(): void {
    const [first] = waiting;
    deadline = first ? performance.now() + limitMs(first.step) : Number.POSITIVE_INFINITY;
    if (first && (!timer || deadline < looksAt)) look(deadline);
  }

  function look(at: number): void {
    clearTimeout(timer);
    looksAt = at;
    timer = setTimeout(
      () => {
        timer = undefined;
        const [first] = waiting;
        if (!first) return;
        if (performance.now() < deadline) look(deadline);
        else end(`no answer to ${first.step.toUpperCase()} within ${limitMs(first.step) / 1000} s`);
      },
      Math.ceil(at - performance.now()),
    ).unref();
  }

  /** Writes the envelope of the next message, if there is one; the caller corks where more is to go with it. */
  function begin(): void {
    while (!current && !quitting && !ended) {
      const entry = hooks.take();
      if (!entry) return;
      const command = mailCommand(entry, extensions);
      if (entry.wanted?.() === false) entry.settle({ kind: "unwanted" });
      else if (command) start(entry, command);
      else entry.settle({ kind: "refused", code: 553, response: "553 5.6.7 this mail server takes no such address" });
    }
  }

  function start(entry: Entry, command: string): void {
    current = { ...entry, refusal: undefined, handedOver: false };
    socket.write(pipelining ? `${command}RCPT TO:<${entry.envelope.to}>\r\nDATA\r\n` : command);
    for (const step of pipelining ? (["mail", "rcpt", "data"] as const) : (["mail"] as const)) expect(step, current);
  }

  function hear(code: number, response: string): void {
    const { step, entry } = waiting.shift() ?? {};
    watch();
    const answer: Refused = { kind: "refused", code, response, ...(step === "mail" ? { ofSender: true } : {}) };
    const isGood = code >= 200 && code < 300;
    // A 421 may come at any time (RFC 5321 §3.8): the server is about to close.
    if (step === undefined || step === "quit") end(response);
    else if (step === "reset" && isGood) next();
    else if (step === "reset" || !entry) end(response);
    else if (step === "mail" || step === "rcpt") hearEnvelope(step, entry, answer);
    else if (step === "data" && code === 354) handOver(entry);
    else if (step === "data") giveUp(entry, entry.refusal ?? answer);
    else hearDot(entry, isGood ? { kind: "accepted", response } : answer);
  }

  function hearEnvelope(step: "mail" | "rcpt", entry: Flight, answer: Refused): void {
    if (answer.code >= 300) entry.refusal ??= answer;
    if (answer.code === 421) end(answer.response);
    else if (!pipelining && entry.refusal) giveUp(entry, entry.refusal);
    else if (!pipelining) {
      socket.write(step === "mail" ? `RCPT TO:<${entry.envelope.to}>\r\n` : "DATA\r\n");
      expect(step === "mail" ? "rcpt" : "data", entry);
    }
  }

  function handOver(entry: Flight): void {
    current = undefined;
    socket.cork();
    if (!entry.refusal) {
      entry.handedOver = true;
      socket.write(stuffed(entry.raw));
    }
    // After a refused envelope that the server still took DATA for, the lone dot ends an empty message (RFC 2920 §3.1).
    socket.write(DOT);
    expect("dot", entry);
    if (pipelining) begin();
    socket.uncork();
  }

  function hearDot(entry: Flight, answer: Answer): void {
    // A server may answer before it has read everything; then these bytes are still being written.
    if (socket.writableLength === 0) entry.release?.();
    entry.settle(entry.refusal ?? answer);
    if (answer.kind === "accepted" && !entry.refusal) accepted++;
    if ("code" in answer && answer.code === 421) end(answer.response);
    else next();
  }

  /** The envelope was refused: the transaction is taken back, and the next message begins. */
  function giveUp(entry: Flight, answer: Answer): void {
    current = undefined;
    entry.settle(answer);
    socket.cork();
    socket.write("RSET\r\n");
    expect("reset");
    if (pipelining) begin();
    socket.uncork();
  }

  function next(): void {
    if (ended || current) return;
    if (pipelining || waiting.length === 0) begin();
    if (current || waiting.length > 0 || ended) return;
    if (quitting) {
      socket.write("QUIT\r\n");
      expect("quit");
    } else hooks.idle();
  }

  /** Settles what is left: handed over without an answer is uncertain, everything else certainly did not arrive. */
  function end(reason: string): void {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    socket.destroy();
    const held = new Set([...waiting.map(({ entry }) => entry), current].filter((entry) => entry !== undefined));
    for (const entry of held) settleLost(entry, reason);
    hooks.over();
  }

  function settleLost(entry: Flight, reason: string): void {
    const { refusal, handedOver } = entry;
    const closed = refusal?.code === 421 || !refusal;
    if (handedOver) entry.settle({ kind: "uncertain", error: reason });
    else if (closed && accepted > 0) hooks.back(entry, refusal ?? { kind: "unreachable", error: reason });
    else entry.settle(refusal ?? { kind: "unreachable", error: reason });
  }

  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    let start = 0;
    for (let at = text.indexOf("\n"); at >= 0 && !ended; at = text.indexOf("\n", start)) {
      const line = text.slice(start, at).replace(/\r$/, "");
      start = at + 1;
      const found = /^(\d{3})([- ]|$)/.exec(line);
      if (!found) return end(`the mail server said something that is no answer: ${line.slice(0, 100)}`);
      lines.push(line);
      if (found[2] === "-") continue;
      hear(Number(found[1]), lines.splice(0).join(" "));
    }
    text = text.slice(start);
    if (text.length > MAX_REPLY || lines.length > 1_000) end("the mail server's answer never ended");
  });
  socket.on("error", (error) => end(error.message));
  socket.on("close", () => end("the mail server closed the connection"));
  socket.on("end", () => end("the mail server closed the connection"));

  return {
    wake: next,
    quit() {
      quitting = true;
      next();
    },
    destroy: () => end("we closed the connection"),
  };
}

/** MAIL with what the server offers; undefined where the addresses cannot be said to this server. */
function mailCommand({ envelope: { from, to }, raw }: Entry, extensions: string[]): string | undefined {
  if (/[<>\s\p{Cc}]/u.test(from + to)) return undefined;
  const isAscii = /^[ -~]*$/.test(from + to);
  if (!isAscii && !extensions.includes("SMTPUTF8")) return undefined;
  const size = extensions.includes("SIZE") ? ` SIZE=${raw.length}` : "";
  return `MAIL FROM:<${from}>${size}${isAscii ? "" : " SMTPUTF8 BODY=8BITMIME"}\r\n`;
}

/** With a dot before each leading dot (RFC 5321 §4.5.2), and a line break at the end; what the composer writes needs neither. */
function stuffed(raw: Buffer): Buffer {
  const endsLine = raw.length >= 2 && raw[raw.length - 2] === 13 && raw[raw.length - 1] === 10;
  if (endsLine && raw[0] !== 46 && raw.indexOf("\r\n.") < 0) return raw;
  const text = raw.toString("latin1").replace(/^\./gm, "..");
  return Buffer.from(endsLine ? text : `${text}\r\n`, "latin1");
}
