// How does PostgreSQL ask for what rules ask? A tsquery that finds every paper the rules match, and maybe more.
import type { Asked, Node } from "./match-rules.ts";

export type TextQuery = {
  /** Undefined where words cannot narrow the search (a bare author). */
  query: string | undefined;
  /** True where `@@` alone decides: no NEAR, no very words or stop words, no author, organization or category; the threshold is not looked at. */
  exact: boolean;
};

/** Writes a node as a tsquery in PostgreSQL's text form. */
export function writeTextQuery(node: Node): TextQuery {
  if (node.kind === "one") return writeAsked(node.asked);
  const parts = node.parts.map(writeTextQuery);
  const without = node.without.map(writeTextQuery);
  const queries = parts.map(({ query }) => query).filter((query) => query !== undefined);
  const exact = [...parts, ...without].every((part) => part.exact);
  // An alternative that words cannot narrow leaves the whole unnarrowed; a requirement that cannot be told is only dropped.
  if (queries.length === 0 || (node.kind === "any" && queries.length < parts.length))
    return { query: undefined, exact: false };
  const joined = bracket(queries.join(node.kind === "any" ? " | " : " & "));
  const left = without.filter((part) => part.exact).map(({ query }) => `!${bracket(query ?? "")}`);
  return { query: [joined, ...left].join(" & "), exact };
}

function writeAsked(asked: Asked): TextQuery {
  if (asked.kind === "fact" || (asked.kind === "words" && asked.part === "ends"))
    return { query: undefined, exact: false };
  if (asked.kind === "near") {
    const sides = [asked.left, asked.right].map((list) => list.map((one) => writeAsked(one).query));
    const told = sides.filter((queries) => !queries.includes(undefined)).map((queries) => bracket(queries.join(" | ")));
    return { query: told.length === 0 ? undefined : bracket(told.join(" & ")), exact: false };
  }
  const weight = { anywhere: "", title: "A", abstract: "B" }[asked.place];
  const last = asked.lexemes.length - 1;
  let query = "";
  let before = 0;
  asked.lexemes.forEach(({ lexeme, offset }, at) => {
    if (at > 0) query += ` <${offset - before}> `;
    before = offset;
    const labels = `${asked.part === "begins" && at === last ? "*" : ""}${weight}`;
    query += `'${lexeme.replace(/['\\]/g, "$&$&")}'${labels === "" ? "" : `:${labels}`}`;
  });
  return { query: last > 0 ? bracket(query) : query, exact: asked.said.length === 0 };
}

function bracket(query: string): string {
  return `(${query})`;
}
