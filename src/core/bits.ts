// How are sets of small numbers kept and counted? One bit each, 32 a word.

export function setBit(set: Uint32Array, at: number): void {
  set[at >>> 5] = (set[at >>> 5] ?? 0) | (1 << (at & 31));
}

export function hasBit(set: Uint32Array, at: number): boolean {
  return ((set[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
}

/**
 * How many members these sets have together; all are as long, and so is `spare`, which is written over. Bits of a word are counted
 * as in Hacker's Delight, figure 5-2.
 */
export function countUnion(sets: readonly Uint32Array[], spare: Uint32Array): number {
  const [first] = sets;
  if (!first) return 0;
  // Four at once without writing anything between: few readers have more topics.
  const [, second = first, third = first] = sets;
  let last = sets[3] ?? first;
  if (sets.length > 4) {
    spare.set(last);
    for (const set of sets.slice(4))
      for (let word = 0; word < spare.length; word++) spare[word] = (spare[word] ?? 0) | (set[word] ?? 0);
    last = spare;
  }
  let count = 0;
  for (let word = 0; word < first.length; word++) {
    let bits = (first[word] ?? 0) | (second[word] ?? 0) | (third[word] ?? 0) | (last[word] ?? 0);
    bits -= (bits >>> 1) & 0x55555555;
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
    count += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}
