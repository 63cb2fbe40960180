// Does the grammar read what the page on rules promises, and name every mistake with its place?
import { describe, expect, it, test } from "vitest";
import { followRules, MAX_RULES_LENGTH, parseExclusions, parseRules, type Rule } from "../../src/core/match/rules.ts";
import { readTopicsFile } from "../../src/core/match/topics-file.ts";

/** A rule written back, so that a test can read it. */
function show(rule: Rule): string {
  if (rule.kind === "fact") return `${rule.field}:${rule.value}${weight(rule)}`;
  if (rule.kind === "near")
    return `<${rule.left.map(show).join("|")} near/${rule.within} ${rule.right.map(show).join("|")}>`;
  if (rule.kind === "term") {
    const marked = `${rule.exact ? "=" : ""}${rule.suffix ? "*" : ""}${rule.words}${rule.prefix ? "*" : ""}`;
    return `${rule.place === "anywhere" ? "" : `${rule.place}:`}${marked}${weight(rule)}`;
  }
  const parts = rule.parts.map(show).join(rule.kind === "all" ? " & " : " | ");
  return `(${parts}${rule.without.map((one) => ` - ${show(one)}`).join("")})`;
}
const weight = (rule: { weight: number }) => (rule.weight === 1 ? "" : `^${rule.weight}`);
const read = (text: string) => {
  const parsed = parseRules(text);
  return parsed.kind === "ok" ? show(parsed.rules.root) : `${parsed.at}: ${parsed.message}`;
};

describe("reads", () => {
  test.each([
    ["a word", "diffusion", "diffusion"],
    ["words that must all be there", "image diffusion", "(image & diffusion)"],
    ["AND, which may be said", "image AND diffusion", "(image & diffusion)"],
    ["a phrase", '"text to image"', "text to image"],
    ["quotation marks of other languages", "„text to image“ OR «deux mots»", "(text to image | deux mots)"],
    ["OR, large or small", "gan OR diffusion or vae", "(gan | diffusion | vae)"],
    ["OR after words that belong together", "a b OR c", "((a & b) | c)"],
    ["what to leave out", "bias -inductive", "(bias - inductive)"],
    ["NOT for the dash", "bias NOT inductive", "(bias - inductive)"],
    ["a dash inside a word as a part of it", "state-of-the-art", "state-of-the-art"],
    ["leaving out a group, from all of its alternatives", "a OR b -(c OR d)", "(a | b - (c | d))"],
    ["brackets", "(a OR b) c", "((a | b) & c)"],
    ["a weight", "a^2 b^0.5", "(a^2 & b^0.5)"],
    ["a weight on brackets, times those inside", "(a^2 OR b)^3", "(a^6 | b^3)"],
    ["words that are required and earn nothing", "a b^0", "(a & b^0)"],
    ["NEAR, ten words without a number", "bias NEAR social", "<bias near/10 social>"],
    ["NEAR with a number and alternatives", 'bias NEAR/5 (social OR "skin tone")', "<bias near/5 social|skin tone>"],
    ["a weight on the left of NEAR", "(bias NEAR social)^2", "<bias^2 near/10 social>"],
    ["the title only", "title:benchmark", "title:benchmark"],
    ["the abstract only, for a group", "abstract:(a OR b)", "(abstract:a | abstract:b)"],
    ["a beginning and an end", "quantiz* *bench", "(quantiz* & *bench)"],
    ["the very word", '=explanations ="CLIP"', "(=explanations & =CLIP)"],
    [
      "a category, an organization, an author",
      'category:cs.CL org:"Some Lab" author:Lovelace^2',
      "(category:cs.CL & org:Some Lab & author:Lovelace^2)",
    ],
    [
      "several authors at once",
      'author:("Ada Lovelace" OR "Mary Somerville")',
      "(author:Ada Lovelace | author:Mary Somerville)",
    ],
    ["field names in capitals", "TITLE:a", "title:a"],
    ["commas and semicolons as spaces", "a, b; c", "(a & b & c)"],
    ["operators in quotation marks as words", '"OR" "NEAR"', "(OR & NEAR)"],
    ["a colon without a field in quotation marks", '"note: this"', "note: this"],
  ])("%s", (_, text, shown) => {
    expect(read(text)).toBe(shown);
  });

  it("takes the threshold from anywhere outside brackets", () => {
    expect(parseRules("a threshold:2.5 b")).toMatchObject({ kind: "ok", rules: { threshold: 2.5 } });
    expect(parseRules("a b")).toMatchObject({ kind: "ok", rules: { threshold: 0 } });
  });

  it("takes each line of exclusions as rules of its own", () => {
    const parsed = parseExclusions('survey\n\n"medical imaging" -review');
    expect(parsed.kind === "ok" && show(parsed.rules.root)).toBe("(survey | (medical imaging - review))");
  });

  it("follows a name whatever marks it holds", () => {
    expect(read(followRules("author", 'Ada "the\n first" Lovelace'))).toBe("author:Ada the first Lovelace");
  });
});

