// How does text from outside become one clean line? No control characters, no broken Unicode, single spaces, bounded.

/** One line: composed Unicode, no controls, no bidirectional overrides, single spaces, at most `limit` characters (cut with …). */
export function cleanLine(text: string, limit: number): string {
  const some = text.slice(0, limit * 4);
  // Most lines are clean already, and are only looked at.
  const line = /[^ -~]| {2}/.test(some) ? made(some) : some.trim();
  if (line.length <= limit) return line;
  const cut = line.slice(0, limit - 1).replace(/\p{Surrogate}$/u, "");
  const word = cut.lastIndexOf(" ");
  return `${cut.slice(0, word > limit / 2 ? word : undefined).trimEnd()}…`;
}

function made(text: string): string {
  return (
    text
      .replace(/\p{Surrogate}/gu, "\uFFFD")
      .normalize("NFC")
      // Soft hyphens and zero-width spaces split words for search; overrides and isolates reorder what a reader sees.
      .replace(/[\u00ad\u200b\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g, (mark) =>
        /[\u2028\u2029]/.test(mark) ? " " : "",
      )
      .replace(/[\s\p{Cc}]+/gu, " ")
      .trim()
  );
}

/** An absolute http or https URL as the browser would write it, without user name or password; undefined for anything else. */
export function readWebUrl(text: string | null | undefined): string | undefined {
  const given = text?.trim();
  if (!given || given.length > 2_000) return undefined;
  const absolute = /^[\w-]+(?:\.[\w-]+)+(?:[/?#]|$)/.test(given) ? `https://${given}` : given;
  if (!URL.canParse(absolute)) return undefined;
  const url = new URL(absolute);
  if (!/^https?:$/.test(url.protocol) || url.username || url.password || !url.hostname) return undefined;
  return url.href;
}
