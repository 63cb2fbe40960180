// Which mailbox do commands send into, when several services run or ran on one folder?
import { mkdtemp, readdir, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findKnownMailbox, makeMailboxKnown } from "../src/known-mailbox.ts";

let folder = "";
const servers: Server[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "paperboy-mailbox-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(folder, { recursive: true, force: true });
});

async function listen(): Promise<string> {
  const server = createServer((socket) => socket.destroy());
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("a service that was started twice by mistake is still known when the second one has given up", async () => {
  const [first, second] = [await listen(), await listen()];
  await makeMailboxKnown(folder, first);
  const forget = await makeMailboxKnown(folder, second);
  expect(await findKnownMailbox(folder)).toBe(second);
  await forget();
  expect(await findKnownMailbox(folder)).toBe(first);
});

it("the only service takes back what it made known", async () => {
  await (await makeMailboxKnown(folder, await listen()))();
  expect(await findKnownMailbox(folder)).toBeUndefined();
  expect(await readdir(folder)).toEqual([]);
});
