// What can a reader change? Everything, on one page behind a link, without a login.
import { type Response, Router } from "express";
import { addDays } from "../../core/calendar.ts";
import { lastingPause } from "../../core/plan/pause.ts";
import { localDay } from "../../core/plan/schedule.ts";
import { readAddress } from "../../core/readers/address.ts";
import { readChoices } from "../../core/readers/choices.ts";
import { listEditions } from "../../db/editions.ts";
import { listSavedTopics } from "../../db/saved-topics.ts";
import { findSubscriber, type Subscriber } from "../../db/subscriber-rows.ts";
import { askForPreferences, savePreferences } from "../../db/subscribers.ts";
import { listVotes } from "../../db/votes.ts";
import { type ChoicesForm, choicesData, choicesOf, typedChoices } from "../choices-form.ts";
import { fieldOf, formOf, paramOf, queryOf, readForm } from "../forms.ts";
import { networkOf } from "../limits.ts";
import { nextDigest } from "../next-digest.ts";
import { inSameTime } from "../same-time.ts";
import { privatePage } from "../security.ts";
import { allowsReserved, ringLetter } from "../sign-up.ts";
import { pathOf, readIdToken, sendNotFound, sendTooOften, type Web } from "../web.ts";

const EDITIONS_SHOWN = 14;

export function preferencesRoutes(web: Web): Router {
  const router = Router();

  router.get("/preferences", (_request, response) => {
    web.pages.send(response, "ask-preferences", { title: "Your preferences", narrow: true }, { email: "", errors: {} });
  });

  router.post("/preferences", readForm, async (request, response) => {
    const email = fieldOf(formOf(request), "email");
    const seconds = await web.limits.hit("links-network", networkOf(request));
    if (seconds !== undefined) return sendTooOften(web, response, seconds);
    const address = readAddress(email, { allowReserved: allowsReserved(web) });
    if (address.kind === "error") {
      const errors = { email: address.message };
      web.pages.send(response, "ask-preferences", { title: "Your preferences", narrow: true }, { email, errors }, 422);
      return;
    }
    await inSameTime(async () => {
      const { letter } = await askForPreferences(web.db, web.keys, { email: address.email, now: web.now() });
      await ringLetter(web, letter);
    });
    web.pages.send(response, "check-mail", { title: "Check your mail", narrow: true }, { email, link: true });
  });

  router.get("/preferences/:token", privatePage, async (request, response) => {
    const token = paramOf(request, "token");
    const subscriber = await findReader(web, token);
    if (!subscriber) return sendNotFound(web, response);
    const done = notices[queryOf(request, "done", 30)];
    await sendPreferences(web, response, token, subscriber, done === undefined ? {} : { done });
  });

  router.post("/preferences/:token", privatePage, readForm, async (request, response) => {
    const token = paramOf(request, "token");
    const subscriber = await findReader(web, token);
    if (!subscriber) return sendNotFound(web, response);
    const form = formOf(request);
    const known = await choicesOf(web, subscriber);
    const typed = typedChoices(form, known);
    const read = readChoices(form, localDay(subscriber.timezone, web.now()));
    if (read.kind === "error")
      return sendPreferences(web, response, token, subscriber, { choices: { ...typed, errors: read.errors } }, 422);
    const answer = await savePreferences(web.db, {
      subscriberId: subscriber.id,
      choices: read.choices,
      now: web.now(),
    });
    if (answer.kind === "gone") return sendNotFound(web, response);
    if (answer.kind === "left" || answer.kind === "pending")
      return sendPreferences(web, response, token, subscriber, {}, 409);
    if (answer.kind !== "saved") {
      const topics =
        answer.kind === "no-topic"
          ? "Choose at least one topic, or use “Leave” to stop the mails."
          : "One of these topics is not on offer any more; please choose again.";
      return sendPreferences(web, response, token, subscriber, { choices: { ...typed, errors: { topics } } }, 422);
    }
    await sendPreferences(web, response, token, answer.subscriber, { done: saved });
  });

  return router;
}

/** What a page says after an act that led back to it, and in which section, so that it stands where the reader is. */
type Done = { says: string; at: "top" | "saved" | "votes" | "account" };
const saved: Done = { says: "Saved.", at: "top" };
const notices: Record<string, Done> = {
  saved,
  "topic-saved": { says: "The topic is saved, and looks for papers from now on.", at: "saved" },
  "topic-deleted": { says: "The topic is deleted.", at: "saved" },
  "vote-undone": { says: "Taken back.", at: "votes" },
  "address-asked": {
    says: "If the new address can get mail from us, a link is on its way there. It works once, within the hour.",
    at: "account",
  },
  "link-sent": { says: "We have sent you a mail with a link; it works once, within the hour.", at: "account" },
};

/** The reader whose page this is; suppressed ones have none. */
export async function findReader(web: Web, token: string): Promise<Subscriber | undefined> {
  const read = readIdToken(web, "preferences", token);
  const subscriber = read.kind === "valid" ? await findSubscriber(web.db, read.id) : undefined;
  return subscriber?.state === "suppressed" ? undefined : subscriber;
}

export type Told = {
  done?: Done | undefined;
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
      done: told.done?.at === "votes" && votes.length === 0 ? { ...told.done, at: "top" } : told.done,
      draft: told.draft,
      address: told.address ?? { email: "", error: "" },
    },
    status,
  );
}
