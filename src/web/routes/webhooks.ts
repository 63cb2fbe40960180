// What does the mail provider tell us? Bounces, complaints and opt-outs posted to an address that only it and the operator know.
import express, { type Request, type Response, Router } from "express";
import { z } from "zod";
import {
  isSignedByMailgun,
  type ProviderEvent,
  readWebhook,
  type WebhookAnswer,
  type WebhookProvider,
  webhookProviders,
} from "../../core/feedback/webhooks.ts";
import { readAddress } from "../../core/readers/address.ts";
import { verifyToken } from "../../core/tokens.ts";
import { noteReturns } from "../../db/returns.ts";
import { findIdsByEmail } from "../../db/subscriber-rows.ts";
import { paramOf } from "../forms.ts";
import { privatePage } from "../security.ts";
import { sendNotFound, type Web } from "../web.ts";

const CONFIRM_MS = 5_000;
/** Amazon says its JSON is plain text. */
const readText = express.text({ type: () => true, limit: "2mb" });

export function webhookRoutes(web: Web): Router {
  const router = Router();

  router.post("/webhooks/:token", privatePage, async (request, response) => {
    const provider = findProvider(web, paramOf(request, "token"));
    if (provider === undefined) return sendNotFound(web, response);
    const answer = readPost(web, provider, await bodyOf(request, response));
    response.type("text");
    if (answer === undefined) return void response.status(422).send("This post cannot be read.\n");
    if (answer === "unsigned") return void response.status(401).send("This post is not signed.\n");
    if (answer.kind === "confirm") await confirm(answer.url);
    else await take(web, provider, answer.events);
    // Providers tell again what was not answered with 200.
    response.send("Thank you.\n");
  });

  return router;
}

/** Read only once the token is known: a stranger's body is not worth the memory. */
async function bodyOf(request: Request, response: Response): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    readText(request, response, (error?: unknown) => (error ? reject(error) : resolve()));
  });
  return typeof request.body === "string" ? request.body : "";
}

function findProvider({ keys, now }: Web, token: string): WebhookProvider | undefined {
  const answer = verifyToken(keys, "webhook", token, now());
  return answer.kind === "valid" ? webhookProviders.find((name) => name === answer.subject) : undefined;
}

function readPost({ config }: Web, provider: WebhookProvider, body: string): WebhookAnswer | "unsigned" | undefined {
  try {
    const { MAILGUN_SIGNING_KEY: key } = config;
    if (provider === "mailgun" && key !== undefined && !isSignedByMailgun(key, body)) return "unsigned";
    return readWebhook(provider, body);
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Amazon posts nothing more until the address it gave was visited; no reader waits for it. */
async function confirm(url: string): Promise<void> {
  const { ok, status } = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(CONFIRM_MS) });
  if (!ok) throw new Error(`Amazon SNS answered ${status} when its subscription was confirmed`);
}

async function take({ db, queue, now }: Web, via: WebhookProvider, events: ProviderEvent[]): Promise<void> {
  const addressed = events.flatMap((event) => {
    const read = readAddress(event.email, { allowReserved: true });
    return read.kind === "ok" ? { ...event, email: read.email } : [];
  });
  const ids = await findIdsByEmail(
    db,
    addressed.map(({ email }) => email),
  );
  const told = addressed.flatMap((event) => {
    const subscriberId = ids.get(event.email);
    return subscriberId === undefined ? [] : { ...event, subscriberId };
  });
  if (told.length > 0 && (await noteReturns(db, { told, via, now: now() })) > 0) await queue.ring("feedback", {});
}
