import { expect, it } from "vitest";
import { highlight } from "../../src/core/highlight.ts";

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
