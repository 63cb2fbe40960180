// What can a reader change? Everything, on one page behind a link, without a login.
import { Router } from "express";
import { localDay } from "../../core/plan/schedule.ts";
import { readAddress } from "../../core/readers/address.ts";
import { readChoices } from "../../core/readers/choices.ts";
import { askForPreferences, savePreferences } from "../../db/subscribers.ts";
import { choicesOf, typedChoices } from "../choices-form.ts";
import { fieldOf, formOf, paramOf, queryOf, readForm } from "../forms.ts";
import { networkOf } from "../limits.ts";
import { findReader, sendPreferences } from "../preferences-page.ts";
import { inSameTime } from "../same-time.ts";
import { privatePage } from "../security.ts";
import { allowsReserved, ringLetter } from "../sign-up.ts";
import { sendNotFound, sendTooOften, type Web } from "../web.ts";

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
    await sendPreferences(web, response, token, subscriber, { done: queryOf(request, "done", 30) });
  });

  // A reload of the address that a form was posted to leads back to the page.
  router.get("/preferences/:token/:part", privatePage, (request, response) => {
    response.redirect(303, `/preferences/${encodeURIComponent(paramOf(request, "token"))}`);
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
    await sendPreferences(web, response, token, answer.subscriber, { done: "saved" });
  });

  return router;
}
