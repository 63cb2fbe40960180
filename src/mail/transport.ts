// How does a ready message reach the mail server? nodemailer's pooled transport, and what its answers were.
import { createTransport, type TransportOptions } from "nodemailer";
import type { Answer } from "../core/answers.ts";

export type Envelope = { from: string; to: string };
export type Transport = {
  /** Sends the bytes as they are; never rejects, every way it can end is an answer. */
  send: (envelope: Envelope, raw: Buffer) => Promise<Answer>;
  close: () => Promise<void>;
};

type Failure = Error & { code?: string; responseCode?: number; response?: string; command?: string };

/** Opens a pool of at most `connections` to `smtpUrl`; `rate` is messages a second, 0 for no limit. */
export function openTransport({
  smtpUrl,
  connections,
  rate,
}: {
  smtpUrl: string;
  connections: number;
  rate: number;
}): Transport {
  const pool = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: connections,
    maxMessages: Number.POSITIVE_INFINITY,
    ...(rate > 0 ? { rateDelta: 1_000, rateLimit: rate } : {}),
    connectionTimeout: 15_000,
    greetingTimeout: 15_000,
    socketTimeout: 60_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  } as TransportOptions);
  return {
    async send(envelope, raw) {
      try {
        const { response } = (await pool.sendMail({ envelope, raw })) as { response: string };
        return { kind: "accepted", response };
      } catch (error) {
        return readFailure(error as Failure);
      }
    },
    async close() {
      pool.close();
    },
  };
}

function readFailure({ responseCode, response, command, message, code }: Failure): Answer {
  if (responseCode) return { kind: "refused", code: responseCode, response: response ?? message };
  const error = `${code ?? "lost"}: ${message}`;
  return command === "DATA" || code === "EMESSAGE" ? { kind: "uncertain", error } : { kind: "unreachable", error };
}
