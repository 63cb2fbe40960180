// How does a reader write a topic of their own? Try it on the last days, save it, change it, delete it.
import { Router } from "express";
import { followRules, mistakeIn } from "../../core/match/rules.ts";
import { backtest } from "../../db/backtest.ts";
import { deleteSavedTopic, MAX_SAVED_TOPICS, readOwnRules, saveTopic } from "../../db/saved-topics.ts";
import { type Form, fieldOf, formOf, paramOf, readForm, readId } from "../forms.ts";
import { networkOf } from "../limits.ts";
import { findReader, sendPreferences } from "../preferences-page.ts";
import { privatePage } from "../security.ts";
import { sendNotFound, sendTooOften, type Web } from "../web.ts";

const BACKTEST_DAYS = 7;

export function savedTopicRoutes(web: Web): Router {
  const router = Router();

  router.post("/preferences/:token/topics", privatePage, readForm, async (request, response) => {
    const token = paramOf(request, "token");
    const subscriber = await findReader(web, token);
    if (!subscriber || subscriber.state === "unsubscribed") return sendNotFound(web, response);
    const form = formOf(request);
    const id = readId(fieldOf(form, "id"));
    const action = fieldOf(form, "action");
    if (action === "delete") {
      if (id !== undefined) await deleteSavedTopic(web.db, { ownerId: subscriber.id, id });
      response.redirect(303, `/preferences/${token}?done=topic-deleted#saved`);
      return;
    }
    const seconds = await web.limits.hit("backtest", networkOf(request));
    if (seconds !== undefined) return sendTooOften(web, response, seconds);
    const draft = { id, name: fieldOf(form, "name").slice(0, 80), rules: rulesOf(form) };
    if (draft.rules === "")
      return sendPreferences(
        web,
        response,
        token,
        subscriber,
        { draft: { ...draft, error: "Write what to look for." } },
        422,
      );
    // What was changed after it was tried is tried again before it is saved.
    const tried = form["tried"] === undefined ? draft.rules : fieldOf(form, "tried").replace(/\r\n?/g, "\n").trim();
    if (action !== "save" || tried !== draft.rules) {
      const read = readOwnRules(draft.rules);
      const asked = { rules: draft.rules, days: BACKTEST_DAYS, now: web.now() };
      const told = read.kind === "error" ? read : await backtest(web.db, asked);
      const shown =
        told.kind === "error"
          ? { ...draft, error: mistakeIn(draft.rules, told) }
          : { ...draft, tried: told, follows: isFollowing(draft.rules) };
      return sendPreferences(web, response, token, subscriber, { draft: shown }, told.kind === "error" ? 422 : 200);
    }
    const answer = await saveTopic(
      web.db,
      { ownerId: subscriber.id, name: draft.name, rules: draft.rules, ...(id === undefined ? {} : { id }) },
      web.now(),
    );
    if (answer.kind === "gone") return sendNotFound(web, response);
    if (answer.kind !== "saved") {
      const error =
        answer.kind === "error" ? mistakeIn(draft.rules, answer) : `At most ${MAX_SAVED_TOPICS} topics can be saved.`;
      return sendPreferences(web, response, token, subscriber, { draft: { ...draft, error } }, 422);
    }
    response.redirect(303, `/preferences/${token}?done=topic-saved#saved`);
  });

  return router;
}

/** Rules as typed, or those of the short cut: follow an author, follow an organization. */
function rulesOf(form: Form): string {
  const follow = fieldOf(form, "follow").trim().slice(0, 200);
  if (follow !== "") return followRules(fieldOf(form, "follow_kind") === "org" ? "org" : "author", follow);
  return fieldOf(form, "rules").replace(/\r\n?/g, "\n").trim();
}

const isFollowing = (rules: string) => /^(author|org):"[^"]*"$/.test(rules);
