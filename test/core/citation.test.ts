// Can a reference manager read what a paper page offers?
import { describe, expect, test } from "vitest";
import { bibtex, type Cited, cslJson, ris } from "../../src/core/citation.ts";

const paper: Cited = {
  canonicalId: "arxiv:2603.04918",
  title: "Q&A with <think>: 100% of {braces}, a_b and $x^2$",
  abstract: "Two\nlines.",
  authors: ["Ada Lovelace", 'John "Four" Flynn', "Jan van der Berg", "Plato"],
  links: { abstract: "https://arxiv.org/abs/2603.04918", doi: "10.48550/arXiv.2603.04918" },
  publishedOn: "2026-03-05",
};

describe("citations", () => {
  test("a BibTeX entry escapes what TeX would read and keeps the brackets balanced", () => {
    const entry = bibtex(paper);
    expect(entry).toContain("Q\\&A with <think>: 100\\% of \\{braces\\}, a\\_b and \\$x\\textasciicircum{}2\\$");
    expect(entry).toContain('author        = {Lovelace, Ada and Flynn, John "Four" and van der Berg, Jan and Plato}');
    expect(entry).toContain("eprint        = {2603.04918}");
    const unescaped = entry.replace(/\\[{}]/g, "");
    expect(unescaped.split("{").length).toBe(unescaped.split("}").length);
  });

  test("a bracket without its other half stays inside its field: BibTeX counts escaped ones too", () => {
    for (const title of ["A } b", "A { b", "}{", "a }} @misc{evil, title = {b"]) {
      const entry = bibtex({ ...paper, title, authors: [title] });
      let depth = 0;
      const inside = [...entry].filter((sign) => {
        if (sign === "{") depth++;
        else if (sign === "}") depth--;
        return depth > 0;
      });
      expect(depth).toBe(0);
      expect(entry).toBe(`@misc${inside.join("")}}\n`);
    }
  });

  test("a BibTeX key holds letters and digits only", () => {
    expect(bibtex(paper)).toMatch(/^@misc\{lovelace2026with,/);
    expect(bibtex({ ...paper, authors: ["Łukasz Ćwiek"], title: "Été" })).toMatch(/^@misc\{[a-z0-9]+,/);
    expect(bibtex({ ...paper, authors: ["Henrik Sørby-Łęcki"] })).toMatch(/^@misc\{sorbylecki2026with,/);
  });

  test("a paper without an arXiv number is an article", () => {
    expect(bibtex({ ...paper, canonicalId: "doi:10.1101/2026.01" })).toMatch(/^@article\{/);
  });

  test("RIS has one author a line, no broken lines and an end", () => {
    const lines = ris(paper).split("\r\n");
    expect(lines[0]).toBe("TY  - UNPB");
    expect(lines.filter((line) => line.startsWith("AU"))).toHaveLength(4);
    expect(lines).toContain("AB  - Two lines.");
    expect(lines.at(-2)).toBe("ER  - ");
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^[A-Z][A-Z0-9] {2}- /);
  });

  test("CSL-JSON parts names and dates", () => {
    const item = cslJson(paper);
    expect(item.author).toEqual([
      { family: "Lovelace", given: "Ada" },
      { family: "Flynn", given: 'John "Four"' },
      { family: "van der Berg", given: "Jan" },
      { literal: "Plato" },
    ]);
    expect(item.issued).toEqual({ "date-parts": [[2026, 3, 5]] });
    expect(item.DOI).toBe("10.48550/arXiv.2603.04918");
  });
});
