// How does somebody sign up? Address, mail, confirm page with the choices.
import { type Response, Router } from "express";
import { localDay } from "../../core/plan/schedule.ts";
import { readChoices } from "../../core/readers/choices.ts";
import { findSubscriber, type Subscriber } from "../../db/subscriber-rows.ts";
import { confirm } from "../../db/subscribers.ts";
import { type ChoicesForm, choicesData, choicesOf, typedChoices } from "../choices-form.ts";
import { fieldOf, fieldsOf, formOf, paramOf, readForm } from "../forms.ts";
import { renderDay, type SignUpForm } from "../front.ts";
import { networkOf } from "../limits.ts";
import { nextDigest } from "../next-digest.ts";
import { previewDigest } from "../preview.ts";
import { privatePage } from "../security.ts";
import { askForSubscription } from "../sign-up.ts";
import { pathOf, readIdToken, sendNotFound, sendTooOften, type Web } from "../web.ts";

/** Names the wording of the confirm page that readers agreed to; change it when that text changes. */
const WORDING = "2026-10 /confirm";

export function subscribeRoutes(web: Web): Router {
  const router = Router();

  router.get("/subscribe", (_request, response) => {
    response.redirect(303, "/#subscribe");
  });

  router.post("/subscribe", readForm, async (request, response) => {
    const form = formOf(request);
    const signUp: SignUpForm = {
      email: fieldOf(form, "email"),
      topics: fieldsOf(form, "topics"),
      timezone: fieldOf(form, "timezone"),
      errors: {},
    };
    const answer = await askForSubscription(web, {
      ...signUp,
      website: fieldOf(form, "website"),
      network: networkOf(request),
    });
    if (answer.kind === "too-often") return sendTooOften(web, response, answer.seconds);
    if (answer.kind === "sent") {
      web.pages.send(response, "check-mail", { title: "Check your mail", narrow: true }, signUp);
      return;
    }
    const body = await renderDay(web, { path: "/", signUp: { ...signUp, errors: answer.errors } });
    response.status(422).set("Cache-Control", "no-store").type("html").send(body);
  });

  router.get("/confirm/:token", privatePage, async (request, response) => {
    const token = readIdToken(web, "confirm", paramOf(request, "token"));
    if (token.kind === "unknown") return sendNotFound(web, response);
    if (token.kind === "expired") return sendExpired(web, response);
    const subscriber = await findSubscriber(web.db, token.id);
    if (!subscriber || subscriber.state === "suppressed") return sendNotFound(web, response);
    if (subscriber.state === "unsubscribed") return sendLeft(web, response);
    if (subscriber.state !== "pending") return sendWelcome(web, response, subscriber, true);
    await sendConfirm(web, response, subscriber, await choicesOf(web, subscriber), 200);
  });

  router.post("/confirm/:token", privatePage, readForm, async (request, response) => {
    const token = readIdToken(web, "confirm", paramOf(request, "token"));
    if (token.kind === "unknown") return sendNotFound(web, response);
    if (token.kind === "expired") return sendExpired(web, response);
    const form = formOf(request);
    const subscriber = await findSubscriber(web.db, token.id);
    if (!subscriber || subscriber.state === "suppressed") return sendNotFound(web, response);
    const known = await choicesOf(web, subscriber);
    const read = readChoices(form, localDay(subscriber.timezone, web.now()));
    const typed: ChoicesForm = { ...known, ...typedChoices(form, known) };
    if (read.kind === "error") return sendConfirm(web, response, subscriber, { ...typed, errors: read.errors }, 422);
    if (fieldOf(form, "action") === "preview" && subscriber.state === "pending")
      return sendConfirm(web, response, subscriber, typed, 200);
    const { pausedUntil: _noPauseYet, ...choices } = read.choices;
    const answer = await confirm(web.db, { subscriberId: token.id, choices, wording: WORDING, now: web.now() });
    if (answer.kind === "gone") return sendNotFound(web, response);
    if (answer.kind === "left") return sendLeft(web, response);
    if (answer.kind === "no-topic" || answer.kind === "unknown-topic") {
      const topics =
        answer.kind === "no-topic"
          ? "Choose at least one topic: the digest is made of them."
          : "One of these topics is not on offer any more; please choose again.";
      return sendConfirm(web, response, subscriber, { ...typed, errors: { topics } }, 422);
    }
    sendWelcome(web, response, answer.subscriber, answer.kind === "already");
  });

  return router;
}

/** The confirm page: the choices, what to expect, and what tomorrow's digest would hold. */
async function sendConfirm(web: Web, response: Response, subscriber: Subscriber, choices: ChoicesForm, status: number) {
  const [data, preview] = await Promise.all([choicesData(web, choices), previewDigest(web, choices)]);
  const page = { title: "Confirm your subscription", narrow: true };
  web.pages.send(response, "confirm", page, { ...data, preview, email: subscriber.email }, status);
}

function sendWelcome(web: Web, response: Response, subscriber: Subscriber, again: boolean): void {
  web.pages.send(
    response,
    "welcome",
    { title: again ? "Already confirmed" : "You are subscribed", narrow: true },
    {
      again,
      first: nextDigest(web, subscriber),
      timezone: subscriber.timezone,
      paused: subscriber.state === "paused",
      preferences: pathOf(web, web.links.preferences(subscriber.id)),
    },
  );
}

function sendExpired(web: Web, response: Response): void {
  web.pages.send(response, "expired", { title: "This link is too old", narrow: true }, { what: "confirm" }, 410);
}

function sendLeft(web: Web, response: Response): void {
  web.pages.send(response, "expired", { title: "This link has done its work", narrow: true }, { what: "left" }, 410);
}
