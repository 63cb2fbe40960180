// Which papers are one work listed twice? Folds titles that say nearly the same.

const ALIKE = 0.8;

/**
 * A group number for each title; a title whose words overlap by 0.8 (Jaccard) with those of a group's first title gets that
 * group's number, of several the lowest. Two sets that alike share one of their rarest words: sorted by rarity, one among the
 * first ⌊0.2 · size⌋ + 1 of each (prefix filter; Chaudhuri, Ganti and Kaushik 2006), so few pairs are compared.
 */
export function groupNearDuplicates(titles: readonly string[]): Int32Array {
  const words = titles.map((title) => new Set(title.toLowerCase().match(/[\p{L}\p{N}]+/gu)));
  const holders = new Map<string, number>();
  for (const set of words) for (const word of set) holders.set(word, (holders.get(word) ?? 0) + 1);
  const rarestFirst = (a: string, b: string) => (holders.get(a) ?? 0) - (holders.get(b) ?? 0) || (a < b ? -1 : 1);

  const groups = new Int32Array(titles.length);
  const firsts: Set<string>[] = [];
  const byRareWord = new Map<string, number[]>();
  for (const [number, own] of words.entries()) {
    // One word alone says too little, and nothing shared can make such a title alike to a longer one.
    const telling =
      own.size < 2 ? [] : [...own].sort(rarestFirst).slice(0, Math.floor((1 - ALIKE) * own.size + 1e-9) + 1);
    const group = findAlike(own, telling, byRareWord, firsts);
    groups[number] = group ?? firsts.length;
    if (group !== undefined) continue;
    for (const word of telling) {
      const list = byRareWord.get(word);
      if (list) list.push(firsts.length);
      else byRareWord.set(word, [firsts.length]);
    }
    firsts.push(own);
  }
  return groups;
}

function findAlike(
  own: Set<string>,
  telling: string[],
  byRareWord: Map<string, number[]>,
  firsts: Set<string>[],
): number | undefined {
  let found: number | undefined;
  const looked = new Set<number>();
  for (const word of telling)
    for (const group of byRareWord.get(word) ?? []) {
      if (looked.has(group) || (found !== undefined && group > found)) continue;
      looked.add(group);
      const other = firsts[group] ?? new Set();
      let both = 0;
      for (const word of own) if (other.has(word)) both++;
      if (both / (own.size + other.size - both) >= ALIKE) found = group;
    }
  return found;
}
