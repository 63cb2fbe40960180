// Which topics are on offer? Reads topics.yaml: every mistake with its line, all at once.
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, Scalar } from "yaml";
import { parseRules } from "./rules.ts";

export type OfferedTopic = { slug: string; name: string; area: string; description: string; rules: string };
export type TopicsFile = { kind: "ok"; topics: OfferedTopic[] } | { kind: "error"; problems: string[] };

const MAX_FILE_LENGTH = 1_000_000;
const MAX_TOPICS = 1_000;
const keys = ["slug", "name", "area", "description", "rules"] as const;
type Key = (typeof keys)[number];
const longest: Record<Key, number> = { slug: 60, name: 80, area: 80, description: 400, rules: 20_000 };

/** Reads a topics file (YAML: a list of slug, name, area, description, rules); problems start with their line number. */
export function readTopicsFile(text: string): TopicsFile {
  if (text.length > MAX_FILE_LENGTH)
    return { kind: "error", problems: [`line 1: the file is longer than ${MAX_FILE_LENGTH} characters`] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problems: { line: number; says: string }[] = [];
  const lineAt = (node: unknown): number => {
    const start = (node as Node | null)?.range?.[0];
    return start === undefined ? 1 : lines.linePos(start).line;
  };
  const complain = (line: number, says: string) => problems.push({ line, says });

  for (const error of document.errors)
    complain(error.linePos?.[0].line ?? 1, (error.message.split("\n")[0] ?? "").replace(/ at line \d+.*$/, ""));
  const root = document.contents;
  if (problems.length > 0) return refused(problems);
  if (!isSeq(root)) {
    complain(lineAt(root), "the file must be a list of topics, each with slug, name, area, description and rules");
    return refused(problems);
  }
  if (root.items.length > MAX_TOPICS) complain(lineAt(root), `there may be at most ${MAX_TOPICS} topics`);

  const topics: OfferedTopic[] = [];
  const seen = { slug: new Map<string, number>(), name: new Map<string, number>() };
  for (const item of root.items.slice(0, MAX_TOPICS)) {
    const itemLine = lineAt(item);
    if (!isMap(item)) {
      complain(itemLine, "a topic must have slug, name, area, description and rules");
      continue;
    }
    const topic: Partial<OfferedTopic> = {};
    const before = problems.length;
    for (const pair of item.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : "?";
      const line = lineAt(pair.key);
      const key = keys.find((known) => known === name);
      if (!key) {
        complain(line, `${name} is not known; a topic has ${keys.join(", ")}`);
        continue;
      }
      const value = isScalar(pair.value) ? pair.value.value : undefined;
      if (typeof value !== "string" || value.trim() === "") complain(line, `${key} must be a text`);
      else if (value.length > longest[key]) complain(line, `${key} may be at most ${longest[key]} characters long`);
      else topic[key] = key === "rules" ? value : value.trim().replace(/\s+/g, " ");
      if (key === "rules" && isScalar(pair.value) && topic.rules !== undefined) {
        const parsed = parseRules(topic.rules);
        if (parsed.kind === "error") {
          const place = ruleLine(pair.value, lineAt(pair.value), topic.rules, parsed.at);
          complain(place, `rules: ${parsed.message}, at character ${parsed.at + 1}: ${near(topic.rules, parsed.at)}`);
        }
      }
    }
    for (const key of keys)
      if (topic[key] === undefined && !item.has(key)) complain(itemLine, `the topic needs ${key}`);
    if (topic.slug !== undefined && !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(topic.slug))
      complain(itemLine, `slug ${topic.slug} may hold small letters, digits and single dashes only`);
    for (const key of ["slug", "name"] as const) {
      const value = topic[key];
      const first = value === undefined ? undefined : seen[key].get(value);
      if (first !== undefined) complain(itemLine, `${key} ${value} is already used in line ${first}`);
      else if (value !== undefined) seen[key].set(value, itemLine);
    }
    if (problems.length === before) topics.push(topic as OfferedTopic);
  }
  if (root.items.length === 0) complain(1, "the file holds no topic");
  return problems.length > 0 ? refused(problems) : { kind: "ok", topics };
}

function refused(problems: { line: number; says: string }[]): TopicsFile {
  const sorted = problems.toSorted((a, b) => a.line - b.line);
  return { kind: "error", problems: sorted.map(({ line, says }) => `line ${line}: ${says}`) };
}

/** The line of character `at` of a rule text; only block text (`|`) keeps its lines, other styles start where they start. */
function ruleLine(scalar: Scalar, startLine: number, rules: string, at: number): number {
  if (scalar.type !== Scalar.BLOCK_LITERAL) return startLine;
  return startLine + 1 + (rules.slice(0, at).match(/\n/g)?.length ?? 0);
}

function near(rules: string, at: number): string {
  const piece =
    rules
      .slice(at, at + 30)
      .split("\n")[0]
      ?.trim() ?? "";
  return piece === "" ? "the end" : `“${piece}”`;
}
