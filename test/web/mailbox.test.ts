// Who gets to see the built-in mailbox? Its mails hold links that act for their readers.
import { get } from "node:http";
import { expect, test } from "vitest";
import { useApp } from "../support/app.ts";

const letter = {
  id: "m1",
  from: "a@example.org",
  to: "b@example.org",
  subject: "papers",
  date: new Date(0),
  source: "",
};
const mailbox = { list: () => [letter], find: () => letter };
const app = useApp({}, { mailbox });
const behind = useApp({ TRUST_PROXY: "1" }, { mailbox });

/** `fetch` sets the Host header by itself. */
const statusOf = (path: string, headers: Record<string, string>) =>
  new Promise<number | undefined>((resolve, reject) => {
    get(app.url + path, { headers }, (response) => resolve(response.resume().statusCode)).on("error", reject);
  });

test.each([
  ["who sits at the machine", {}, 200],
  ["who sits at it and typed another name of it", { host: "localhost:3000" }, 200],
  ["nobody who comes through a proxy that TRUST_PROXY does not count", { "x-forwarded-for": "203.0.113.9" }, 404],
  ["nobody who comes through such a proxy that speaks RFC 7239", { forwarded: "for=203.0.113.9" }, 404],
  ["no page that had its own name lead to this machine (DNS rebinding)", { host: "attacker.example" }, 404],
])("it opens for %s", async (_who, headers: Record<string, string>, status) => {
  for (const path of ["/mailbox", "/mailbox/m1", "/mailbox/m1/source", "/mailbox/m1/message.eml"])
    expect(await statusOf(path, headers)).toBe(status);
});

test("behind a proxy it opens for the address that the proxy saw", async () => {
  const statusFor = async (forwarded: string) =>
    (await behind.get("/mailbox", { headers: { "x-forwarded-for": forwarded } })).status;
  expect(await statusFor("192.168.1.7")).toBe(200);
  expect(await statusFor("192.168.1.7, 203.0.113.9")).toBe(404);
});
