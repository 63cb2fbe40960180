// Do titles, names and abstracts say what a person would write?
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { readableAuthor, splitAuthors } from "../../src/core/ingest/author-names.ts";
import {
  hasTexLeft,
  readAbstract,
  readableAbstract,
  readableName,
  readableTitle,
} from "../../src/core/ingest/readable.ts";
import { readRawTexts } from "../support/raw-texts.ts";
import { findRecorded } from "../support/recorded.ts";

const table = readFileSync(path.join(import.meta.dirname, "../fixtures/readable-cases.tsv"), "utf8");
const cases = table
  .trimEnd()
  .split("\n")
  .map((line) => line.split("\t") as ["title" | "name", string, string]);
const folder = findRecorded("arxiv") && findRecorded("huggingface") && findRecorded(".");

describe.skipIf(!folder)("titles and names of the recorded files", () => {
  const recorded = folder ? readRawTexts(folder) : [];

  test("are at least 150 cases of TeX, or of signs that only look like it", () => {
    expect(cases.length).toBeGreaterThanOrEqual(150);
    expect(cases.filter(([, , expected]) => expected !== "=").length).toBeGreaterThanOrEqual(110);
  });

  // A case holds the id and what is to be read; "=" stands for a title that is to stay as it is.
  test.each(cases)("%s of %s: %s", (kind, id, expected) => {
    const raw = recorded.filter((text) => text.kind === kind && text.id === id).map((text) => text.raw);
    expect(raw).not.toEqual([]);
    const read = raw.map(kind === "title" ? readableTitle : readableName);
    if (expected === "=") expect(read).toEqual(raw);
    else expect(read).toContain(expected);
  });

  test("keep signs of TeX in fewer than one title in two hundred", () => {
    const titles = recorded.filter(({ kind }) => kind === "title").map(({ raw }) => readableTitle(raw));
    expect(titles.length).toBeGreaterThan(1_000);
    expect(titles.filter(hasTexLeft).length / titles.length).toBeLessThan(0.005);
  });

  test("lose no word: every word without a command in it is still there", () => {
    const lost = recorded.flatMap(({ kind, raw }) => {
      const read = (kind === "title" ? readableTitle : readableName)(raw);
      const words = raw.match(/(?<=^|[\s(])\p{L}{3,}(?=$|[\s),.:;?!])/gu) ?? [];
      return words.filter((word) => !read.includes(word)).map((word) => `${word} of ${raw}`);
    });
    expect(lost).toEqual([]);
  });
});

describe("arXiv's documented accents", () => {
  test.each([
    [String.raw`\"{o} \"o {\"o}`, "ö ö ö"],
    [String.raw`\'{e} \'e`, "é é"],
    [String.raw`\.{z} \.z`, "ż ż"],
    [String.raw`\={a} \=a`, "ā ā"],
    [String.raw`\^{\i} \^{i} \^i`, "î î î"],
    [String.raw`\~{n} \~n`, "ñ ñ"],
    [String.raw`\c{c} \c c`, "ç ç"],
    [String.raw`\k{a} \u{g} \v{s} \H{o} \r{a} \d{u} \b{d}`, "ą ğ š ő å ụ ḏ"],
    [String.raw`\aa \AA \ae \AE \oe \OE \o \O \l \L \ss \i`, "å Å æ Æ œ Œ ø Ø ł Ł ß ı"],
    [String.raw`{\dh} {\DH} {\th} {\TH} {\dj} {\ng}`, "ð Ð þ Þ đ ŋ"],
    [String.raw`Erd\H{o}s, Ho\v{r}ava, \.{I}nce, \v{S}afa\v{r}\'{\i}k`, "Erdős, Hořava, İnce, Šafařík"],
  ])("%s", (tex, expected) => {
    expect(readableName(`x ${tex}`)).toBe(`x ${expected}`);
  });
});

describe("an author's name", () => {
  test.each([
    ["Ada Lovelace et al.", "Ada Lovelace"],
    ["Ada Lovelace, et al", "Ada Lovelace"],
    ["Ada Lovelace and others", "Ada Lovelace"],
    ["et al.", ""],
    ["others", ""],
    ["etal", ""],
    ["…", ""],
    ["1", ""],
    ["Ada Lovelace¹", "Ada Lovelace"],
    ["Ada Lovelace$^{1,2*}$", "Ada Lovelace"],
    [String.raw`O\'Brien`, "O'Brien"],
    ["O&#39;Brien", "O'Brien"],
    ["Etal Adnan", "Etal Adnan"],
    ["The D0 Collaboration", "The D0 Collaboration"],
    ["张三", "张三"],
  ])("%s", (written, expected) => {
    expect(readableAuthor(written)).toBe(expected);
  });

  test("in a line of many: what is no name is no author", () => {
    expect(splitAuthors("Ada Lovelace, Grace Hopper, et al.")).toEqual(["Ada Lovelace", "Grace Hopper"]);
    expect(splitAuthors("Ada Lovelace and others")).toEqual(["Ada Lovelace"]);
    expect(splitAuthors("Miles O&#39;Brien, Ada Lovelace")).toEqual(["Miles O'Brien", "Ada Lovelace"]);
  });
});

