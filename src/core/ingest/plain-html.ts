// What does a piece of HTML say? Feeds put markup into titles and abstracts; a sign such as <think> is no markup and stays.
import { decodeHTML } from "entities";

const inline = "a|abbr|b|bdi|big|cite|code|em|font|i|ins|kbd|mark|q|s|small|span|strong|sub|sup|tt|u|var";
const block =
  "address|article|blockquote|br|caption|dd|div|dl|dt|figcaption|figure|h[1-6]|hr|img|jats:\\w+|li|ol|p|pre|section|table|tbody|td|th|thead|tr|ul";
const comment = /<!--[\s\S]*?-->|<(script|style)\b[\s\S]*?<\/\1\s*>/gi;
const inlineTag = new RegExp(`</?(?:${inline})(?:\\s[^<>]*)?/?>`, "gi");
const blockTag = new RegExp(`</?(?:${block})(?:\\s[^<>]*)?/?>`, "gi");

/** The text of HTML: known tags taken out, entities decoded; what is no HTML element is left as it stands. */
export function plainHtml(html: string): string {
  if (!/[<&]/.test(html)) return html;
  return decodeHTML(html.slice(0, 200_000).replace(comment, " ").replace(blockTag, " ").replace(inlineTag, ""));
}
