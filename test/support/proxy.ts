// A way to a server that a test may cut, and one address for a server whose port changes.
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";

export type Proxy = { port: number; close: () => Promise<void> };

/**
 * Passes on what is said to the server that `target` names when a connection is made. Where `loses` says so of something asked,
 * the asker's connection breaks at once, and the server hears and does it a little later.
 */
export async function openProxy(target: () => URL, loses: (asked: Buffer) => boolean = () => false): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = createConnection(Number(target().port), "127.0.0.1");
    let lost = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    near.on("data", (asked: Buffer) => {
      lost = loses(asked);
      if (!lost) far.write(asked);
      else setTimeout(() => far.end(asked), 300);
      if (lost) near.destroy();
    });
    far.pipe(near);
    far.on("close", () => near.destroy());
    near.on("close", () => {
      if (!lost) far.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
