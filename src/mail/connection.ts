// How is a mail server reached? nodemailer connects, does TLS and logs in; the socket then speaks our pipelined dialogue.
import type { Socket } from "node:net";
import { parseConnectionUrl } from "nodemailer/lib/shared";
import SMTPConnection from "nodemailer/lib/smtp-connection";

export type Reached = {
  socket: Socket;
  /** What the server offers, e.g. `PIPELINING`, `SMTPUTF8`, `8BITMIME`, `SIZE` (RFC 1869), as of the last EHLO. */
  extensions: string[];
};

/** A server that refused us before any message: what it said, with its code where it said one. */
export type ConnectFailure = Error & { responseCode?: number; response?: string; code?: string };

/** Connects to `smtp://` or `smtps://user:password@host:port`, with STARTTLS where offered; rejects with a ConnectFailure. */
export async function reach(smtpUrl: string): Promise<Reached> {
  const { auth, ...options } = parseConnectionUrl(smtpUrl) as SMTPConnection.Options & { auth?: Login };
  const connection = new SMTPConnection({
    ...options,
    connectionTimeout: 15_000,
    greetingTimeout: 30_000,
    socketTimeout: 60_000,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      connection.on("error", reject);
      connection.on("end", () => reject(new Error("the mail server closed the connection")));
      connection.connect((error) => (error ? reject(error) : resolve()));
    });
    if (auth)
      await new Promise<void>((resolve, reject) => {
        connection.login(auth, (error) => (error ? reject(error) : resolve()));
      });
  } catch (error) {
    connection.close();
    throw error;
  }
  const { _socket: socket } = connection as unknown as { _socket: Socket };
  const extensions = (connection as unknown as { _supportedExtensions?: string[] })._supportedExtensions ?? [];
  // From here on the socket is ours: what nodemailer would do with an answer must not happen.
  for (const event of ["data", "end", "close", "error", "timeout"]) socket.removeAllListeners(event);
  socket.setTimeout(0);
  socket.setNoDelay(true);
  return { socket, extensions };
}

/** Whether the server lets us in, by the way that mail takes, without sending any; rejects with a ConnectFailure. */
export async function shakeHands(smtpUrl: string): Promise<void> {
  const { socket } = await reach(smtpUrl);
  socket
    .on("error", () => {})
    .resume()
    .end("QUIT\r\n");
}

type Login = { user: string; pass: string };
