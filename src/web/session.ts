// Who is the operator? A signed cookie that ends by itself, and a token in every form that proves the page was ours.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Request, Response } from "express";
import type { Web } from "./web.ts";

const COOKIE = "paperboy_admin";
const LASTS_MS = 8 * 3_600_000;

export type Session = { csrf: string };

const sign = (web: Web, what: string, text: string) =>
  createHmac("sha256", web.keys[0])
    .update(`admin ${what}\n${web.config.ADMIN_PASSWORD ?? ""}\n${text}`)
    .digest("base64url");

function equal(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHmac("sha256", "length").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

/** Whether this is the operator's password; takes the same time for every wrong one. */
export function isPassword(web: Web, given: string): boolean {
  const { ADMIN_PASSWORD } = web.config;
  return ADMIN_PASSWORD !== undefined && equal(given, ADMIN_PASSWORD);
}

/** The session that a request's cookie opens; a changed password or key ends all sessions. */
export function readSession(web: Web, request: Request): Session | undefined {
  const cookie = (request.get("cookie") ?? "")
    .split(";")
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${COOKIE}=`))
    ?.slice(COOKIE.length + 1);
  const parts = /^([0-9]{1,15}\.[\w-]{16})\.([\w-]{43})$/.exec(cookie ?? "");
  const [, body = "", mac = ""] = parts ?? [];
  if (!parts || !equal(mac, sign(web, "session", body))) return undefined;
  if (Number(body.split(".")[0]) < web.now().getTime()) return undefined;
  return { csrf: sign(web, "form", body) };
}

export function openSession(web: Web, response: Response): void {
  const body = `${web.now().getTime() + LASTS_MS}.${randomBytes(12).toString("base64url")}`;
  response.cookie(COOKIE, `${body}.${sign(web, "session", body)}`, { ...cookieOptions(web), maxAge: LASTS_MS });
}

export function closeSession(web: Web, response: Response): void {
  response.clearCookie(COOKIE, cookieOptions(web));
}

function cookieOptions(web: Web) {
  const secure = web.config.BASE_URL.startsWith("https:");
  return { httpOnly: true, sameSite: "strict" as const, path: "/admin", secure };
}

/** Whether a form's token belongs to this session. */
export function isOwnForm(session: Session, given: string): boolean {
  return equal(given, session.csrf);
}
