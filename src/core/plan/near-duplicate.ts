// Which papers are one work listed twice? Folds titles that say nearly the same.

const ALIKE = 0.8;

/**
 * A group number for each title; a title whose words overlap by 0.8 (Jaccard) with those of a group's first title gets that
 * group's number, of several the lowest. Only the very same words are alike where a number tells two titles apart (`Part I`,
 * `Part II`), or where both papers are `numbered` by a register that gives each work one id (arXiv). Two sets that alike share one of their rarest words: sorted by rarity, one among the
 * first ⌊0.2 · size⌋ + 1 of each (prefix filter; Chaudhuri, Ganti and Kaushik 2006), so few pairs are compared.
 */
export function groupNearDuplicates(titles: readonly string[], numbered: readonly boolean[] = []): Int32Array {
  // Written without arrays, closures or sorting for each title: thousands of titles are grouped while one reader waits.
  const { words, starts, holders, isNumeral } = numberWords(titles);
  const groups = new Int32Array(titles.length);
  /** The first title of each group. */
  const firsts: number[] = [];
  /** For each word the last group entered behind it, and for each entry its group and the entry before. */
  const last = new Int32Array(holders.length).fill(-1);
  const entered: number[] = [];
  const before: number[] = [];
  /** The title that last had a word, and the title for which a group was last looked at. */
  const owner = new Int32Array(holders.length).fill(-1);
  const looked = new Int32Array(titles.length).fill(-1);
  for (let title = 0; title < titles.length; title++) {
    const start = starts[title] ?? 0;
    const end = starts[title + 1] ?? 0;
    const size = end - start;
    // One word alone says too little, and nothing shared can make such a title alike to a longer one.
    const telling = size < 2 ? start : start + Math.floor((1 - ALIKE) * size + 1e-9) + 1;
    putRarestFirst(words, start, telling, end, holders);
    for (let at = start; at < end; at++) owner[words[at] ?? 0] = title;
    let found = -1;
    for (let at = start; at < telling; at++)
      for (let entry = last[words[at] ?? 0] ?? -1; entry >= 0; entry = before[entry] ?? -1) {
        const group = entered[entry] ?? 0;
        if (looked[group] === title || (found >= 0 && group > found)) continue;
        looked[group] = title;
        const first = firsts[group] ?? 0;
        const from = starts[first] ?? 0;
        const to = starts[first + 1] ?? 0;
        let both = 0;
        let numerals = countNumerals(words, start, end, isNumeral);
        let told = numbered[title] === true && numbered[first] === true;
        for (let place = from; place < to; place++) {
          const word = words[place] ?? 0;
          const isShared = owner[word] === title;
          if (isShared) both++;
          if (!isNumeral[word]) continue;
          if (isShared) numerals--;
          else told = true;
        }
        told ||= numerals > 0;
        if (both / (size + to - from - both) >= (told ? 1 : ALIKE)) found = group;
      }
    groups[title] = found < 0 ? firsts.length : found;
    if (found >= 0) continue;
    for (let at = start; at < telling; at++) {
      const word = words[at] ?? 0;
      before.push(last[word] ?? -1);
      last[word] = entered.length;
      entered.push(firsts.length);
    }
    firsts.push(title);
  }
  return groups;
}

function countNumerals(words: number[], start: number, end: number, isNumeral: boolean[]): number {
  let count = 0;
  for (let at = start; at < end; at++) if (isNumeral[words[at] ?? 0]) count++;
  return count;
}

/** From `start` to `end`, swaps the words with the fewest holders before `telling`; of equally rare ones the lower number first. */
function putRarestFirst(words: number[], start: number, telling: number, end: number, holders: number[]): void {
  for (let place = start; place < telling; place++) {
    let best = place;
    for (let at = place + 1; at < end; at++) {
      const word = words[at] ?? 0;
      const rarest = words[best] ?? 0;
      const less = (holders[word] ?? 0) - (holders[rarest] ?? 0);
      if (less < 0 || (less === 0 && word < rarest)) best = at;
    }
    const rarest = words[best] ?? 0;
    words[best] = words[place] ?? 0;
    words[place] = rarest;
  }
}

type Numbered = { words: number[]; starts: number[]; holders: number[]; isNumeral: boolean[] };

/** The distinct words of the titles by number, one title after the other, where each starts and the last ends, in how many titles each word stands and whether it is a number. */
function numberWords(titles: readonly string[]): Numbered {
  const numbers = new Map<string, number>();
  const numbered: Numbered = { words: [], starts: [0], holders: [], isNumeral: [] };
  const owner: number[] = [];
  const put = (word: string, title: number) => {
    const number = numbers.get(word) ?? numbers.size;
    if (number === numbers.size) {
      numbers.set(word, number);
      numbered.holders.push(0);
      numbered.isNumeral.push(/^(?:\d+|[ivx]+)$/.test(word));
      owner.push(-1);
    }
    if (owner[number] === title) return;
    owner[number] = title;
    numbered.words.push(number);
    numbered.holders[number] = (numbered.holders[number] ?? 0) + 1;
  };
  for (let title = 0; title < titles.length; title++) {
    eachWord((titles[title] ?? "").toLowerCase(), title, put);
    numbered.starts.push(numbered.words.length);
  }
  return numbered;
}

/** Letters and digits; a title of plain ASCII, as most are, needs no table of Unicode. */
function eachWord(text: string, title: number, put: (word: string, title: number) => void): void {
  if (/[^\0-\x7f]/.test(text)) {
    for (const word of text.match(/[\p{L}\p{N}]+/gu) ?? []) put(word, title);
    return;
  }
  let start = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code >= 97 && code <= 122) || (code >= 48 && code <= 57)) {
      if (start < 0) start = at;
    } else if (start >= 0) {
      put(text.slice(start, at), title);
      start = -1;
    }
  }
  if (start >= 0) put(text.slice(start), title);
}
