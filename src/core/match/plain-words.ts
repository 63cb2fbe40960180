// Where does one word end? Punctuation that PostgreSQL would read as hosts, files, tags and hyphen compounds becomes a space.

/** What is turned into spaces, in papers and in rules alike, before PostgreSQL makes lexemes: `text-to-image`, `image/video`. */
export const WORD_BREAKS = "-/_.@:<>&+%~=?#\\|*";

/** A text with every word break as a space; the same length as before, so places in it still hold. */
export function plainWords(text: string): string {
  return text.replace(/[-/_.@:<>&+%~=?#\\|*]/g, " ");
}
