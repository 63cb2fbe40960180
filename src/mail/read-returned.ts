// What does a mail that came back consist of? Its header fields, its prose and its report, by mailparser.
import type { ReturnedMail } from "../core/feedback/bounce.ts";

const MAX_BYTES = 2_000_000;

/** Parses the bytes of one mail; of a longer one the first 2 MB are read. One that cannot be parsed says nothing. */
export async function readReturnedMail(raw: Buffer): Promise<ReturnedMail> {
  const { simpleParser } = await import("mailparser");
  const bytes = raw.subarray(0, MAX_BYTES);
  const options = { skipTextToHtml: true, skipImageLinks: true, keepDeliveryStatus: true };
  // Anybody may write to the address; endless headers or parts in parts must not keep the mails behind from being read.
  const parsed = await simpleParser(bytes, options).catch(() => undefined);
  if (!parsed) return { headers: {}, text: "" };
  const headers: Record<string, string> = {};
  for (const { key, line } of parsed.headerLines) headers[key] ??= line.slice(line.indexOf(":") + 1).trim();
  const found = parsed.attachments.find(({ contentType }) =>
    /^message\/(delivery-status|feedback-report|global-delivery-status)$/i.test(contentType),
  );
  const prose = parsed.text || (typeof parsed.html === "string" ? parsed.html.replace(/<[^>]*>/g, " ") : "");
  const report = found ? found.content.toString("utf8") : findReport(bytes.toString("latin1"));
  const type = /^feedback-type:/im.test(report ?? "") ? "feedback-report" : "delivery-status";
  return {
    headers,
    text:
      prose ||
      bytes
        .subarray(0, 50_000)
        .toString("latin1")
        .replace(/^[\s\S]*?\r?\n\r?\n/, ""),
    ...(report ? { report: { type, text: report.slice(0, 50_000) } } : {}),
  };
}

/** The report of a mail whose parts are not marked as they should be. */
function findReport(raw: string): string | undefined {
  const from = raw.search(/^(?:Feedback-Type|Reporting-MTA|Final-Recipient|Original-Recipient):/im);
  if (from < 0) return undefined;
  const [report = ""] = raw.slice(from, from + 20_000).split(/^--/m);
  return /^(?:Action|Feedback-Type):/im.test(report) ? report : undefined;
}
