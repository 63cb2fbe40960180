// Does the sign-up form take the addresses it should, and refuse the others?
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { readAddress } from "../../src/core/readers/address.ts";

type Case = { address: string; verdict: string; signup: string; ascii?: string | null; normalized?: string | null };
const file = path.resolve(import.meta.dirname, "../../../shared/data/addresses.json");
const recorded = existsSync(file);
if (!recorded) process.stdout.write(`skipped: the recorded addresses are absent (${file})\n`);

describe("addresses", () => {
  test.each([
    ["Ada@Example.NET", "ada@example.net"],
    ["ada.lovelace+papers@example.net", "ada.lovelace+papers@example.net"],
    ["ada@bücher.example", "ada@xn--bcher-kva.example"],
  ])("%s is kept as %s", (typed, kept) => {
    expect(readAddress(typed)).toEqual({ kind: "ok", email: kept });
  });

  test.each([
    "",
    " ",
    "ada",
    "ada@",
    "@example.net",
    "Ada <ada@example.net>",
    "a b@example.net",
    "ada@example.net\r\nBcc: x@example.net",
    "ada@localhost",
    "ada@192.0.2.1",
    "ada@[192.0.2.1]",
    `${"a".repeat(2000)}@example.net`,
  ])("%j is refused with a sentence", (typed) => {
    const answer = readAddress(typed);
    expect(answer.kind).toBe("error");
    if (answer.kind === "error") expect(answer.message).toMatch(/\.$/);
  });

  test("reserved names are taken only where mail stays on the machine", () => {
    expect(readAddress("ada@host.test").kind).toBe("error");
    expect(readAddress("ada@host.test", { allowReserved: true }).kind).toBe("ok");
  });

  test.skipIf(!recorded)("every one of the recorded addresses gets its verdict", () => {
    const cases = JSON.parse(readFileSync(file, "utf8")) as Case[];
    const wrong = cases.flatMap(({ address, signup, verdict }) => {
      const expected = expectedKind(signup, verdict);
      const { kind } = readAddress(address);
      return expected === "either" || kind === expected ? [] : [{ address, signup, verdict, kind }];
    });
    expect(wrong).toEqual([]);
    expect(cases.length).toBeGreaterThanOrEqual(330);
  });

  test.skipIf(!recorded)("the recorded ASCII form is what is kept", () => {
    const cases = JSON.parse(readFileSync(file, "utf8")) as Case[];
    for (const { address, signup, ascii } of cases) {
      if (signup !== "accept" || !ascii) continue;
      expect(readAddress(address)).toEqual({ kind: "ok", email: ascii.toLowerCase() });
    }
  });
});

/** A parser's diagnosis says accept where the address is valid, and refuse where it holds an error or more than an address. */
function expectedKind(signup: string, verdict: string): "ok" | "error" | "either" {
  if (signup === "either") return "either";
  if (signup.startsWith("accept")) return "ok";
  if (signup !== "see-diagnosis") return "error";
  if (verdict === "ISEMAIL_VALID") return "ok";
  return verdict === "ISEMAIL_RFC5321_QUOTEDSTRING" ? "either" : "error";
}
