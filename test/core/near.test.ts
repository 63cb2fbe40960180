// Which words does NEAR pair, and how long does that take where both sides are common?
import { expect, test } from "vitest";
import type { Asked } from "../../src/core/match/match-rules.ts";
import { pointsOf, termsOf } from "../../src/core/match/paper-hits.ts";
import type { PaperWords } from "../../src/core/match/paper-words.ts";
import { mulberry32 } from "../support/random.ts";

const asked = (lexeme: string): Asked => ({
  kind: "words",
  lexemes: [{ lexeme, offset: 0 }],
  said: [],
  part: "whole",
  place: "anywhere",
  number: 0,
});
const near = (left: string[], right: string[], within: number): Asked & { kind: "near" } => ({
  kind: "near",
  left: left.map(asked),
  right: right.map(asked),
  within,
  number: 1,
});

/** A paper without a title whose words are these; each stands at its place, counted from 1. */
function paperOf(words: string[]): PaperWords {
  const lexemes = new Map<string, number[]>();
  for (const [at, word] of words.entries()) lexemes.set(word, [...(lexemes.get(word) ?? []), at + 1]);
  return {
    id: 1,
    title: "",
    abstract: words.join(" "),
    lexemes,
    titleEnd: 0,
    categories: [],
    organization: null,
    authors: [],
  };
}

test("common words near common words are looked for in the time of a glance, not of every pair", () => {
  const places = (from: number) => Array.from({ length: 20_000 }, (_, nth) => from + 2 * nth);
  const paper = {
    ...paperOf([]),
    lexemes: new Map([
      ["model", places(1)],
      ["data", places(2)],
    ]),
  };
  const startedAt = performance.now();
  expect(pointsOf(near(["model"], ["data"], 50), paper)).toBe(2);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test("pairs each word with its nearest, of two as near with the one that was written first in the rules", () => {
  const random = mulberry32(7);
  const pick = (most: number) => Math.floor(random() * most);
  const vocabulary = ["ant", "bee", "cat", "dog"];
  for (let time = 0; time < 300; time++) {
    const words = Array.from({ length: 12 }, () => vocabulary[pick(4)] ?? "");
    const [left, right] = [0, 1].map(() => Array.from({ length: 1 + pick(2) }, () => vocabulary[pick(4)] ?? "")) as [
      string[],
      string[],
    ];
    const within = 1 + pick(4);
    const places = (side: string[]) =>
      side.flatMap((word) => words.flatMap((known, at) => (known === word ? [at] : [])));
    const said = places(left)
      .sort((a, b) => a - b)
      .flatMap((from) => {
        const away = (to: number) => Math.abs(to - from);
        const [best] = places(right)
          .filter((to) => away(to) > 0 && away(to) <= within)
          .sort((a, b) => away(a) - away(b));
        return best === undefined ? [] : [words[from], words[best]];
      });
    expect(termsOf(near(left, right, within), paperOf(words))).toEqual([...new Set(said)]);
  }
});
