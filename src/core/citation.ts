// How is a paper cited? BibTeX, RIS and CSL-JSON out of what is stored.
import type { PaperLinks } from "./paper.ts";

/** What a citation needs of a paper; `publishedOn` is `YYYY-MM-DD`. */
export type Cited = {
  canonicalId: string;
  title: string;
  abstract: string;
  authors: string[];
  links: PaperLinks;
  publishedOn: string;
};

/** One BibTeX entry; arXiv papers as `@misc` with eprint, as arXiv itself writes them, others as `@article`. */
export function bibtex(paper: Cited): string {
  const arxiv = arxivId(paper);
  const fields: [string, string | undefined][] = [
    ["title", `{${escapeTex(paper.title)}}`],
    ["author", paper.authors.map((name) => escapeTex(familyFirst(name))).join(" and ") || undefined],
    ["year", paper.publishedOn.slice(0, 4)],
    ["eprint", arxiv],
    ["archivePrefix", arxiv === undefined ? undefined : "arXiv"],
    ["doi", paper.links.doi && escapeTex(paper.links.doi)],
    ["url", addressOf(paper)?.replace(/[{}\\]/g, encodeURIComponent)],
  ];
  const lines = fields.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(13)} = {${value}},`]));
  return `@${arxiv === undefined ? "article" : "misc"}{${keyOf(paper)},\n${lines.join("\n")}\n}\n`;
}

/** One RIS record, lines ended by CR LF as the format asks. */
export function ris(paper: Cited): string {
  const line = (tag: string, value: string | undefined) => (value ? [`${tag}  - ${value.replace(/\s+/g, " ")}`] : []);
  const arxiv = arxivId(paper);
  const lines = [
    ...line("TY", arxiv === undefined ? "JOUR" : "UNPB"),
    ...line("TI", paper.title),
    ...paper.authors.flatMap((name) => line("AU", familyFirst(name))),
    ...line("PY", paper.publishedOn.slice(0, 4)),
    ...line("DA", paper.publishedOn.replaceAll("-", "/")),
    ...line("AB", paper.abstract),
    ...line("DO", paper.links.doi),
    ...line("UR", addressOf(paper)),
    ...line("M1", arxiv === undefined ? undefined : `arXiv:${arxiv}`),
  ];
  return `${lines.join("\r\n")}\r\nER  - \r\n`;
}

/** One item of CSL-JSON 1.0.2. */
export function cslJson(paper: Cited) {
  const [year, month, day] = paper.publishedOn.split("-").map(Number);
  const arxiv = arxivId(paper);
  const url = addressOf(paper);
  return {
    id: keyOf(paper),
    type: "article",
    title: paper.title,
    author: paper.authors.map(nameParts),
    issued: { "date-parts": [[year, month, day]] },
    abstract: paper.abstract,
    ...(arxiv === undefined ? {} : { publisher: "arXiv", number: `arXiv:${arxiv}` }),
    ...(paper.links.doi ? { DOI: paper.links.doi } : {}),
    ...(url === undefined ? {} : { URL: url }),
  };
}

function arxivId({ canonicalId }: Cited): string | undefined {
  return canonicalId.startsWith("arxiv:") ? canonicalId.slice("arxiv:".length) : undefined;
}

function addressOf({ links }: Cited): string | undefined {
  return links.abstract ?? links.pdf ?? links.huggingface ?? (links.doi ? `https://doi.org/${links.doi}` : undefined);
}

/** Letters that do not fall apart into a plain one and a mark. */
const whole: Record<string, string> = { ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", æ: "ae", œ: "oe", ß: "ss", ı: "i" };

/** `lovelace2026notes`: family name, year and the first long word of the title, in letters that every program takes. */
function keyOf({ authors, publishedOn, title, canonicalId }: Cited): string {
  const plain = (text: string) =>
    text
      .normalize("NFKD")
      .toLowerCase()
      .replace(/[øłđðþæœßı]/g, (letter) => whole[letter] ?? "")
      .replace(/[^a-z0-9]/g, "");
  const family = plain(nameParts(authors[0] ?? "").family ?? "");
  const word = title
    .split(/\s+/)
    .map(plain)
    .find((candidate) => candidate.length > 3);
  return `${family || "paper"}${publishedOn.slice(0, 4)}${word ?? plain(canonicalId)}`;
}

const particles = new Set([
  "van",
  "von",
  "der",
  "den",
  "de",
  "di",
  "da",
  "dos",
  "del",
  "della",
  "la",
  "le",
  "ten",
  "ter",
  "bin",
  "al",
]);

type Name = { family: string; given?: string } | { literal: string; family?: undefined };

/** Family and given name, with particles on the family's side; one word alone is a name of its own. */
function nameParts(name: string): Name {
  const words = name.trim().split(/\s+/);
  if (words.length < 2) return { literal: name.trim() };
  let at = words.length - 1;
  while (at > 1 && particles.has((words[at - 1] ?? "").toLowerCase())) at--;
  return { family: words.slice(at).join(" "), given: words.slice(0, at).join(" ") };
}

function familyFirst(name: string): string {
  const parts = nameParts(name);
  return parts.family === undefined ? parts.literal : `${parts.family}, ${parts.given ?? ""}`.replace(/, $/, "");
}

const texSigns: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  $: "\\$",
  "&": "\\&",
  "%": "\\%",
  "#": "\\#",
  _: "\\_",
  "^": "\\textasciicircum{}",
  "~": "\\textasciitilde{}",
};

/** BibTeX counts brackets to find the end of a field, also those behind a backslash. */
const loneBrackets: Record<string, string> = { "{": "\\textbraceleft{}", "}": "\\textbraceright{}" };

function escapeTex(text: string): string {
  const signs = isPaired(text) ? texSigns : { ...texSigns, ...loneBrackets };
  return text.replace(/\s+/g, " ").replace(/[\\{}$&%#_^~]/g, (sign) => signs[sign] ?? sign);
}

function isPaired(text: string): boolean {
  let depth = 0;
  for (const sign of text) {
    if (sign === "{") depth++;
    if (sign === "}" && --depth < 0) return false;
  }
  return depth === 0;
}
