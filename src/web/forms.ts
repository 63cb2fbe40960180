// What did the form send? Urlencoded, multipart or nothing, alike, with every size bounded.
import express, { type Request, type RequestHandler } from "express";
import multer from "multer";

const urlencoded = express.urlencoded({ extended: false, limit: "64kb", parameterLimit: 600 });
const multipart = multer({
  limits: { fields: 600, fieldNameSize: 100, fieldSize: 32_000, files: 0, parts: 600, headerPairs: 50 },
}).none();

/** Reads the body of a plain form, whichever of the two encodings a browser or mail client chose. */
export const readForm: RequestHandler = (request, response, next) => {
  urlencoded(request, response, (error?: unknown) => {
    if (error) next(error);
    else multipart(request, response, (problem?: unknown) => next(problem && unreadable(problem)));
  });
};

/** What multer cannot read is the sender's fault; it says so only of what is too large. */
function unreadable(problem: unknown): unknown {
  const isLimit = problem instanceof multer.MulterError;
  return isLimit ? problem : Object.assign(new Error("the form cannot be read", { cause: problem }), { status: 400 });
}

export type Form = Record<string, string | string[]>;

/** The fields of a form as strings or lists of strings; an empty body has none. */
export function formOf(request: Request): Form {
  const form: Form = {};
  const body: unknown = request.body;
  if (typeof body !== "object" || body === null) return form;
  for (const [name, value] of Object.entries(body)) {
    // PostgreSQL keeps no zero character, and nobody types one.
    if (typeof value === "string") form[name] = value.replaceAll("\u0000", "");
    else if (Array.isArray(value))
      form[name] = value.filter((item) => typeof item === "string").map((item) => item.replaceAll("\u0000", ""));
  }
  return form;
}

/** One field as text; of a repeated field the first. */
export function fieldOf(form: Form, name: string): string {
  const value = form[name];
  return (Array.isArray(value) ? value[0] : value) ?? "";
}

/** All values of a repeated field. */
export function fieldsOf(form: Form, name: string): string[] {
  const value = form[name];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** A part of the path by its name in the route. */
export function paramOf(request: Request, name: string): string {
  const value = request.params[name];
  return (Array.isArray(value) ? value.join("/") : value) ?? "";
}

/** The id of a paper, topic or reader as a path or form writes it; undefined for anything else, and for what is no integer in PostgreSQL. */
export function readId(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

/** A query parameter as text, at most `length` characters long. */
export function queryOf(request: Request, name: string, length = 500): string {
  const value = request.query[name];
  const text = Array.isArray(value) ? value[0] : value;
  return typeof text === "string" ? text.slice(0, length).replaceAll("\u0000", "") : "";
}

/** A whole number from the query, kept inside its bounds. */
export function numberOf(
  request: Request,
  name: string,
  { from, to, otherwise }: { from: number; to: number; otherwise: number },
): number {
  const value = Number.parseInt(queryOf(request, name, 20), 10);
  return Number.isFinite(value) ? Math.min(to, Math.max(from, value)) : otherwise;
}
