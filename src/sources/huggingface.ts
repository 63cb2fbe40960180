// The source huggingface: which papers did Hugging Face's daily page list on these days?
import { listDays, quietDay } from "../core/calendar.ts";
import type { PaperDraft } from "../core/paper.ts";
import { weekOf } from "../core/weeks.ts";
import type { Answer, Http } from "./http.ts";
import { readDailyPapers } from "./huggingface-entries.ts";
import { type Ask, askEach, type Source, SourceError } from "./source.ts";

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
    calendar: "weekdays",
    rereadDays: 3,
    fetch(ask, http) {
      const periods = listPeriods(ask);
      const progress = (index: number) => ({ done: index + 1, total: periods.length });
      return askEach(periods, async function* (period, index) {
        const list: List = { drafts: new Map(), refused: [] };
        let failure: SourceError | undefined;
        try {
          await readList(`${base}?${period.parameter}=${period.name}&limit=${LIMIT}`, period, list, ask, http);
        } catch (error) {
          if (!(error instanceof SourceError)) throw error;
          failure = error;
        }
        const { name: at, day } = period;
        const drafts = [...list.drafts.values()];
        yield {
          drafts,
          refused: list.refused,
          at,
          ...progress(index),
          ...(drafts.length > 0 && day && { listDay: day }),
        };
        if (failure) throw failure;
      });
    },
  };
}

type List = { drafts: Map<string, PaperDraft>; refused: string[] };

/** Adds the pages of one list; what was read before a page that fails stays. */
async function readList(url: string, { name, day }: Period, list: List, ask: Ask, http: Http): Promise<void> {
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await http.get(page > 0 ? `${url}&p=${page}` : url, {
      accept: "application/json",
      signal: ask.signal,
    });
    // A day whose list is not open yet is answered with 400.
    if (answer.status === 400 || answer.status === 404) return;
    const where = `Hugging Face ${name}${page > 0 ? ` page ${page + 1}` : ""}`;
    const read = readDailyPapers(readJson(answer, where), { where, day, now: ask.now });
    const before = list.drafts.size;
    for (const draft of read.drafts) list.drafts.set(draft.canonicalId, draft);
    list.refused.push(...read.refused);
    if (read.entries < FULL_PAGE || list.drafts.size === before) return;
  }
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
