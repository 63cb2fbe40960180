// A real DNS server on loopback that knows only what a test says; all else does not exist.
import { createSocket } from "node:dgram";
import type { AddressInfo } from "node:net";

export type Zone = Record<string, Partial<{ TXT: string[]; A: string[]; MX: string[]; PTR: string[] }>>;
const types: Record<number, "A" | "PTR" | "MX" | "TXT"> = { 1: "A", 12: "PTR", 15: "MX", 16: "TXT" };

/** Answers from `zone`, which a test may change while it runs; `address` is `127.0.0.1:PORT`. */
export async function openDnsServer(zone: Zone): Promise<{ address: string; close: () => Promise<void> }> {
  const server = createSocket("udp4");
  server.on("message", (question, from) => server.send(answerTo(question, zone), from.port, from.address));
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function answerTo(question: Buffer, zone: Zone): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.subarray(at + 1, at + 1 + length).toString("latin1"));
    at += 1 + length;
  }
  const type = types[question.readUInt16BE(at + 1)];
  const asked = question.subarray(12, at + 5);
  const known = zone[labels.join(".").toLowerCase()];
  const records = (known && type && known[type]) ?? [];
  const header = Buffer.alloc(12);
  question.copy(header, 0, 0, 2);
  header.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  const answers = records.map((value) => {
    const data = type === undefined ? Buffer.alloc(0) : encode(type, value);
    const head = Buffer.from([
      0xc0,
      12,
      0,
      question[at + 2] ?? 0,
      0,
      1,
      0,
      0,
      0,
      60,
      data.length >> 8,
      data.length & 255,
    ]);
    return Buffer.concat([head, data]);
  });
  return Buffer.concat([header, asked, ...answers]);
}

function encode(type: "A" | "PTR" | "MX" | "TXT", value: string): Buffer {
  if (type === "A") return Buffer.from(value.split(".").map(Number));
  if (type === "PTR") return name(value);
  if (type === "MX") return Buffer.concat([Buffer.from([0, 10]), name(value)]);
  const parts = value.match(/.{1,200}/gs) ?? [""];
  return Buffer.concat(parts.map((part) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part)])));
}

function name(text: string): Buffer {
  const labels = text.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
