// What did the built-in mailbox receive? Only where mail stays on this machine, and only for who sits at it.
import { type RequestHandler, Router } from "express";
import type { MailboxMessage } from "../../mail/mailbox.ts";
import { paramOf } from "../forms.ts";
import { isNear, isOurName } from "../limits.ts";
import { privatePage, sendForeignHtml } from "../security.ts";
import { sendNotFound, type Web } from "../web.ts";

export function mailboxRoutes(web: Web): Router {
  const router = Router();
  const { mailbox } = web.extras;
  if (!mailbox) return router;

  // The mails hold links that act for their readers, so strangers on the network do not get to see them.
  const near: RequestHandler = (request, response, next) => {
    if (isNear(request, web.config) && isOurName(request, web.config)) return next();
    sendNotFound(web, response);
  };

  router.get("/mailbox", near, privatePage, (_request, response) => {
    const messages = mailbox.list().slice(0, 200);
    web.pages.send(response, "mailbox", { title: "Mailbox", section: "mailbox" }, { messages });
  });

  router.get("/mailbox/:id", near, privatePage, (request, response) => {
    const message = mailbox.find(paramOf(request, "id"));
    if (!message) return sendNotFound(web, response);
    const show = message.html !== undefined ? "html" : "text";
    sendMessage(response, message, show);
  });

  router.get("/mailbox/:id/:view", near, privatePage, (request, response) => {
    const message = mailbox.find(paramOf(request, "id"));
    const view = paramOf(request, "view");
    if (!message) return sendNotFound(web, response);
    if (view === "text" || view === "source") return sendMessage(response, message, view);
    if (view === "message.eml") {
      response.type("message/rfc822").attachment("message.eml").send(message.source);
      return;
    }
    if (view !== "message.html" || message.html === undefined) return sendNotFound(web, response);
    // Links of the mail open beside the frame, not inside it.
    sendForeignHtml(response, message.html.replace(/<head[^>]*>/i, '$&<base target="_blank">'));
  });

  function sendMessage(response: Parameters<RequestHandler>[1], message: MailboxMessage, view: string): void {
    const shown = { text: message.text ?? "", source: message.source.slice(0, 500_000) };
    web.pages.send(
      response,
      "message",
      { title: message.subject || "(no subject)", section: "mailbox" },
      {
        message,
        view,
        body: view === "text" ? shown.text : view === "source" ? shown.source : "",
      },
    );
  }

  return router;
}