describe("mathematics and formatting", () => {
  test.each([
    [String.raw`$\alpha$-divergence`, "α-divergence"],
    ["$x_i$ and $10^{-3}$", "xᵢ and 10⁻³"],
    [String.raw`$\mathcal{O}(n \log n)$`, "O(n log n)"],
    [String.raw`2$\times$2`, "2×2"],
    [String.raw`$\mathbb{R}^n \to \mathbb{R}$`, "ℝⁿ → ℝ"],
    [String.raw`$\ell_1$ and $\ell_\infty$`, "ℓ₁ and ℓ_∞"],
    [String.raw`at $\sqrt{s} = 13$ TeV`, "at √s = 13 TeV"],
    [String.raw`at \sqrt{s}=800 GeV`, "at √s=800 GeV"],
    [String.raw`$\frac{1}{2}$`, "1/2"],
    [String.raw`\textbf{Bold} and \emph{slanted}`, "Bold and slanted"],
    [String.raw`100\% of R\&D \#1 a\_b`, "100% of R&D #1 a_b"],
    ["``quoted'' -- and --- so", "“quoted” – and — so"],
    ["{BERT}: {P}re-training", "BERT: Pre-training"],
    [String.raw`$\tau^2$-Bench`, "τ²-Bench"],
    ["tau^2-Bench", "τ²-Bench"],
    ["O(N^2) to O(N log N)", "O(N²) to O(N log N)"],
    [String.raw`\unknown{stays} as it is`, String.raw`\unknown{stays} as it is`],
    [String.raw`an $\undefinedmacro{x}$ stays`, String.raw`an $\undefinedmacro{x}$ stays`],
    ["from $5 to $10 a day", "from $5 to $10 a day"],
    ["snake_case_name and file_name.py", "snake_case_name and file_name.py"],
    ["~100 papers, {a, b}, 50% of C#", "~100 papers, {a, b}, 50% of C#"],
    ["--flag and a-b", "--flag and a-b"],
    [String.raw`a \"hot spot\" of 2\" and more:\n We see`, `a "hot spot" of 2" and more: We see`],
    [String.raw`from both, \eg{} this, \ie that`, "from both, e.g. this, i.e. that"],
    ["360^{circ}, λ^star and v_t^top", "360°, λ^⋆ and vₜ^⊤"],
    ["q_i propto p_i", "qᵢ ∝ pᵢ"],
    [
      "of leq6.9B, (leq 0.85M parameters), z_{t}rightarrow z_{0} and 1%downarrow",
      "of ≤6.9B, (≤ 0.85M parameters), zₜ→ z₀ and 1%↓",
    ],
    ["a quadruplet langle P_u, B rangle for varepsilon", "a quadruplet ⟨ Pᵤ, B ⟩ for ε"],
    [
      "{sim}1K of 256{times}256 in 1.48--2.16times, 3pm1, 1.04sim2.2times",
      "∼1K of 256×256 in 1.48–2.16×, 3±1, 1.04∼2.2×",
    ],
    ["three textit{O}bstacles and (mathrm{Cal}), not context{x}", "three Obstacles and (Cal), not contextx"],
    ["at https://a.example/b{https://a.example/b}. More", "at https://a.example/b. More"],
    [
      "at https://a.example/b{this page} and https://a.example/c{{Code}}.",
      "at https://a.example/b (this page) and https://a.example/c (Code).",
    ],
    ["at 4pm, real2sim, sim2real and real2sim2real, 3 times", "at 4pm, real2sim, sim2real and real2sim2real, 3 times"],
    ["cleq, an uparrow key, approx 5 of a subset", "cleq, an ↑ key, approx 5 of a subset"],
  ])("%s", (tex, expected) => {
    expect(readableTitle(tex)).toBe(expected);
  });

  test.each([
    ["R&amp;D for &lt;think&gt; tokens", "R&D for <think> tokens"],
    ["Q&amp;amp;A: it&#39;s &#x201c;done&#x201d;", "Q&A: it's “done”"],
    ["<i>In vivo</i> H<sub>2</sub>O and <b>more</b>", "In vivo H2O and more"],
    ["AT&T; &c; R&D, <s> and </s>, <T>, <think> about <i>", "AT&T; &c; R&D, <s> and </s>, <T>, <think> about <i>"],
    [String.raw`R\&amp;D`, "R&D"],
  ])("what was escaped once too often, and tags of formatting: %s", (written, expected) => {
    expect(readableTitle(written)).toBe(expected);
  });

  test("hostile depth, length and unbalanced braces come back in bounded time", () => {
    for (const text of [
      "{".repeat(20_000),
      `${"\\textbf{".repeat(3_000)}x`,
      "$".repeat(20_000),
      "\\'".repeat(20_000),
      "^{_".repeat(10_000),
      `$${"\\frac{".repeat(2_000)}$`,
      `${"`".repeat(5_000)}${"'".repeat(5_000)}`,
      "1".repeat(20_000),
      "1times".repeat(4_000),
      "https://".repeat(3_000),
      `https://x${"{a".repeat(5_000)}`,
    ]) {
      const start = performance.now();
      expect(readableAbstract(text).length).toBeLessThanOrEqual(20_000);
      expect(performance.now() - start).toBeLessThan(2_000);
    }
  });

  test("an abstract keeps what was written beside what is read only where it held TeX", () => {
    expect(readAbstract("We show $x^2$.")).toEqual({
      abstract: "We show x².",
      abstractTex: "We show $x^2$.",
    });
    expect(readAbstract("We show nothing.")).toEqual({ abstract: "We show nothing." });
  });
});
