// How good are the topics? Precision, recall and F1 against labelled papers.
import { z } from "zod";

const labels = z.array(z.string().max(200)).max(100);
const labelledPaper = z.object({
  title: z.string().max(2_000),
  abstract: z.string().max(50_000),
  topics: labels,
  maybe: labels.default([]),
});
/** A paper with the topics a reader of each would want, and the pairs to leave out of scoring. */
export type LabelledPaper = z.output<typeof labelledPaper>;

type Figures = { precision: number; recall: number; f1: number };
type TopicFigures = Figures & { positives: number; right: number; wrong: number; missed: number };
export type Evaluation = Figures & { papers: number; topics: Record<string, TopicFigures> };

/** Reads a labels file (JSON: a list of title, abstract, topics, maybe); the error names the place. */
export function readLabelledPapers(
  text: string,
): { kind: "ok"; papers: LabelledPaper[] } | { kind: "error"; message: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: "error", message: `This is not JSON: ${error instanceof Error ? error.message : "unreadable"}` };
  }
  const read = z.array(labelledPaper).min(1).max(100_000).safeParse(value);
  if (read.success) return { kind: "ok", papers: read.data };
  const [issue] = read.error.issues;
  const [entry, ...field] = issue?.path ?? [];
  const place =
    entry === undefined ? "The file" : `Entry ${Number(entry) + 1}${field.length > 0 ? `, ${field.join(".")}` : ""}`;
  return { kind: "error", message: `${place}: ${issue?.message ?? "is not a labelled paper"}` };
}

/**
 * Compares what matched (topic names, one list a paper) with the labels; `maybe` pairs count neither way. Micro-averaged over
 * every pair; a topic with nothing to find and nothing found scores 1.
 */
export function evaluate(labelled: Pick<LabelledPaper, "topics" | "maybe">[], matched: string[][]): Evaluation {
  const names = new Set([...labelled.flatMap(({ topics }) => topics), ...matched.flat()]);
  const topics: Record<string, TopicFigures> = {};
  const all = { right: 0, wrong: 0, missed: 0 };
  for (const name of [...names].sort()) {
    const counts = { right: 0, wrong: 0, missed: 0 };
    labelled.forEach((paper, number) => {
      const wanted = paper.topics.includes(name);
      if (!wanted && paper.maybe.includes(name)) return;
      const found = matched[number]?.includes(name) ?? false;
      if (wanted && found) counts.right++;
      else if (wanted) counts.missed++;
      else if (found) counts.wrong++;
    });
    if (counts.right + counts.wrong + counts.missed === 0) continue;
    topics[name] = { ...figures(counts), positives: counts.right + counts.missed, ...counts };
    all.right += counts.right;
    all.wrong += counts.wrong;
    all.missed += counts.missed;
  }
  return { ...figures(all), papers: labelled.length, topics };
}

function figures({ right, wrong, missed }: { right: number; wrong: number; missed: number }): Figures {
  return {
    precision: right + wrong === 0 ? 1 : right / (right + wrong),
    recall: right + missed === 0 ? 1 : right / (right + missed),
    f1: right + wrong + missed === 0 ? 1 : (2 * right) / (2 * right + wrong + missed),
  };
}
