// The source huggingface: which papers did Hugging Face's daily page list on these days?
import { listDays, quietDay } from "../core/calendar.ts";
import type { PaperDraft } from "../core/paper.ts";
import { weekOf } from "../core/weeks.ts";
import type { Answer } from "./http.ts";
import { readDailyPapers } from "./huggingface-entries.ts";
import { type Ask, type Source, SourceError } from "./source.ts";

const LIMIT = 100;
/** A page can hold fewer entries than asked for, down to the default. */
const FULL_PAGE = 50;
const MAX_PAGES = 30;

/** Asks `baseUrl`/api/daily_papers day by day; weeks and months only for a back-fill that names whole ones. */
export function huggingface(baseUrl: string): Source {
  const base = `${baseUrl.replace(/\/+$/, "")}/api/daily_papers`;
  return {
    name: "huggingface",
    title: "Hugging Face",
    says: "Hugging Face's daily papers, with votes, comments, code and a summary.",
    calendar: "weekdays",
    rereadDays: 3,
    async *fetch(ask, http) {
      const periods = listPeriods(ask);
      let nonsense: SourceError | undefined;
      for (const [index, { name, parameter, day }] of periods.entries()) {
        const drafts = new Map<string, PaperDraft>();
        const refused: string[] = [];
        for (let page = 0; page < MAX_PAGES; page++) {
          const url = `${base}?${parameter}=${name}&limit=${LIMIT}${page > 0 ? `&p=${page}` : ""}`;
          const answer = await http.get(url, { accept: "application/json", signal: ask.signal });
          // A day whose list is not open yet is answered with 400.
          if (answer.status === 400 || answer.status === 404) break;
          const where = `Hugging Face ${name}${page > 0 ? ` page ${page + 1}` : ""}`;
          let read: ReturnType<typeof readDailyPapers>;
          try {
            read = readDailyPapers(readJson(answer, where), { where, day, now: ask.now });
          } catch (error) {
            // One damaged day does not cost the others; the run still ends as failed.
            if (!(error instanceof SourceError)) throw error;
            nonsense ??= error;
            break;
          }
          const before = drafts.size;
          for (const draft of read.drafts) drafts.set(draft.canonicalId, draft);
          refused.push(...read.refused);
          if (read.entries < FULL_PAGE || drafts.size === before) break;
        }
        yield {
          drafts: [...drafts.values()],
          refused,
          at: name,
          done: index + 1,
          total: periods.length,
          ...(drafts.size > 0 && day && { listDay: day }),
        };
      }
      if (nonsense) throw nonsense;
    },
  };
}

type Period = { name: string; parameter: "date" | "week" | "month"; day?: string };

function listPeriods({ from, to, unit, regular }: Ask): Period[] {
  const all = listDays(from, to);
  // A long back-fill leaves out the days that never had a list.
  const days = !regular && unit === "day" && all.length > 7 ? all.filter((day) => !quietDay("weekdays", day)) : all;
  if (unit === "day") return days.map((day) => ({ name: day, parameter: "date", day }));
  const names = days.map((day) => (unit === "month" ? day.slice(0, 7) : weekOf(day)));
  return [...new Set(names)].map((name) => ({ name, parameter: unit }));
}

/** The JSON of an answer; throws a SourceError where a page, nothing or half of it came. */
export function readJson(answer: Answer, where: string): unknown {
  const text = answer.body.toString("utf8");
  if (answer.status >= 300) throw new SourceError(`${where}: answered with status ${answer.status}.`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const start = text.trimStart().slice(0, 200);
    const what = /^<(!doctype|html|\?xml)/i.test(start)
      ? "a web page came where JSON was expected"
      : start === ""
        ? "the answer is empty"
        : /^[[{]/.test(start)
          ? "the JSON breaks off or is damaged"
          : "text came where JSON was expected";
    throw new SourceError(`${where}: ${what}.`, { cause });
  }
}
