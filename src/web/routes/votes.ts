// More or less like this? A link under each paper opens a page with one button; only the button counts, and it can be taken back.
import { type Request, type Response, Router } from "express";
import { findPaper } from "../../db/papers.ts";
import { findSubscriber } from "../../db/subscriber-rows.ts";
import { castVote, type Direction, undoVote } from "../../db/votes.ts";
import { fieldOf, formOf, paramOf, readForm, readId } from "../forms.ts";
import { findReader } from "../preferences-page.ts";
import { privatePage } from "../security.ts";
import { pathOf, readIdToken, sendNotFound, type Web } from "../web.ts";

type Vote = { subscriberId: number; paperId: number; direction: Direction };

export function voteRoutes(web: Web): Router {
  const router = Router();

  router.get("/vote/:token/:paper/:direction", privatePage, async (request, response) => {
    const vote = readVote(web, request);
    if (!vote) return sendNotFound(web, response);
    await sendVote(web, response, vote, "asked");
  });

  router.post("/vote/:token/:paper/:direction", privatePage, readForm, async (request, response) => {
    const vote = readVote(web, request);
    if (!vote) return sendNotFound(web, response);
    const subscriber = await findSubscriber(web.db, vote.subscriberId);
    if (!subscriber || subscriber.state === "suppressed") return sendNotFound(web, response);
    const undo = fieldOf(formOf(request), "action") === "undo";
    if (undo) await undoVote(web.db, vote);
    else if (!(await castVote(web.db, vote, web.now()))) return sendNotFound(web, response);
    await sendVote(web, response, vote, undo ? "undone" : "noted");
  });

  router.post("/preferences/:token/votes", privatePage, readForm, async (request: Request, response) => {
    const token = paramOf(request, "token");
    const subscriber = await findReader(web, token);
    const paperId = readId(fieldOf(formOf(request), "paper"));
    if (!subscriber) return sendNotFound(web, response);
    if (paperId !== undefined) await undoVote(web.db, { subscriberId: subscriber.id, paperId });
    response.redirect(303, `/preferences/${token}?done=vote-undone#votes`);
  });

  return router;
}

async function sendVote(web: Web, response: Response, vote: Vote, state: "asked" | "noted" | "undone") {
  const found = await findPaper(web.db, vote.paperId);
  if (!found) return sendNotFound(web, response);
  const page = { title: vote.direction === "more" ? "More like this" : "Less like this", narrow: true };
  web.pages.send(response, "vote", page, {
    action: pathOf(web, web.links.vote(vote.subscriberId, vote.paperId, vote.direction)),
    direction: vote.direction,
    state,
    paper: found,
    preferences: pathOf(web, web.links.preferences(vote.subscriberId)),
  });
}

function readVote(web: Web, request: Request): Vote | undefined {
  const token = readIdToken(web, "vote", paramOf(request, "token"));
  const paperId = readId(paramOf(request, "paper"));
  const direction = paramOf(request, "direction");
  if (token.kind !== "valid" || paperId === undefined) return undefined;
  if (direction !== "more" && direction !== "less") return undefined;
  return { subscriberId: token.id, paperId, direction };
}
