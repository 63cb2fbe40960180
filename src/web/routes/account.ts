// How does a reader move to another address, take their data along, or have it erased? By a fresh link that works once.
import { type Request, type Response, Router } from "express";
import { readAddress } from "../../core/readers/address.ts";
import { providerOf } from "../../core/readers/provider.ts";
import type { TokenPurpose } from "../../core/tokens.ts";
import { askForLink, askForNewAddress, changeAddress, eraseSubscriber, exportSubscriber } from "../../db/account.ts";
import { findLetter } from "../../db/letters.ts";
import { isTokenUsed, useToken } from "../../db/one-time.ts";
import { findSubscriber } from "../../db/subscriber-rows.ts";
import { fieldOf, formOf, paramOf, readForm } from "../forms.ts";
import { networkOf } from "../limits.ts";
import { findReader, sendPreferences } from "../preferences-page.ts";
import { inSameTime } from "../same-time.ts";
import { privatePage } from "../security.ts";
import { allowsReserved, ringLetter } from "../sign-up.ts";
import { pathOf, readIdToken, sendNotFound, sendTooOften, type Web } from "../web.ts";

export function accountRoutes(web: Web): Router {
  const router = Router();

  router.post("/preferences/:token/address", privatePage, readForm, async (request, response) => {
    const token = paramOf(request, "token");
    const subscriber = await findReader(web, token);
    if (!subscriber) return sendNotFound(web, response);
    if (await tooOften(web, request, response)) return;
    const email = fieldOf(formOf(request), "email");
    const address = readAddress(email, { allowReserved: allowsReserved(web) });
    const wrong =
      address.kind === "error"
        ? address.message
        : address.email === subscriber.email
          ? "This is your address."
          : undefined;
    if (address.kind === "error" || wrong !== undefined)
      return sendPreferences(web, response, token, subscriber, { address: { email, error: wrong ?? "" } }, 422);
    await inSameTime(async () => {
      const ask = { subscriberId: subscriber.id, email: address.email, now: web.now() };
      const { letter } = await askForNewAddress(web.db, web.keys, ask);
      await ringLetter(web, letter);
    });
    response.redirect(303, `/preferences/${token}?done=address-asked#account`);
  });

  for (const kind of ["export", "erase"] as const)
    router.post(`/preferences/:token/${kind}`, privatePage, readForm, async (request, response) => {
      const token = paramOf(request, "token");
      const subscriber = await findReader(web, token);
      if (!subscriber) return sendNotFound(web, response);
      if (await tooOften(web, request, response)) return;
      const { letter } = await askForLink(web.db, { subscriberId: subscriber.id, kind, now: web.now() });
      await ringLetter(web, letter);
      response.redirect(303, `/preferences/${token}?done=link-sent#account`);
    });

  router.get("/change-address/:token", privatePage, async (request, response) => {
    const id = await openOnce(web, request, response, "change");
    const letter = id === undefined ? undefined : await findLetter(web.db, id);
    if (id === undefined) return;
    if (!letter?.recipient) return sendNotFound(web, response);
    ask(response, "change-address", "Your new address", { email: letter.recipient });
  });

  router.post("/change-address/:token", privatePage, readForm, async (request, response) => {
    const id = await openOnce(web, request, response, "change");
    if (id === undefined) return;
    const letter = await findLetter(web.db, id);
    const answer = await changeAddress(web.db, web.keys, {
      letterId: id,
      token: paramOf(request, "token"),
      provider: providerOf(letter?.recipient ?? ""),
      now: web.now(),
    });
    if (answer.kind === "gone") return sendNotFound(web, response);
    if (answer.kind === "used") return sendExpired(response, "used");
    if (answer.kind === "taken")
      return ask(response, "change-address", "Your new address", { email: letter?.recipient, taken: true }, 409);
    await ringLetter(web, answer.notice);
    const preferences = letter ? pathOf(web, web.links.preferences(letter.subscriberId)) : "/preferences";
    ask(response, "change-address", "Your new address", { email: letter?.recipient, done: true, preferences });
  });

  router.get("/export/:token", privatePage, async (request, response) => {
    const id = await openOnce(web, request, response, "export");
    if (id === undefined) return;
    if (!(await findSubscriber(web.db, id))) return sendNotFound(web, response);
    ask(response, "export", "Your data", {});
  });

  router.post("/export/:token", privatePage, readForm, async (request, response) => {
    const id = await openOnce(web, request, response, "export");
    if (id === undefined) return;
    const data = await exportSubscriber(web.db, id);
    if (!data) return sendNotFound(web, response);
    if (!(await useToken(web.db, paramOf(request, "token"), web.now()))) return sendExpired(response, "used");
    response
      .attachment("paperboy-data.json")
      .type("json")
      .send(`${JSON.stringify(data, null, 2)}\n`);
  });

  router.get("/erase/:token", privatePage, async (request, response) => {
    const id = await openOnce(web, request, response, "erase");
    if (id === undefined) return;
    const subscriber = await findSubscriber(web.db, id);
    if (!subscriber) return sendNotFound(web, response);
    ask(response, "erase", "Erase everything", { email: subscriber.email });
  });

  router.post("/erase/:token", privatePage, readForm, async (request, response) => {
    const id = await openOnce(web, request, response, "erase");
    if (id === undefined) return;
    if (!(await useToken(web.db, paramOf(request, "token"), web.now()))) return sendExpired(response, "used");
    await eraseSubscriber(web.db, { subscriberId: id, via: "page", now: web.now() });
    ask(response, "erase", "Erased", { done: true });
  });

  function ask(response: Response, template: string, title: string, data: object, status = 200): void {
    web.pages.send(response, template, { title, narrow: true }, data, status);
  }
  function sendExpired(response: Response, what: "used" | "old"): void {
    web.pages.send(
      response,
      "expired",
      { title: what === "used" ? "This link was used before" : "This link is too old", narrow: true },
      { what },
      410,
    );
  }
  /** The subject of a link that works once; otherwise the answer is already sent. */
  async function openOnce(web: Web, request: Request, response: Response, purpose: TokenPurpose) {
    const text = paramOf(request, "token");
    const token = readIdToken(web, purpose, text);
    if (token.kind === "unknown") sendNotFound(web, response);
    else if (token.kind === "expired") sendExpired(response, "old");
    else if (await isTokenUsed(web.db, text)) sendExpired(response, "used");
    else return token.id;
    return undefined;
  }
  return router;
}

async function tooOften(web: Web, request: Request, response: Response): Promise<boolean> {
  const seconds = await web.limits.hit("links-network", networkOf(request));
  if (seconds !== undefined) sendTooOften(web, response, seconds);
  return seconds !== undefined;
}
