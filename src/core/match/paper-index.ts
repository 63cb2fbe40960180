// Which papers of a batch hold these words? Bit sets over PostgreSQL's lexemes; phrases and nearness are re-checked by position.
import { setBit } from "../bits.ts";
import type { Asked } from "./match-rules.ts";
import { earnedAt, nameWords, pointsOf, termsOf } from "./paper-hits.ts";
import type { PaperWords } from "./paper-words.ts";

/** Where one asked thing was found: a bit a paper, the papers by their number in the batch, and what each earned. */
export type Hits = { bits: Uint32Array; papers: number[]; points: number[]; dense: Float32Array | undefined };
export type PaperIndex = {
  papers: PaperWords[];
  /** Bit-set length in 32-bit words. */
  length: number;
  find: (asked: Asked) => Hits;
  /** The distinct words, as they stand in a paper, by which it has what is asked; looked up once, however many rules ask. */
  terms: (asked: Asked, paper: number) => string[];
  /** Every lexeme of the batch, and every word of its authors and organizations as `name:word`. */
  words: () => string[];
};

/** Indexes a batch; what is asked is looked up once and remembered, by its number. */
export function indexPapers(papers: PaperWords[]): PaperIndex {
  const length = Math.ceil(papers.length / 32);
  const fresh = (): Hits => ({ bits: new Uint32Array(length), papers: [], points: [], dense: undefined });
  const none = fresh();
  const lexemes = new Map<string, Hits>();
  const names = new Map<string, number[]>();
  papers.forEach((paper, number) => {
    for (const [lexeme, positions] of paper.lexemes) {
      const hits = lexemes.get(lexeme) ?? fresh();
      if (hits.papers.length === 0) lexemes.set(lexeme, hits);
      addHit(hits, number, earnedAt(positions, paper.titleEnd));
    }
    for (const word of nameWords(paper)) {
      const list = names.get(word);
      if (list) list.push(number);
      else names.set(word, [number]);
    }
  });
  for (const hits of lexemes.values()) hits.dense = densely(hits, papers.length);

  const having = (lexeme: string): number[] => lexemes.get(lexeme)?.papers ?? [];
  let sorted: string[] | undefined;
  const beginning = (lexeme: string): number[] => {
    sorted ??= [...lexemes.keys()].sort();
    const lists: number[][] = [];
    for (let at = firstFrom(sorted, lexeme); sorted[at]?.startsWith(lexeme); at++) lists.push(having(sorted[at] ?? ""));
    return unite(lists);
  };
  const ending = (lexeme: string): number[] =>
    unite([...lexemes].filter(([known]) => known.endsWith(lexeme)).map(([, hits]) => hits.papers));
  const candidates = (asked: Asked): number[] => {
    if (asked.kind === "near")
      return intersect([unite(asked.left.map(candidates)), unite(asked.right.map(candidates))]);
    if (asked.kind === "fact") {
      if (asked.field === "category") return papers.map((_, number) => number);
      return intersect(
        asked.value
          .trim()
          .split(" ")
          .map((word) => names.get(word) ?? []),
      );
    }
    const last = asked.lexemes.length - 1;
    return intersect(
      asked.lexemes.map(({ lexeme }, at) => {
        if (at < last || asked.part === "whole") return having(lexeme);
        return asked.part === "begins" ? beginning(lexeme) : ending(lexeme);
      }),
    );
  };

  // Filled up to the number asked for: an array with holes would be looked up like a map.
  const remembered: (Hits | undefined)[] = [];
  const find = (asked: Asked): Hits => {
    const before = remembered[asked.number];
    if (before) return before;
    while (remembered.length <= asked.number) remembered.push(undefined);
    const hits = isPlainWord(asked) ? (lexemes.get(asked.lexemes[0]?.lexeme ?? "") ?? none) : search(asked);
    remembered[asked.number] = hits;
    return hits;
  };
  const search = (asked: Asked): Hits => {
    let hits = none;
    for (const number of candidates(asked)) {
      const paper = papers[number];
      const points = paper ? pointsOf(asked, paper) : 0;
      if (points === 0) continue;
      if (hits === none) hits = fresh();
      addHit(hits, number, points);
    }
    if (hits !== none) hits.dense = densely(hits, papers.length);
    return hits;
  };
  const told = new Map<number, string[]>();
  const terms = (asked: Asked, number: number): string[] => {
    const key = asked.number * papers.length + number;
    const known = told.get(key);
    if (known) return known;
    const paper = papers[number];
    const made = paper ? termsOf(asked, paper) : [];
    told.set(key, made);
    return made;
  };
  const words = () => [...lexemes.keys(), ...[...names.keys()].map((name) => `name:${name}`)];
  return { papers, length, find, terms, words };
}

/** What a paper earned, 0 where it has no hit. */
export function pointsAt({ dense, papers, points }: Hits, paper: number): number {
  if (dense) return dense[paper] ?? 0;
  let low = 0;
  let high = papers.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = papers[middle] ?? 0;
    if (found === paper) return points[middle] ?? 0;
    if (found < paper) low = middle + 1;
    else high = middle - 1;
  }
  return 0;
}

function addHit(hits: Hits, paper: number, points: number): void {
  setBit(hits.bits, paper);
  hits.papers.push(paper);
  hits.points.push(points);
}

/** Many hits are looked up faster in an array of all papers than by searching a list. */
function densely({ papers, points }: Hits, size: number): Float32Array | undefined {
  if (papers.length * 16 < size) return undefined;
  const dense = new Float32Array(size);
  papers.forEach((paper, at) => {
    dense[paper] = points[at] ?? 0;
  });
  return dense;
}

/** One lexeme, wherever and however it stands: nine in ten of what rules ask, and the index has already found it. */
function isPlainWord(asked: Asked): asked is Asked & { kind: "words" } {
  if (asked.kind !== "words" || asked.part !== "whole" || asked.place !== "anywhere") return false;
  return asked.lexemes.length === 1 && asked.said.length === 0;
}

function intersect(lists: number[][]): number[] {
  const [shortest, ...others] = lists.toSorted((a, b) => a.length - b.length);
  if (!shortest || others.length === 0) return shortest ?? [];
  const sets = others.map((list) => new Set(list));
  return shortest.filter((number) => sets.every((set) => set.has(number)));
}

function unite(lists: number[][]): number[] {
  return lists.length === 1 ? (lists[0] ?? []) : [...new Set(lists.flat())].sort((a, b) => a - b);
}

function firstFrom(sorted: string[], prefix: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? "") < prefix) low = middle + 1;
    else high = middle;
  }
  return low;
}
