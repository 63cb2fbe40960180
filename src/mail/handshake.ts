// Does the mail server let us in? Greeting, TLS and login, without sending anything.
import { createTransport } from "nodemailer";

/** Resolves when the server of `smtpUrl` greets and accepts the login; rejects with its reason. */
export async function shakeHands(smtpUrl: string): Promise<void> {
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 10_000,
  });
  try {
    await transport.verify();
  } finally {
    transport.close();
  }
}
