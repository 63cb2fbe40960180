// More or less like this? A link under each paper opens a page with one button; only the button counts.
import { type Response, Router } from "express";
import { verifyToken } from "../../core/tokens.ts";
import { findPaper } from "../../db/papers.ts";
import { findSubscriber } from "../../db/subscriber-rows.ts";
import { castVote, type Direction, undoVote } from "../../db/votes.ts";
import { fieldOf, formOf, paramOf, readForm } from "../forms.ts";
import { privatePage } from "../security.ts";
import { pathOf, sendNotFound, type Web } from "../web.ts";

type Vote = { subscriberId: number; paperId: number; direction: Direction };

export function voteRoutes(web: Web): Router {
  const router = Router();

  router.get("/vote/:token", privatePage, async (request, response) => {
    const token = paramOf(request, "token");
    const vote = readVote(web, token);
    if (!vote) return sendNotFound(web, response);
    await sendVote(web, response, token, vote, "asked");
  });

  router.post("/vote/:token", privatePage, readForm, async (request, response) => {
    const token = paramOf(request, "token");
    const vote = readVote(web, token);
    if (!vote) return sendNotFound(web, response);
    const subscriber = await findSubscriber(web.db, vote.subscriberId);
    if (!subscriber || subscriber.state === "suppressed") return sendNotFound(web, response);
    const undo = fieldOf(formOf(request), "action") === "undo";
    if (undo) await undoVote(web.db, vote);
    else if (!(await castVote(web.db, vote, web.now()))) return sendNotFound(web, response);
    await sendVote(web, response, token, vote, undo ? "undone" : "noted");
  });

  return router;
}

async function sendVote(web: Web, response: Response, token: string, vote: Vote, state: "asked" | "noted" | "undone") {
  const found = await findPaper(web.db, vote.paperId);
  if (!found) return sendNotFound(web, response);
  const page = { title: vote.direction === "more" ? "More like this" : "Less like this", narrow: true };
  web.pages.send(response, "vote", page, {
    action: `/vote/${token}`,
    direction: vote.direction,
    state,
    paper: found,
    preferences: pathOf(web, web.links.preferences(vote.subscriberId)),
  });
}

function readVote(web: Web, token: string): Vote | undefined {
  const answer = verifyToken(web.keys, "vote", token, web.now());
  if (answer.kind !== "valid") return undefined;
  const parts = /^(\d{1,15})\.(\d{1,9})\.(more|less)$/.exec(answer.subject);
  if (!parts) return undefined;
  return {
    subscriberId: Number(parts[1]),
    paperId: Number(parts[2]),
    direction: parts[3] === "more" ? "more" : "less",
  };
}
