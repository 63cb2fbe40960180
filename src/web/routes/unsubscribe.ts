// How does a reader leave? One button, one click for mail programs (RFC 8058), a way back, and less instead.
import { type Response, Router } from "express";
import { addDays } from "../../core/calendar.ts";
import { lastingPause } from "../../core/plan/pause.ts";
import { localDay } from "../../core/plan/schedule.ts";
import { type CameBack, canUndo, type Less, reduce, undoUnsubscribe, unsubscribe } from "../../db/leaving.ts";
import { findSubscriber, listChosenTopics } from "../../db/subscriber-rows.ts";
import { listOfferedTopics } from "../../db/topics.ts";
import { date } from "../format.ts";
import { fieldOf, formOf, paramOf, readForm } from "../forms.ts";
import { privatePage } from "../security.ts";
import { pathOf, readIdToken, sendNotFound, type Web } from "../web.ts";

const PAUSE_DAYS = 30;
const FEWER = 5;

export function unsubscribeRoutes(web: Web): Router {
  const router = Router();

  router.get("/unsubscribe/:token", privatePage, async (request, response) => {
    const token = readIdToken(web, "unsubscribe", paramOf(request, "token"));
    if (token.kind !== "valid") return sendNotFound(web, response);
    await sendState(web, response, token.id, paramOf(request, "token"));
  });

  // No cookie, no origin, no field is asked for: an empty body leaves as well, and leaving twice is leaving.
  router.post("/unsubscribe/:token", privatePage, readForm, async (request, response) => {
    const text = paramOf(request, "token");
    const token = readIdToken(web, "unsubscribe", text);
    if (token.kind !== "valid") return sendNotFound(web, response);
    const form = formOf(request);
    const action = fieldOf(form, "action");
    const ids = { subscriberId: token.id, now: web.now() };
    if (action === "undo") {
      const answer = await undoUnsubscribe(web.db, web.keys, ids);
      return sendState(web, response, token.id, text, { answer, says: "You are subscribed again." });
    }
    if (action === "less") {
      const subscriber = await findSubscriber(web.db, token.id);
      const less = readLess(form, localDay(subscriber?.timezone ?? "UTC", web.now()));
      if (!less) return sendState(web, response, token.id, text, undefined, 422);
      const answer = await reduce(web.db, web.keys, { ...ids, less });
      return sendState(web, response, token.id, text, { answer, says: saidOf(less) });
    }
    const oneClick = fieldOf(form, "List-Unsubscribe") === "One-Click";
    await unsubscribe(web.db, { ...ids, via: oneClick ? "one-click" : "page" });
    await sendState(web, response, token.id, text);
  });

  return router;
}

type Outcome = { answer: CameBack; says: string };

/** The page for the state a reader is in: subscribed, just gone, or unknown, which looks like gone. */
async function sendState(web: Web, response: Response, id: number, token: string, outcome?: Outcome, status = 200) {
  const subscriber = await findSubscriber(web.db, id);
  const gone = !subscriber || subscriber.state === "unsubscribed" || subscriber.state === "suppressed";
  const undo = subscriber !== undefined && canUndo(subscriber, web.now());
  const [chosen, offered] = subscriber
    ? await Promise.all([listChosenTopics(web.db, id), listOfferedTopics(web.db)])
    : [[], []];
  const page = {
    title: gone ? "You have left" : outcome?.answer.kind === "back" ? "You are subscribed" : "Leave",
    narrow: true,
  };
  web.pages.send(
    response,
    "unsubscribe",
    page,
    {
      action: `/unsubscribe/${token}`,
      gone,
      undo,
      pending: subscriber?.state === "pending",
      topics: offered.filter(({ slug }) => chosen.includes(slug)),
      cadence: subscriber?.cadence,
      fewer: subscriber && subscriber.maxPapers > FEWER ? FEWER : undefined,
      paused: subscriber?.state === "paused" ? lastingPause(subscriber, web.now()) : undefined,
      pauseDays: PAUSE_DAYS,
      preferences: subscriber && !gone ? pathOf(web, web.links.preferences(id)) : undefined,
      done: outcome?.answer.kind === "back" ? outcome.says : undefined,
      refused: refusalOf(outcome?.answer),
    },
    outcome && outcome.answer.kind !== "back" ? 409 : status,
  );
}

function refusalOf(answer: CameBack | undefined): string | undefined {
  if (answer === undefined || answer.kind === "back") return undefined;
  if (answer.kind === "too-late") return "It is more than 30 days since you left, so please sign up again.";
  if (answer.kind === "last-topic") return "This is your only topic; a digest needs one.";
  if (answer.kind === "pending") return "This subscription was never confirmed.";
  return "There is no subscription to change.";
}

function readLess(form: ReturnType<typeof formOf>, today: string): Less | undefined {
  const what = fieldOf(form, "what");
  if (what === "weekly") return { kind: "weekly" };
  if (what === "fewer") return { kind: "fewer", maxPapers: FEWER };
  if (what === "pause") return { kind: "pause", until: addDays(today, PAUSE_DAYS) };
  const slug = fieldOf(form, "topic");
  return what === "drop-topic" && slug !== "" ? { kind: "drop-topic", slug } : undefined;
}

function saidOf(less: Less): string {
  if (less.kind === "weekly") return "From now on the digest comes once a week, on Monday.";
  if (less.kind === "fewer") return `From now on a digest holds at most ${less.maxPapers} papers.`;
  if (less.kind === "pause") return `The digest pauses until ${date(less.until)}.`;
  return "That topic is out of your digest.";
}
