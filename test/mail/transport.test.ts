// What can an SMTP server do to us? Every way a message can end is one answer, and what was taken is never sent again here.
import { type AddressInfo, createServer } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterEach, describe, expect, it } from "vitest";
import type { Answer } from "../../src/core/answers.ts";
import { openTransport, type Transport } from "../../src/mail/transport.ts";
import { openSmtpServer, type SmtpOptions, type SmtpStep, type SmtpTestServer } from "../support/smtp.ts";

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function connect(options: SmtpOptions = {}, settings: { connections?: number; rate?: number } = {}) {
  const server = await openSmtpServer(options);
  const transport = openTransport({ smtpUrl: server.url, connections: 1, rate: 0, ...settings });
  open.push(
    () => server.close(),
    () => transport.close(),
  );
  return { server, transport };
}

const body = (text: string) => Buffer.from(`Subject: x\r\n\r\n${text}\r\n`);
const send = (transport: Transport, to: string, text = to): Promise<Answer> =>
  transport.send({ envelope: { from: "b+1@example.org", to }, raw: body(text) });
const sendAll = (transport: Transport, readers: string[]) => Promise.all(readers.map((to) => send(transport, to)));
const readers = (count: number) => Array.from({ length: count }, (_, at) => `r${at}@example.org`);
const accepted = { kind: "accepted", response: "250 2.0.0 queued" };
const receivedBy = (server: SmtpTestServer) => server.received.map(({ to }) => to);

describe.each([{ pipelining: true }, { pipelining: false }])(
  "a server with pipelining $pipelining",
  ({ pipelining }) => {
    it("takes many messages over one connection, each whole and in order", async () => {
      const { server, transport } = await connect({ pipelining });
      expect(await sendAll(transport, readers(20))).toEqual(Array.from({ length: 20 }, () => accepted));
      expect(receivedBy(server)).toEqual(readers(20));
      expect(server.received[7]?.raw.toString()).toBe("Subject: x\r\n\r\nr7@example.org\r\n");
      expect(server.opened()).toBe(1);
      expect(server.pipelined()).toBe(pipelining ? 19 : 0);
    });

    it.each([
      ["mail", "550 5.1.8 sender unknown"],
      ["rcpt", "550 5.1.1 no such user"],
      ["rcpt", "450 4.2.1 try later"],
      ["data", "451 4.3.0 not now"],
      ["message", "554 5.6.0 we do not like it"],
    ] as const)("that refuses one at %s with %s takes the others", async (stage, said) => {
      const script = (step: SmtpStep) =>
        step.stage === stage && (step.to === "r2@example.org" || (stage === "mail" && step.from === "bad@example.org"))
          ? said
          : undefined;
      const { server, transport } = await connect({ pipelining, script });
      const answers = await Promise.all(
        readers(5).map((to, at) =>
          transport.send({
            envelope: { from: at === 2 && stage === "mail" ? "bad@example.org" : "b@example.org", to },
            raw: body(to),
          }),
        ),
      );
      expect(answers[2]).toMatchObject({ kind: "refused", code: Number(said.slice(0, 3)), response: said });
      expect(answers.filter(({ kind }) => kind === "accepted")).toHaveLength(4);
      expect(receivedBy(server)).toEqual(readers(5).filter((to) => to !== "r2@example.org"));
    });

    it("that is lost between the message and its answer leaves that one uncertain, and the next go over a new connection", async () => {
      const script = (step: SmtpStep) =>
        step.stage === "message" && step.to === "r2@example.org" ? "drop" : undefined;
      const { server, transport } = await connect({ pipelining, script });
      const answers = await sendAll(transport, readers(6));
      expect(answers.map(({ kind }) => kind)).toEqual([
        "accepted",
        "accepted",
        "uncertain",
        "accepted",
        "accepted",
        "accepted",
      ]);
      expect(receivedBy(server)).toEqual(readers(6).filter((to) => to !== "r2@example.org"));
      expect(server.taken).toHaveLength(6);
    });

    it("that closes after some messages is reached again, and none is lost or doubled", async () => {
      const script = (step: SmtpStep) =>
        step.stage === "mail" && step.before >= 3 ? "close: 421 4.7.0 enough" : undefined;
      const { server, transport } = await connect({ pipelining, script });
      expect(await sendAll(transport, readers(10))).toEqual(Array.from({ length: 10 }, () => accepted));
      expect(receivedBy(server)).toEqual(readers(10));
      expect(server.opened()).toBe(4);
    });

    it("that drops the connection at the envelope did not get the message: it goes once more, not for ever", async () => {
      const { server, transport } = await connect({
        pipelining,
        script: (step) => (step.stage === "rcpt" && step.to === "r1@example.org" ? "drop" : undefined),
      });
      const answers = await sendAll(transport, readers(3));
      expect(answers.map(({ kind }) => kind)).toEqual(["accepted", "unreachable", "accepted"]);
      expect(receivedBy(server)).toEqual(["r0@example.org", "r2@example.org"]);
    });
  },
);

