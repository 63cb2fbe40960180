// Which papers are one work listed twice? Folds titles that say nearly the same.

const ALIKE = 0.8;
const COMMON = 200;

/** A group number for each title; titles whose words overlap by 0.8 (Jaccard) with a group's first title share its number. */
export function groupNearDuplicates(titles: string[]): Int32Array {
  const groups = new Int32Array(titles.length);
  const firsts: Set<string>[] = [];
  const byWord = new Map<string, number[]>();
  titles.forEach((title, number) => {
    const words = new Set(title.toLowerCase().match(/[\p{L}\p{N}]+/gu));
    const group = findGroup(words, byWord, firsts);
    groups[number] = group ?? firsts.length;
    if (group !== undefined) return;
    for (const word of words) {
      const list = byWord.get(word);
      if (list) list.push(firsts.length);
      else byWord.set(word, [firsts.length]);
    }
    firsts.push(words);
  });
  return groups;
}

function findGroup(words: Set<string>, byWord: Map<string, number[]>, firsts: Set<string>[]): number | undefined {
  const shared = new Map<number, number>();
  for (const word of words) {
    const list = byWord.get(word) ?? [];
    // Words that stand in very many titles tell nothing and would compare everything with everything.
    if (list.length > COMMON) continue;
    for (const group of list) shared.set(group, (shared.get(group) ?? 0) + 1);
  }
  for (const group of shared.keys()) {
    const other = firsts[group];
    if (!other || Math.min(other.size, words.size) < 2) continue;
    let both = 0;
    for (const word of words) if (other.has(word)) both++;
    if (both / (words.size + other.size - both) >= ALIKE) return group;
  }
  return undefined;
}
