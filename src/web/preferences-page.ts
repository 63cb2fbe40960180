// What stands on the page of a reader's preferences? All that they chose, wrote, voted and got, and what was just done.
import type { Response } from "express";
import { addDays } from "../core/calendar.ts";
import { lastingPause } from "../core/plan/pause.ts";
import { localDay } from "../core/plan/schedule.ts";
import { listEditions } from "../db/editions.ts";
import { listSavedTopics } from "../db/saved-topics.ts";
import { findSubscriber, type Subscriber } from "../db/subscriber-rows.ts";
import { listVotes } from "../db/votes.ts";
import { type ChoicesForm, choicesData, choicesOf } from "./choices-form.ts";
import { nextDigest } from "./next-digest.ts";
import { pathOf, readIdToken, type Web } from "./web.ts";

const EDITIONS_SHOWN = 14;

/** What a page says after an act that led back to it, and in which section, so that it stands where the reader is. */
type Done = { says: string; at: "top" | "saved" | "votes" | "account" };
const notices = new Map<string, Done>(
  Object.entries({
    saved: { says: "Saved.", at: "top" },
    "topic-saved": { says: "The topic is saved, and looks for papers from now on.", at: "saved" },
    "topic-deleted": { says: "The topic is deleted.", at: "saved" },
    "vote-undone": { says: "Taken back.", at: "votes" },
    "address-asked": {
      says: "If the new address can get mail from us, a link is on its way there. It works once, within the hour.",
      at: "account",
    },
    "link-sent": { says: "We have sent you a mail with a link; it works once, within the hour.", at: "account" },
  }),
);

/** The reader whose page this is; suppressed ones have none. */
export async function findReader(web: Web, token: string): Promise<Subscriber | undefined> {
  const read = readIdToken(web, "preferences", token);
  const subscriber = read.kind === "valid" ? await findSubscriber(web.db, read.id) : undefined;
  return subscriber?.state === "suppressed" ? undefined : subscriber;
}

export type Told = {
  /** What was just done, by its name in the address. */
  done?: string;
  choices?: ChoicesForm;
  /** A saved topic as it was typed, with its error or its back-test. */
  draft?: object;
  address?: { email: string; error: string };
};

/** The whole page, with what was just done or is wrong. */
export async function sendPreferences(
  web: Web,
  response: Response,
  token: string,
  subscriber: Subscriber,
  told: Told,
  status = 200,
): Promise<void> {
  const { id, timezone } = subscriber;
  const paused = lastingPause(subscriber, web.now());
  const done = notices.get(told.done ?? "");
  const [data, savedTopics, votes, editions] = await Promise.all([
    choicesData(web, told.choices ?? (await choicesOf(web, subscriber))),
    listSavedTopics(web.db, id),
    listVotes(web.db, id, web.now()),
    listEditions(web.db, id, EDITIONS_SHOWN),
  ]);
  web.pages.send(
    response,
    "preferences",
    { title: "Your preferences" },
    {
      ...data,
      action: `/preferences/${token}`,
      email: subscriber.email,
      // A pause that is over ends with the next digest; until then the reader only waits for that.
      state: subscriber.state === "paused" && !paused ? "confirmed" : subscriber.state,
      pausedUntil: paused,
      // What was typed as a zone may be none.
      zone: timezone,
      next: nextDigest(web, subscriber),
      tomorrow: addDays(localDay(timezone, web.now()), 1),
      saved: savedTopics,
      votes,
      editions: editions.map((edition) => ({ ...edition, link: pathOf(web, web.links.digest(edition.id)) })),
      unsubscribe: pathOf(web, web.links.unsubscribe(id)),
      feed: pathOf(web, web.links.feed(id)),
      // The section of votes goes with the last of them.
      done: done?.at === "votes" && votes.length === 0 ? { ...done, at: "top" } : done,
      draft: told.draft,
      address: told.address ?? { email: "", error: "" },
    },
    status,
  );
}
