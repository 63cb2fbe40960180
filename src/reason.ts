// Why did something not work, in a few words for the person who runs this, and what may the log say of it?

const reasons: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was cut",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "its name cannot be looked up now",
  ETIMEDOUT: "no answer in time",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  EADDRINUSE: "another program listens there; stop it or choose another PORT",
  EADDRNOTAVAIL: "this machine has no such address; look at HOST",
  EACCES: "permission is missing",
  EPERM: "permission is missing",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is a file",
  EEXIST: "it is a file",
  EISDIR: "it is a folder",
  ENOENT: "it does not exist",
  // The queue's client for Redis names its own setting instead.
  MaxRetriesPerRequestError: "nothing answers there",
  "28P01": "the password is wrong",
  "28000": "this user may not log in",
  "3D000": "there is no such database",
};

/** The reason without stack, query or parameters: those may hold addresses. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code ?? error.name;
  // nodemailer hides the system's code in the message.
  const known = reasons[code] ?? reasons[/\bE[A-Z_]{4,}\b/.exec(error.message)?.[0] ?? ""];
  if (known) return known;
  // drizzle's errors tell the whole query; the database's own sentence is their cause.
  if (error.message.startsWith("Failed query:")) return error.cause ? reasonOf(error.cause) : "a query failed";
  const [first] = error instanceof AggregateError ? error.errors : [];
  return first ? reasonOf(first) : error.message.replace(/\.$/, "") || code;
}

/** What an error may say in the log: a failed query names its parameters, so its cause speaks instead; addresses are cut out. */
export function describeError(error: unknown): { error: string; stack?: string | undefined } {
  if (!(error instanceof Error)) return { error: hide(String(error)) };
  const cause = error.message.startsWith("Failed query") && error.cause instanceof Error ? error.cause : error;
  const frames = (error.stack ?? "").split("\n").filter((line) => line.trimStart().startsWith("at "));
  return { error: hide(cause.message), stack: frames.slice(0, 6).join("\n") };
}

function hide(text: string): string {
  return text
    .replace(/[^\s@"'()<>=,]+@[^\s@"'()<>=,]+/g, "[address]")
    .replace(/\b[a-z][A-Za-z0-9.]{1,64}(?:-[a-z0-9]{1,9})?_[\w-]{22}\b/g, "[token]")
    .slice(0, 500);
}
