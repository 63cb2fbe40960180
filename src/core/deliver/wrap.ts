// How does a paragraph fit into lines of plain text?

/** Characters a line of plain text may have. */
export const WIDTH = 76;

/** Breaks a paragraph at spaces into lines of at most 76 characters, joined with `\n`; a longer word stays whole. */
export function wrap(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
