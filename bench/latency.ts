// How much does distance cost? Sending to a mail server that is 50 ms away, by round trips and connections.
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { startEmbeddedDatabase } from "../src/db/embedded.ts";
import { median } from "./numbers.ts";
import { contend, prepare, startSink, writeKeys } from "./send.ts";

const ROUNDS = 3;
const ONE_WAY_MS = 25;
const WAYS = ["decent", "paperboy rsa", "paperboy ed25519"];
const COUNTS = { 5: 400, 20: 1_500, 50: 3_000 };

/** Sends through a proxy that holds every byte for 25 ms each way; no limit on bandwidth, no slow start. */
export async function run(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "paperboy-bench-"));
  const server = await startEmbeddedDatabase({ dataDir: folder });
  const keyFile = await writeKeys(folder);
  const sink = await startSink();
  const proxy = await openDelay(sink.port);
  try {
    const each = Object.values(COUNTS).reduce((sum, count) => sum + count, 0);
    await prepare(server.url, each * WAYS.length * ROUNDS);
    console.log(`sink: ${sink.name}, 50 ms round trip; median of ${ROUNDS} alternating rounds, digests/s`);
    console.log(
      `| connections | ${WAYS.join(" | ")} | one message a round trip |\n|---|${"---|".repeat(WAYS.length + 1)}`,
    );
    let next = 1;
    for (const [connections, count] of Object.entries(COUNTS)) {
      const rates = new Map<string, number[]>(WAYS.map((way) => [way, []]));
      for (let round = 0; round < ROUNDS; round++)
        for (const way of WAYS) {
          const job = { way: way.replace(" ", "-"), databaseUrl: server.url, smtpUrl: proxy.url, keyFile };
          const sent = await contend({ ...job, connections: Number(connections), from: next, to: next + count - 1 });
          next += count;
          rates.get(way)?.push(count / sent.seconds);
        }
      const shown = WAYS.map((way) => median(rates.get(way) ?? []).toFixed(0));
      console.log(`| ${connections} | ${shown.join(" | ")} | ${Number(connections) * (1_000 / (2 * ONE_WAY_MS))} |`);
    }
  } finally {
    proxy.close();
    sink.process.kill();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function openDelay(port: number): Promise<{ url: string; close: () => void }> {
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) socket.setNoDelay(true).on("error", () => {});
    carry(near, far);
    carry(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
}

function carry(from: Socket, to: Socket): void {
  from.on("data", (bytes) => setTimeout(() => to.write(bytes), ONE_WAY_MS));
  from.on("close", () => setTimeout(() => to.destroy(), ONE_WAY_MS));
}
