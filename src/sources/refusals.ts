// How is it said that something was not understood? One sentence a kind of problem, with the first place and how many more.
import type { z } from "zod";

/** Collects problems of one file or answer: the same problem in many entries becomes one sentence. */
export function collectRefusals(where: string): {
  add: (place: string, problem: string) => void;
  sentences: () => string[];
} {
  const kinds = new Map<string, { place: string; more: number }>();
  return {
    add(place, problem) {
      const known = kinds.get(problem);
      if (known) known.more++;
      else if (kinds.size < 100) kinds.set(problem, { place, more: 0 });
    },
    sentences: () =>
      [...kinds].map(([problem, { place, more }]) => {
        const others = more === 0 ? "" : more === 1 ? " (and one more like it)" : ` (and ${more} more like it)`;
        return `${where} ${place}${/^[.[]/.test(problem) ? "" : ": "}${problem}${others}.`;
      }),
  };
}

/** The first problem that zod found, as `.paper.title: expected text, found nothing`. */
export function sayIssue(error: z.ZodError, given: unknown): string {
  const [issue] = error.issues;
  const path = (issue?.path ?? [])
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("");
  const found = (issue?.path ?? []).reduce<unknown>(
    (value, step) => (value && typeof value === "object" ? (value as Record<PropertyKey, unknown>)[step] : undefined),
    given,
  );
  const expected = issue?.code === "invalid_type" ? `expected ${expectedNames[issue.expected] ?? issue.expected}` : "";
  const problem = expected ? `${expected}, found ${whatIs(found)}` : lower(issue?.message ?? "not understood");
  return path ? `${path}: ${problem}` : problem;
}

/** What a value is, in words: `text`, `a list`, `an object with status, date and count`. */
export function whatIs(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return "text";
  if (Array.isArray(value)) return "a list";
  if (typeof value !== "object") return `the ${typeof value} ${String(value).slice(0, 20)}`;
  const keys = Object.keys(value)
    .slice(0, 4)
    .map((key) => key.slice(0, 30));
  if (keys.length === 0) return "an empty object";
  const last = keys.pop();
  return `an object with ${keys.length > 0 ? `${keys.join(", ")} and ${last}` : last}`;
}

const expectedNames: Record<string, string> = {
  string: "text",
  array: "a list",
  object: "an object",
  number: "a number",
};
const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
