import { expect, it } from "vitest";
import { highlight } from "../../src/core/match/highlight.ts";

it("marks terms with hyphens, slashes and other marks of regular expressions as they stand", () => {
  const text = "Tool-using agents (C++) read/write [safely]";
  const segments = highlight(text, ["tool-using", "C++", "read/write", "[safely]"]);
  expect(segments.map((segment) => segment.text).join("")).toBe(text);
  expect(segments.filter(({ hit }) => hit).map((segment) => segment.text)).toEqual([
    "Tool-using",
    "C++",
    "read/write",
    "[safely]",
  ]);
});

it("marks whole words only, in any script, and comes to an end on signs of two halves", () => {
  const marked = (text: string, ...terms: string[]) =>
    highlight(text, terms)
      .map(({ text: piece, hit }) => (hit ? `[${piece}]` : piece))
      .join("");
  expect(marked("Models model remodel model", "model")).toBe("Models [model] remodel [model]");
  expect(marked("élan elan, ÉLAN", "élan")).toBe("[élan] elan, [ÉLAN]");
  expect(marked("𝒳x 𝒳-net a𝒳-net", "𝒳-net")).toBe("𝒳x [𝒳-net] a𝒳-net");
  expect(marked("a😀x😀x 😀x", "😀x")).toBe("a😀x😀x [😀x]");
  expect(marked("two  words\nhere", "two words here")).toBe("[two  words\nhere]");
});

it("marks a phrase also where brackets or a comma stand between its words", () => {
  const segments = highlight("The key-value (KV) cache, KV cache and kv. Cache", ["KV cache"]);
  expect(segments.filter(({ hit }) => hit).map(({ text }) => text)).toEqual(["KV) cache", "KV cache"]);
});
