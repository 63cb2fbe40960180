// Which names stand in one line of authors? Commas inside affiliations do not part them.
import { readableName, withoutMarkup } from "./readable.ts";

const MAX_NAME_LENGTH = 500;
const suffix = /^(?:jr\.?|sr\.?|ii|iii|iv|ph\.?d\.?|m\.?d\.?)$/i;

/** A person's or a group's name; what stands for others, footnote marks and what holds no letter is no name. */
export function readableAuthor(text: string): string {
  const name = readableName(text)
    .replace(/(?:^|,?\s+)(?:et\.?\s+al\.?|etal\.?|(?:and\s+)?others)$/i, "")
    .replace(/(?:[\s*†‡§¶,⁰¹²³⁴⁵⁶⁷⁸⁹]|\^\([\d,*†‡]+\))+$/u, "");
  return /\p{L}/u.test(name) ? name : "";
}

/** Splits `A. Author (Univ. of X, Y), B. Author and the Z Collaboration` into readable names without affiliations. */
export function splitAuthors(line: string): string[] {
  // With long runs of spaces each pattern below would try every one of them as a beginning.
  const plain = withoutAffiliations(withoutMarkup(line)).replace(/\s+/g, " ");
  const names: string[] = [];
  for (const part of plain.split(/\s*[,;]\s*(?:and\s+)?|\s+and\s+|\s+&\s+/)) {
    const name = readableAuthor(part.slice(0, MAX_NAME_LENGTH));
    const last = names.length - 1;
    if (!name) continue;
    if (suffix.test(name) && last >= 0) names[last] = `${names[last]} ${name}`;
    else names.push(name);
  }
  return names;
}

/** `Doe, J. A.` as `J. A. Doe`; a name without comma as it is. */
export function forwardName(name: string): string {
  const found = /^([^,]+),\s*([^,]+)$/.exec(name.trim());
  return readableAuthor(found ? `${found[2]} ${found[1]}` : name);
}

/** Without parentheses and what is in them; as it is where they do not match. */
function withoutAffiliations(line: string): string {
  let depth = 0;
  let kept = "";
  for (const letter of line) {
    if (letter === "(") depth++;
    else if (letter === ")") depth--;
    else if (depth === 0) kept += letter;
    if (depth < 0) return line.replace(/[()]/g, " ");
  }
  return depth === 0 ? kept : line.replace(/[()]/g, " ");
}
