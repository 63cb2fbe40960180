// Where does one paper hold what rules ask, and what does it earn? By position, as PostgreSQL counts words.
import { categoryAliases } from "../arxiv-categories.ts";
import type { Asked } from "./match-rules.ts";
import { type PaperWords, plainName, textAt } from "./paper-words.ts";

/** First and last word of a hit, by position. */
type Span = { from: number; to: number };

/** What a paper earns by what is asked, 0 where it has none of it. */
export function pointsOf(asked: Asked, paper: PaperWords): number {
  if (asked.kind === "fact") return listFacts(asked, paper).length > 0 ? 2 : 0;
  return earnedAt(
    listSpans(asked, paper).map(({ from }) => from),
    paper.titleEnd,
  );
}

/** In the title 2 points; in the abstract 1, 1.5 when twice, 2 when more often: naming a thing is not being about it. */
export function earnedAt(positions: number[], titleEnd: number): number {
  let inTitle = 0;
  for (const position of positions) if (position <= titleEnd) inTitle++;
  const inAbstract = positions.length - inTitle;
  return (inTitle > 0 ? 2 : 0) + (inAbstract > 0 ? Math.min(2, 1 + 0.5 * (inAbstract - 1)) : 0);
}

/** Where a paper holds what is asked, in order; for NEAR the spans of the left side that have a right one at hand. */
function listSpans(asked: Asked, paper: PaperWords): Span[] {
  if (asked.kind === "fact") return [];
  if (asked.kind === "near") return listNear(asked, paper).map(({ left }) => left);
  const [first, ...others] = asked.lexemes;
  if (!first) return [];
  const positions = (at: number, lexeme: string): number[] =>
    asked.part === "whole" || at < asked.lexemes.length - 1
      ? (paper.lexemes.get(lexeme) ?? [])
      : [...paper.lexemes].flatMap(([known, places]) => (isPart(known, lexeme, asked.part) ? places : []));
  const following = others.map(({ lexeme, offset }, at) => ({ offset, places: positions(at + 1, lexeme) }));
  const offsets = [...asked.lexemes, ...asked.said].map(({ offset }) => offset);
  const [before, after] = [Math.min(...offsets), Math.max(...offsets)];
  const spans: Span[] = [];
  for (const from of positions(0, first.lexeme)) {
    if (asked.place === "title" && from > paper.titleEnd) continue;
    if (asked.place === "abstract" && from <= paper.titleEnd) continue;
    if (!following.every(({ offset, places }) => places.includes(from + offset))) continue;
    if (asked.said.every(({ word, offset }) => isSaid(word, textAt(paper, from + offset, from + offset))))
      spans.push({ from: from + before, to: from + after });
  }
  return spans;
}

function isPart(known: string, lexeme: string, part: "whole" | "begins" | "ends"): boolean {
  return part === "ends" ? known.endsWith(lexeme) : known.startsWith(lexeme);
}

/** A word asked for with capitals must have them; without, any will do. */
function isSaid(wanted: string, found: string | undefined): boolean {
  return found === wanted || (found !== undefined && wanted === wanted.toLowerCase() && found.toLowerCase() === wanted);
}

/** The pairs that make NEAR true: each left span with its closest right one, at most `within` words between their starts. */
function listNear(asked: Asked & { kind: "near" }, paper: PaperWords): { left: Span; right: Span }[] {
  const pairs: { left: Span; right: Span }[] = [];
  // Readers write these rules: looking at each right span for each left one would take seconds where both are common words.
  const rights = asked.right
    .flatMap((side) => listSpans(side, paper))
    .map((span, order) => ({ span, order }))
    .sort((a, b) => a.span.from - b.span.from || a.order - b.order)
    .filter(({ span }, at, all) => span.from !== all[at - 1]?.span.from);
  if (rights.length === 0) return pairs;
  const lefts = asked.left.flatMap((side) => listSpans(side, paper)).sort((a, b) => a.from - b.from);
  let next = 0;
  for (const left of lefts) {
    while ((rights[next]?.span.from ?? Number.POSITIVE_INFINITY) < left.from) next++;
    const before = rights[next - 1];
    const after = rights[next]?.span.from === left.from ? rights[next + 1] : rights[next];
    const away = (right: typeof before) => (right ? Math.abs(right.span.from - left.from) : Number.POSITIVE_INFINITY);
    // Of two at the same distance the one that was written first.
    const isBefore =
      away(before) < away(after) || (away(before) === away(after) && (before?.order ?? 0) < (after?.order ?? 0));
    const best = isBefore ? before : after;
    if (best && away(best) <= asked.within) pairs.push({ left, right: best.span });
  }
  return pairs;
}

/** The paper's category, organization or authors that are what is asked for, as the paper writes them. */
function listFacts(asked: Asked & { kind: "fact" }, paper: PaperWords): string[] {
  const { field, value } = asked;
  if (field !== "category") return factsOf(paper, field).filter((name) => plainName(name).includes(value));
  const beginning = value.endsWith(".*") ? value.slice(0, -1) : undefined;
  const isAsked = (category: string) =>
    category.toLowerCase() === value || (beginning !== undefined && category.toLowerCase().startsWith(beginning));
  return paper.categories.filter((category) => categoryAliases(category).some(isAsked));
}

function factsOf(paper: PaperWords, field: "org" | "author"): string[] {
  if (field === "author") return paper.authors;
  return paper.organization === null ? [] : [paper.organization];
}

/** The words of its authors and organization, each once. */
export function nameWords(paper: PaperWords): Set<string> {
  const names = [...factsOf(paper, "author"), ...factsOf(paper, "org")].map(plainName);
  return new Set(names.flatMap((name) => name.split(" ").filter(Boolean)));
}

const MAX_TERM_LENGTH = 80;

/** The distinct words, as they stand in the paper, by which it has what is asked. */
export function termsOf(asked: Asked, paper: PaperWords): string[] {
  if (asked.kind === "fact") return distinct(listFacts(asked, paper));
  const spans =
    asked.kind === "near"
      ? listNear(asked, paper).flatMap(({ left, right }) => [left, right])
      : listSpans(asked, paper);
  return distinct(spans.map(({ from, to }) => textAt(paper, from, to)?.replace(/\s+/g, " ")));
}

function distinct(terms: (string | undefined)[]): string[] {
  const known = new Map<string, string>();
  for (const term of terms)
    if (term !== undefined && term.length <= MAX_TERM_LENGTH && !known.has(term.toLowerCase()))
      known.set(term.toLowerCase(), term);
  return [...known.values()];
}
