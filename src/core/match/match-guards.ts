// Which topics can a batch answer at all? Each topic waits behind words one of which must be there.
import type { Asked, CompiledTopic, CompiledTopics, Node } from "./match-rules.ts";

/** Topics (by place in the list) behind each word, and those that no word guards; `uses` counts how often rules use a word. */
export type Guards = { behind: Map<string, number[]>; always: number[]; uses: Map<string, number> };

/** Puts every topic behind the rarest words it cannot do without; what was found for a topic before is kept with it. */
export function guardTopics(topics: CompiledTopic[], uses = new Map<string, number>()): Guards {
  for (const { root, guard } of topics) if (root && !guard) countWords(root, uses);
  const guards: Guards = { behind: new Map(), always: [], uses };
  topics.forEach((topic, place) => {
    if (!topic.root) return;
    topic.guard ??= { words: needed(topic.root, uses) };
    const { words } = topic.guard;
    if (!words) guards.always.push(place);
    for (const word of new Set(words)) {
      const list = guards.behind.get(word);
      if (list) list.push(place);
      else guards.behind.set(word, [place]);
    }
  });
  return guards;
}

/** The topics that a batch with these words may answer; all others surely do not. */
export function listPossibleTopics({ topics, guards }: CompiledTopics, words: string[]): CompiledTopic[] {
  const open = new Uint8Array(topics.length);
  for (const place of guards.always) open[place] = 1;
  for (const word of words) for (const place of guards.behind.get(word) ?? []) open[place] = 1;
  return topics.filter((_, place) => open[place] === 1);
}

/** Words of which one must be there for a node to match; undefined where none can be named (a category, a beginning). */
function needed(node: Node, uses: Map<string, number>): string[] | undefined {
  if (node.kind === "one") return neededBy(node.asked, uses);
  const parts = node.parts.map((part) => needed(part, uses));
  const named = parts.filter((words) => words !== undefined);
  if (node.kind === "any") return named.length < parts.length ? undefined : named.flat();
  const weight = (words: string[]) => words.reduce((sum, word) => sum + (uses.get(word) ?? 0), 0);
  return named.toSorted((a, b) => weight(a) - weight(b))[0];
}

function neededBy(asked: Asked, uses: Map<string, number>): string[] | undefined {
  if (asked.kind === "near") {
    const left = asked.left.map((side) => neededBy(side, uses));
    return left.every((words) => words !== undefined) ? left.flat() : undefined;
  }
  const rarest = wordsOf(asked).toSorted((a, b) => (uses.get(a) ?? 0) - (uses.get(b) ?? 0))[0];
  return rarest === undefined ? undefined : [rarest];
}

function wordsOf(asked: Asked): string[] {
  if (asked.kind === "near") return [...asked.left, ...asked.right].flatMap(wordsOf);
  if (asked.kind === "fact")
    return asked.field === "category"
      ? []
      : asked.value
          .split(" ")
          .filter(Boolean)
          .map((word) => `name:${word}`);
  return (asked.part === "whole" ? asked.lexemes : asked.lexemes.slice(0, -1)).map(({ lexeme }) => lexeme);
}

function countWords(node: Node, uses: Map<string, number>): void {
  if (node.kind === "one") for (const word of wordsOf(node.asked)) uses.set(word, (uses.get(word) ?? 0) + 1);
  else for (const part of node.parts) countWords(part, uses);
}
