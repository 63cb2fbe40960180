// What is a source? A place papers come from, and how it is asked for some list days.

import type { CalendarName } from "../core/calendar.ts";
import type { PaperDraft } from "../core/paper.ts";
import type { Http } from "./http.ts";

/** Which list days are wanted, both ends included, `YYYY-MM-DD`; by the day, or in back-fills by whole weeks or months. */
export type Ask = {
  from: string;
  to: string;
  unit: "day" | "week" | "month";
  /** False where a person named the days; true for the regular look at what is new. */
  regular: boolean;
  /** The newest list day that the source is known to have given, where there is one. */
  known?: string | undefined;
  /** Ids (`2603.04918`) of known papers whose title and authors another source wrote; for a source that `completes`. */
  incomplete?: string[] | undefined;
  now: Date;
  signal?: AbortSignal | undefined;
};

/** Some of what a source answered. `listDay` is the day of a whole announcement, where the answer is one. */
export type Batch = {
  drafts: PaperDraft[];
  /** One sentence for each thing that was not understood, naming where it stands. */
  refused: string[];
  /** What is asked next or was just answered, for a progress line: `2026-03-02`, `cs.LG`. */
  at: string;
  done: number;
  total: number;
  listDay?: string;
  /** Beside the list: what goes wrong here is told and fails no run. */
  aside?: boolean;
};

export type Source = {
  /** As in SOURCES, source_runs and papers.source. */
  name: string;
  /** As a sentence names it: `Hugging Face`, `arXiv`. */
  title: string;
  calendar: CalendarName;
  /** List days before today that a regular run asks again, because lists fill up and votes grow. */
  rereadDays: number;
  /** The scheme of canonical ids (`arxiv` of `arxiv:2603.04918`) whose papers it owns, and can be asked for one by one. */
  completes?: string;
  /** Throws a SourceError when the source does not answer or answers nonsense; what came before it still counts. */
  fetch(ask: Ask, http: Http): AsyncIterable<Batch>;
};

/**
 * A source that did not answer, or not with papers: one sentence, and the instant before which it need not be asked again.
 * `unanswered`: it did not answer at all, after all patience.
 */
export class SourceError extends Error {
  readonly retryAt: Date | undefined;
  readonly unanswered: boolean;
  constructor(sentence: string, options: { retryAt?: Date | undefined; unanswered?: boolean; cause?: unknown } = {}) {
    super(sentence, { cause: options.cause });
    this.retryAt = options.retryAt;
    this.unanswered = options.unanswered ?? false;
  }
}

/**
 * Asks for one list after the other; one that fails costs the others nothing. Where a source asks for patience, or gives no answer
 * twice in a row, it is left alone. Throws the first failure at the end.
 */
export async function* askEach<Asked>(
  lists: Asked[],
  ask: (list: Asked, index: number) => AsyncIterable<Batch>,
): AsyncIterable<Batch> {
  let first: SourceError | undefined;
  let silent = 0;
  for (const [index, list] of lists.entries()) {
    try {
      yield* ask(list, index);
      silent = 0;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      first ??= error;
      silent = error.unanswered ? silent + 1 : 0;
      if (error.retryAt || silent === 2) break;
    }
  }
  if (first) throw first;
}
