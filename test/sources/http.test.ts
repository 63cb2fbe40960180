// Is a source asked politely: one request at a time, with intervals, pauses and tries again that it chooses?
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { driveClock, openTestHttp, startSource } from "../support/fake-source.ts";

test("requests of one lane start three seconds apart, over all hosts of the lane", async () => {
  const clock = driveClock("2026-03-03T12:00:00Z");
  const starts: number[] = [];
  const note = () => {
    starts.push(clock.now().getTime());
    return { body: "ok" };
  };
  const [one, other] = [await startSource(note), await startSource(note)];
  const http = openTestHttp(clock);
  const polite = { lane: "arxiv", minIntervalMs: 3_000 };
  await Promise.all([one, other, one, other].map(({ url }) => http.get(url, polite)));
  expect(starts.map((at) => at - (starts[0] ?? 0))).toEqual([0, 3_000, 6_000, 9_000]);
  expect(clock.slept).toEqual([3_000, 3_000, 3_000]);
});

test("a host gets one connection, however many ask at once", async () => {
  let open = 0;
  let most = 0;
  const server = createServer((_request, response) => setTimeout(() => response.end("ok"), 10));
  server.on("connection", (socket) => {
    most = Math.max(most, ++open);
    socket.on("close", () => open--);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const http = openTestHttp(driveClock("2026-03-03T12:00:00Z"));
  const lanes = ["a", "b", "c"];
  const answers = await Promise.all(lanes.flatMap((lane) => [http.get(url, { lane }), http.get(url, { lane })]));
  expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
  expect(most).toBe(1);
  server.closeAllConnections();
  server.close();
});

describe("429 and 503", () => {
  test.each([
    [429, "30", 30_000],
    [503, "Tue, 03 Mar 2026 12:00:45 GMT", 45_000],
  ])("%d is tried again after Retry-After: %s", async (status, value, waitMs) => {
    const clock = driveClock("2026-03-03T12:00:00Z");
    let asked = 0;
    const source = await startSource(() =>
      asked++ === 0 ? { status, headers: { "retry-after": value } } : { body: "ok" },
    );
    const answer = await openTestHttp(clock).get(source.url);
    expect(answer.body.toString()).toBe("ok");
    expect(clock.slept).toEqual([waitMs]);
  });

  test("without Retry-After are tried four times, waiting twice as long each time", async () => {
    const clock = driveClock("2026-03-03T12:00:00Z");
    const source = await startSource(() => ({ status: 503, body: "<html>Backend fetch failed</html>" }));
    await expect(openTestHttp(clock).get(source.url)).rejects.toThrow(/^127\.0\.0\.1:\d+ answers 503\.$/);
    expect(source.asked).toHaveLength(4);
    expect(clock.slept).toEqual([2_000, 4_000, 8_000]);
  });

  test("that ask for more patience than one run has end the run, with the time to come again", async () => {
    const clock = driveClock("2026-03-03T12:00:00Z");
    const source = await startSource(() => ({ status: 429, headers: { "retry-after": "3600" } }));
    const http = openTestHttp(clock);
    const failure = await http.get(source.url).catch((error) => error);
    expect(failure.message).toMatch(/asks us to slow down \(429\)\.$/);
    expect(failure.retryAt).toEqual(new Date("2026-03-03T13:00:00Z"));
    // Nobody else of this process asks before then either.
    const next = await http.get(source.url).catch((error) => error);
    expect(next.message).toMatch(/asked us to wait\.$/);
    expect(source.asked).toHaveLength(1);
  });
});

test("an allowance that is used up makes the next request wait until it is renewed", async () => {
  const clock = driveClock("2026-03-03T12:00:00Z");
  const source = await startSource(() => ({ body: "[]", headers: { ratelimit: '"api";r=0;t=56' } }));
  const http = openTestHttp(clock);
  await http.get(source.url);
  await http.get(source.url);
  expect(clock.slept).toEqual([56_000]);
  source.answer = () => ({ body: "[]", headers: { ratelimit: '"api";r=12;t=56' } });
  await http.get(source.url);
  await http.get(source.url);
  expect(clock.slept).toEqual([56_000, 56_000]);
});

test("a time-out is a failure, tried again, and never an empty answer", async () => {
  const clock = driveClock("2026-03-03T12:00:00Z");
  const source = await startSource(() => ({ silent: true }));
  await expect(openTestHttp(clock).get(source.url)).rejects.toThrow(/did not answer in time\.$/);
  expect(source.asked).toHaveLength(4);
});

test("a connection that is refused, and a name that nobody has, are told apart", async () => {
  const clock = driveClock("2026-03-03T12:00:00Z");
  const source = await startSource(() => ({}));
  await source.close();
  const http = openTestHttp(clock);
  await expect(http.get(source.url)).rejects.toThrow(/refuses the connection\.$/);
  await expect(http.get("http://no-such-host.invalid/")).rejects.toThrow(
    /(cannot be found by name|cannot be reached)\.$/,
  );
});

test("one failure does not stop those who wait in the same lane", async () => {
  const clock = driveClock("2026-03-03T12:00:00Z");
  const source = await startSource((url) => (url.pathname === "/bad" ? { status: 500 } : { body: "ok" }));
  const http = openTestHttp(clock);
  const [bad, good] = await Promise.allSettled([http.get(`${source.url}/bad`), http.get(`${source.url}/good`)]);
  expect([bad?.status, good?.status]).toEqual(["rejected", "fulfilled"]);
});