describe("a message's memory", () => {
  it("is given back before the answer is told", async () => {
    const { transport } = await connect();
    const told: string[] = [];
    const answer = transport.send({
      envelope: { from: "a@example.org", to: "b@example.org" },
      raw: body("x"),
      release: () => told.push("released"),
    });
    await answer.then(({ kind }) => told.push(kind));
    expect(told).toEqual(["released", "accepted"]);
  });

  it("is kept where a server answers before it has read everything, so that nobody's mail gets into another's", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.write("220 hasty\r\n");
      socket.on("data", (bytes) => {
        const said = bytes.toString("latin1");
        if (said.startsWith("EHLO")) socket.write("250 hasty\r\n");
        else if (!said.startsWith("DATA")) socket.write("250 ok\r\n");
        else {
          socket.pause();
          socket.write("354 go on\r\n");
          setTimeout(() => socket.write("250 taken unread\r\n"), 200);
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const smtpUrl = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const transport = openTransport({ smtpUrl, connections: 1, rate: 0 });
    open.push(async () => void server.close());
    let released = false;
    const answer = await transport.send({
      envelope: { from: "a@example.org", to: "b@example.org" },
      raw: Buffer.alloc(30_000_000, "x\r\n"),
      release: () => {
        released = true;
      },
    });
    expect(answer.kind).toBe("accepted");
    expect(released).toBe(false);
  });
});

describe("what is sent", () => {
  it("comes out as it went in, leading dots and a missing last line break too", async () => {
    const { server, transport } = await connect();
    const raw = Buffer.from(".first\r\n..second\r\n.\r\nlast");
    await transport.send({ envelope: { from: "a@example.org", to: "b@example.org" }, raw });
    expect(server.received[0]?.raw.toString()).toBe(".first\r\n..second\r\n.\r\nlast\r\n");
  });

  it("never lets an address end the command", async () => {
    const { server, transport } = await connect();
    const answer = await send(transport, "a@example.org>\r\nRCPT TO:<b@example.org", "x");
    expect(answer).toMatchObject({ kind: "refused", code: 553 });
    expect(await send(transport, "ok@example.org")).toEqual(accepted);
    expect(receivedBy(server)).toEqual(["ok@example.org"]);
  });

  it("goes to an address beyond ASCII only where the server takes it", async () => {
    const plain = await connect();
    expect(await send(plain.transport, "ü@example.org")).toMatchObject({ kind: "refused", code: 553 });
    const international = await connect({ extensions: ["SMTPUTF8", "8BITMIME"] });
    expect(await send(international.transport, "ü@example.org")).toEqual(accepted);
    expect(receivedBy(international.server)).toEqual(["ü@example.org"]);
  });
});

describe("connections", () => {
  it("come when this process may have some again, for messages that waited without any", async () => {
    const server = await openSmtpServer();
    let share = 0;
    const slots = { share: () => share, take: async () => (share > 0 ? { release() {} } : undefined) };
    const transport = openTransport({ smtpUrl: server.url, connections: 2, rate: 0, slots });
    open.push(
      () => server.close(),
      () => transport.close(),
    );
    const sent = sendAll(transport, readers(3));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.opened()).toBe(0);
    share = 1;
    expect(await sent).toEqual([accepted, accepted, accepted]);
  });

  it("are at most as many as allowed, and share the work", async () => {
    const { server, transport } = await connect({}, { connections: 3 });
    const answers = await sendAll(transport, readers(60));
    expect(answers.every(({ kind }) => kind === "accepted")).toBe(true);
    expect(new Set(receivedBy(server)).size).toBe(60);
    expect(server.peak()).toBe(3);
  });

  it("keep to the rate over all of them", async () => {
    const { server, transport } = await connect({}, { connections: 2, rate: 20 });
    await sendAll(transport, readers(14));
    const times = server.received.map(({ at }) => at.getTime());
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThanOrEqual(550);
  });

  it("say what is wrong when nobody answers, at once for all that wait", async () => {
    const { server, transport } = await connect();
    await server.close();
    const answers = await sendAll(transport, readers(3));
    for (const answer of answers)
      expect(answer).toMatchObject({ kind: "unreachable", error: expect.stringContaining("ECONNREFUSED") });
  });

  it("do not take a greeting's refusal for a reader's fault", async () => {
    const { transport } = await connect({
      script: (step) => (step.stage === "connect" ? "close: 554 5.7.1 go away" : undefined),
    });
    expect(await send(transport, "a@example.org")).toMatchObject({
      kind: "unreachable",
      error: expect.stringContaining("554"),
    });
  });

  it("open only with a slot, and give it back when they end", async () => {
    const server = await openSmtpServer();
    const held = { now: 0, most: 0 };
    const slots = {
      share: () => 2,
      async take() {
        if (held.now >= 1) return undefined;
        held.most = Math.max(held.most, ++held.now);
        return { release: () => void held.now-- };
      },
    };
    const transport = openTransport({ smtpUrl: server.url, connections: 5, rate: 0, slots });
    open.push(() => server.close());
    await transport.ready();
    expect((await sendAll(transport, readers(20))).every(({ kind }) => kind === "accepted")).toBe(true);
    expect([server.peak(), held.most]).toEqual([1, 1]);
    await transport.close();
    expect(held.now).toBe(0);
  });

  it("finish what is under way when we stop, and take no more", async () => {
    const { server, transport } = await connect({}, { connections: 2 });
    const sent = sendAll(transport, readers(10));
    await transport.close();
    expect((await sent).every(({ kind }) => kind === "accepted")).toBe(true);
    expect(server.received).toHaveLength(10);
    expect(await send(transport, "late@example.org")).toMatchObject({ kind: "unreachable" });
  });
});

describe("a server that asks for more", () => {
  it.each([
    ["STARTTLS and a login", "smtp", { hideSTARTTLS: false }],
    ["TLS from the start and a login", "smtps", { secure: true }],
  ] as const)("is reached with %s", async (_name, protocol, options) => {
    const got: { secure: boolean; user: unknown; to: string }[] = [];
    const server = new SMTPServer({
      ...options,
      logger: false,
      onAuth: ({ username, password }, _session, done) =>
        password === "p w" ? done(null, { user: username }) : done(new Error("wrong password")),
      onData(stream, session, done) {
        stream.resume();
        stream.on("end", () => {
          got.push({ secure: session.secure, user: session.user, to: session.envelope.rcptTo[0]?.address ?? "" });
          done(null, "taken");
        });
      },
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.server.address() as AddressInfo;
    open.push(() => new Promise((resolve) => server.close(() => resolve())));
    const at = (password: string) =>
      openTransport({
        smtpUrl: `${protocol}://ada:${password}@127.0.0.1:${port}?tls.rejectUnauthorized=false`,
        connections: 1,
        rate: 0,
      });
    const [right, wrong] = [at("p%20w"), at("nonsense")];
    expect((await sendAll(right, readers(3))).map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted"]);
    expect(got).toEqual(readers(3).map((to) => ({ secure: true, user: "ada", to })));
    expect(await send(wrong, "a@example.org")).toMatchObject({
      kind: "unreachable",
      error: expect.stringContaining("535"),
    });
    await Promise.all([right.close(), wrong.close()]);
  });
});
