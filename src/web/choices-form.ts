// What stands in the choices form of the confirm and preference pages? What is kept, or what was typed.

import { lastingPause } from "../core/plan/pause.ts";
import { cadences, MAX_PAPERS } from "../core/readers/choices.ts";
import { listTimezones } from "../core/readers/timezones.ts";
import { listChosenTopics, type Subscriber } from "../db/subscriber-rows.ts";
import { type Form, fieldOf, fieldsOf } from "./forms.ts";
import { listTopicAreas } from "./front.ts";
import type { Web } from "./web.ts";

/** Every value as the form shows it, so that what was typed can come back beside its error. */
export type ChoicesForm = {
  topics: string[];
  timezone: string;
  hour: string;
  cadence: string;
  max_papers: string;
  min_upvotes: string;
  format: string;
  excluded: string;
  pause_until: string;
  errors: Record<string, string>;
};

const regions = listTimezones();

/** The form as the subscriber's row fills it. */
export async function choicesOf(web: Web, subscriber: Subscriber): Promise<ChoicesForm> {
  return {
    topics: await listChosenTopics(web.db, subscriber.id),
    timezone: subscriber.timezone,
    hour: String(subscriber.hour),
    cadence: subscriber.cadence,
    max_papers: String(subscriber.maxPapers),
    min_upvotes: String(subscriber.minUpvotes),
    format: subscriber.format,
    excluded: subscriber.excluded,
    pause_until: lastingPause(subscriber, web.now()) ?? "",
    errors: {},
  };
}

const textFields = [
  "timezone",
  "hour",
  "cadence",
  "max_papers",
  "min_upvotes",
  "format",
  "excluded",
  "pause_until",
] as const;

/** What a form sent, over what is known. */
export function typedChoices(form: Form, known: ChoicesForm): ChoicesForm {
  const { choices: marker, topics } = form;
  const typed = { ...known, errors: {} };
  for (const name of textFields) if (form[name] !== undefined) typed[name] = fieldOf(form, name).slice(0, 5_000);
  if (marker !== undefined || topics !== undefined) typed.topics = fieldsOf(form, "topics").slice(0, 200);
  return typed;
}

/** What the template of the form asks for. */
export async function choicesData(web: Web, choices: ChoicesForm) {
  const areas = await listTopicAreas(web);
  const known = regions.some(({ zones }) => zones.includes(choices.timezone));
  return {
    choices,
    areas,
    regions,
    // A zone under an older name, or one that was mistyped, still shows as chosen.
    otherZone: known ? undefined : choices.timezone,
    cadences: [
      { value: cadences[0], says: "Every day" },
      { value: cadences[1], says: "Monday to Friday" },
      { value: cadences[2], says: "Once a week, on Monday" },
    ],
    hours: Array.from({ length: 24 }, (_, hour) => hour),
    mostPapers: MAX_PAPERS,
  };
}
