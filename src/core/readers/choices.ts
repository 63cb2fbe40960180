// What may a reader choose on the confirm and preference pages? Forms in, typed choices or a message beside each field out.
import { z } from "zod";
import type { Cadence } from "../digest.ts";
import { mistakeIn, parseExclusions } from "../match/rules.ts";
import { isDate } from "../weeks.ts";
import { readTimezone } from "./timezones.ts";

/** Choices as they are kept; what a form did not send stays as it was. */
export type Choices = {
  topics?: string[];
  timezone?: string;
  hour?: number;
  cadence?: Cadence;
  maxPapers?: number;
  minUpvotes?: number;
  format?: "html" | "text";
  excluded?: string;
  /** `YYYY-MM-DD` to pause until then, null to go on. */
  pausedUntil?: string | null;
};
type FieldErrors = Record<string, string>;
export type ReadChoices = { kind: "ok"; choices: Choices } | { kind: "error"; errors: FieldErrors };

export const cadences = ["daily", "weekdays", "weekly"] as const;
export const MAX_PAPERS = 50;
const MAX_TOPICS = 200;
const MAX_PAUSE_DAYS = 366;

const wholeNumber = (min: number, max: number, message: string) =>
  z
    .string()
    .regex(/^\s*\d{1,9}\s*$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
const strings = z.union([z.string().transform((value) => [value]), z.array(z.string())]);

const form = z.object({
  topics: strings
    .transform((slugs) => [...new Set(slugs.map((slug) => slug.trim()).filter(Boolean))])
    .refine((slugs) => slugs.length <= MAX_TOPICS, `At most ${MAX_TOPICS} topics can be chosen.`)
    .optional(),
  timezone: z
    .string()
    .transform((zone, context) => {
      const read = readTimezone(zone.trim());
      if (read === undefined) context.addIssue({ code: "custom", message: "This is not the name of a time zone." });
      return read ?? "UTC";
    })
    .optional(),
  hour: wholeNumber(0, 23, "The hour is a whole number from 0 to 23.").optional(),
  cadence: z.enum(cadences, "Choose daily, weekdays or weekly.").optional(),
  max_papers: wholeNumber(1, MAX_PAPERS, `The number of papers is from 1 to ${MAX_PAPERS}.`).optional(),
  min_upvotes: wholeNumber(0, 100_000, "The least number of upvotes is a whole number from 0.").optional(),
  format: z.enum(["html", "text"], "Choose HTML or plain text.").optional(),
  excluded: z
    .string()
    .max(5_000, "The words to leave out may be at most 5,000 characters long.")
    .transform((text) => text.replace(/\r\n?/g, "\n").trim())
    .superRefine((text, context) => {
      const parsed = text === "" ? undefined : parseExclusions(text);
      if (parsed?.kind === "error") context.addIssue({ code: "custom", message: mistakeIn(text, parsed) });
    })
    .optional(),
  pause_until: z.string().optional(),
});

/**
 * Reads a choices form (fields as in the contract: topics, timezone, hour, cadence, max_papers, min_upvotes, format,
 * excluded, pause_until). `today` is the reader's date. A form with the marker `choices` sends all its topics: none ticked
 * means none. Errors are sentences by field name.
 */
export function readChoices(body: Record<string, unknown>, today: string): ReadChoices {
  const parsed = form.safeParse(body);
  const { choices: marker, pause_until } = body;
  const pause = typeof pause_until === "string" ? readPause(pause_until, today) : undefined;
  const errors: FieldErrors = {};
  for (const issue of parsed.error?.issues ?? [])
    errors[String(issue.path[0] ?? "form")] ??=
      issue.code === "invalid_type" ? "This field came in a form that cannot be read." : issue.message;
  if (pause?.kind === "error") errors["pause_until"] = pause.message;
  if (!parsed.success || pause?.kind === "error") return { kind: "error", errors };
  const { topics, timezone, hour, cadence, max_papers, min_upvotes, format, excluded } = parsed.data;
  const ticked = topics ?? (marker === undefined ? undefined : []);
  return {
    kind: "ok",
    choices: {
      ...(ticked === undefined ? {} : { topics: ticked }),
      ...(timezone === undefined ? {} : { timezone }),
      ...(hour === undefined ? {} : { hour }),
      ...(cadence === undefined ? {} : { cadence }),
      ...(max_papers === undefined ? {} : { maxPapers: max_papers }),
      ...(min_upvotes === undefined ? {} : { minUpvotes: min_upvotes }),
      ...(format === undefined ? {} : { format }),
      ...(excluded === undefined ? {} : { excluded }),
      ...(pause === undefined ? {} : { pausedUntil: pause.until }),
    },
  };
}

type Pause = { kind: "ok"; until: string | null } | { kind: "error"; message: string };

function readPause(text: string, today: string): Pause {
  const date = text.trim();
  if (date === "") return { kind: "ok", until: null };
  if (!isDate(date)) return { kind: "error", message: "This is not a date; it looks like 2027-01-31." };
  const days = (Date.parse(date) - Date.parse(today)) / 86_400_000;
  if (days <= 0) return { kind: "error", message: "Choose a day after today, or leave it empty to go on." };
  if (days > MAX_PAUSE_DAYS) return { kind: "error", message: "A pause may be at most a year long." };
  return { kind: "ok", until: date };
}
