// The source of a feed that a person gave by its URL: what does it list now?
import { decodeText } from "./charset.ts";
import type { Answer } from "./http.ts";
import { type Source, SourceError } from "./source.ts";
import { readXmlPapers } from "./xml-papers.ts";

/** Any RSS or Atom feed; undefined where the name is no http or https URL. */
export function feed(name: string): Source | undefined {
  if (!URL.canParse(name)) return undefined;
  const url = new URL(name);
  if (!/^https?:$/.test(url.protocol) || !url.hostname) return undefined;
  return {
    name,
    title: url.host,
    calendar: "any",
    rereadDays: 0,
    async *fetch({ now, signal }, http) {
      const accept = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8";
      const answer = await http.get(url.href, { accept, guarded: true, minIntervalMs: 3_000, signal });
      for await (const { drafts, refused } of readXmlPapers(readXmlBody(answer, url.host), url.host, now, url.host))
        yield { drafts, refused, at: url.host, done: 1, total: 1 };
    },
  };
}

/** The XML of an answer; throws a SourceError for any status but 200 and for a web page. */
export function readXmlBody(answer: Answer, where: string): string {
  if (answer.status !== 200) throw new SourceError(`${where}: answered with status ${answer.status}.`);
  const text = decodeText(answer.body, answer.type)
    .replace(/^\ufeff/, "")
    .trimStart();
  if (text === "") throw new SourceError(`${where}: the answer is empty.`);
  if (/^<(?:!doctype html|html)\b/i.test(text))
    throw new SourceError(`${where}: a web page came where a feed was expected.`);
  if (!text.startsWith("<")) throw new SourceError(`${where}: text came where a feed was expected.`);
  return text;
}