describe("says what is wrong and where", () => {
  test.each([
    ["", 0, "nothing to look for"],
    ["   ", 0, "nothing to look for"],
    ["-survey", 0, "nothing to look for"],
    ["threshold:3", 0, "nothing to look for"],
    ["OR a", 0, "OR needs words on both sides"],
    ["a OR", 4, "OR needs words on both sides"],
    ["a OR OR b", 5, "OR needs words on both sides"],
    ["AND a", 0, "AND needs words on both sides"],
    ["a AND", 2, "AND needs words on both sides"],
    ["a AND OR b", 2, "AND needs words on both sides"],
    ["a NOT", 2, "nothing to leave out"],
    ["a -(", 3, "This bracket is never closed"],
    ["(a", 0, "This bracket is never closed"],
    ["a)", 1, "This bracket was never opened"],
    ["a ()", 2, "hold nothing to look for"],
    ['a "b', 2, "This quotation mark is never closed"],
    ["a^x", 1, "A weight is written like ^2 or ^0.5"],
    ["(a)^", 3, "A weight is written like ^2 or ^0.5"],
    ["a^1000", 1, "A weight is written like ^2 or ^0.5"],
    ["NEAR a", 0, "NEAR needs words"],
    ["a NEAR", 2, "NEAR needs words"],
    ["a NEAR (b c)", 2, "NEAR needs words"],
    ["a NEAR -b", 7, "nothing to leave out"],
    ["author:x NEAR b", 9, "NEAR needs words"],
    ["a NEAR b NEAR c", 9, "NEAR joins two sides only"],
    ["titel:a", 0, "titel: is not known"],
    ["a author:*", 2, "author: needs something after it"],
    ['title:""', 0, "title: needs something after it"],
    ["=quantiz*", 0, "use one of them"],
    ["a threshold:1 threshold:2", 14, "A threshold stands once, outside brackets"],
    ["(a threshold:1)", 3, "A threshold stands once, outside brackets"],
    ["a threshold:much", 2, "A threshold is a number from 0 to 1000"],
    [`${"(".repeat(22)}a${")".repeat(22)}`, 20, "Brackets may be at most 20 deep"],
    ["a ".repeat(601), 1200, "at most 600 words"],
    ["a".repeat(MAX_RULES_LENGTH + 1), MAX_RULES_LENGTH, "at most 20000 characters"],
  ])("%j at %i", (text, at, message) => {
    const parsed = parseRules(text);
    expect(parsed).toMatchObject({ kind: "error", message: expect.stringContaining(message) });
    expect(parsed.kind === "error" && parsed.at).toBe(at);
  });

  it("counts the place in exclusions over all lines", () => {
    expect(parseExclusions('survey\n"open')).toMatchObject({ kind: "error", at: 7 });
  });

  it("names the line of topics.yaml", () => {
    const file = "- slug: a\n  name: A\n  area: X\n  description: A.\n  rules: |\n    word OR\n    (other\n";
    expect(readTopicsFile(file)).toEqual({
      kind: "error",
      problems: ["line 7: rules: This bracket is never closed, at character 9: “(other”"],
    });
  });
});
