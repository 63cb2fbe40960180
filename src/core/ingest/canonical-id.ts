// Which work is this? One id for a paper, whatever its version, its spelling and the source that named it.
import { createHash } from "node:crypto";

const newStyle = /(?<![\d.])(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5})(?:v(\d{1,3}))?(?![\d])/i;
const oldStyle = /(?<![\w-])([a-z]+(?:-[a-z]+)*)(?:\.[a-z]{2})?\/(\d{2}(?:0[1-9]|1[0-2])\d{3})(?:v(\d{1,3}))?(?!\d)/i;

/** An arXiv identifier: without version in `id` (`2603.04918`, `astro-ph/0601001`), its version beside it. */
export type ArxivId = { id: string; version?: number };

/** Reads an arXiv id as a whole: bare, `arXiv:…`, `oai:arXiv.org:…`, an arXiv DOI or a URL of arxiv.org; undefined for anything else. */
export function readArxivId(text: string): ArxivId | undefined {
  const bare = text
    .trim()
    .replace(/^https?:\/\/(?:[\w-]+\.)*arxiv\.org\/(?:abs|pdf|html|format|ps|src|e-print)\//i, "")
    .replace(/^(?:https?:\/\/(?:dx\.)?doi\.org\/|doi:\s*)?10\.48550\/arxiv\./i, "")
    .replace(/^oai:arxiv\.org:/i, "")
    .replace(/^arxiv:\s*/i, "")
    .replace(/[?#].*$/, "")
    .replace(/(?:\.pdf)?\/?$/i, "");
  const modern = newStyle.exec(bare);
  if (modern?.[0] === bare && modern[1]) return withVersion(modern[1], modern[2]);
  const old = oldStyle.exec(bare);
  if (old?.[0] === bare && old[1] && old[2]) return withVersion(`${old[1].toLowerCase()}/${old[2]}`, old[3]);
  return undefined;
}

/** Finds an arXiv id inside a URL or a sentence that names arXiv (`… arXiv:2603.04918v2 …`); undefined where none is named. */
export function findArxivId(text: string): ArxivId | undefined {
  const named = /(?:arxiv\.org\/(?:abs|pdf|html)\/|(?:^|[^a-z])arxiv(?:\.org)?:\s?|10\.48550\/arxiv\.)(\S{7,40})/i.exec(
    text,
  );
  if (!named?.[1]) return undefined;
  const modern = newStyle.exec(named[1]);
  if (modern?.index === 0 && modern[1]) return withVersion(modern[1], modern[2]);
  const old = oldStyle.exec(named[1]);
  return old?.index === 0 ? readArxivId(old[0]) : undefined;
}

/**
 * Reads a DOI, bare, with `doi:` or `info:doi/`, or as a URL, also with its slash escaped: lower case, without the version that
 * bioRxiv and medRxiv append; undefined for anything else.
 */
export function readDoi(text: string): string | undefined {
  const [, address, given = ""] =
    /^((?:https?:\/\/)?(?:dx\.|www\.)?doi\.org\/|(?:urn:|info:)?doi[:/]\s*)?(10\.\d{4,9}(?:\/|%2f)[^\s"<>]{1,200})$/i.exec(
      text.trim(),
    ) ?? [];
  const bare = /doi\.org/i.test(address ?? "") ? given.replace(/[?#].*$/, "").replace(/%2f/gi, "/") : given;
  if (!/^10\.\d+\/./.test(bare)) return undefined;
  const doi = bare.toLowerCase().replace(/[.,;]+$/, "");
  const closed = doi.split("(").length === doi.split(")").length ? doi : doi.replace(/[)\]]+$/, "");
  return closed.replace(/^(10\.(?:1101|64898)\/[\d.]+)v\d+$/, "$1");
}

/** The paper's one id: `arxiv:…` without version, else `doi:…` in lower case, else `SOURCE:ID` (hashed where over-long). */
export function canonicalId(known: {
  arxiv?: string | undefined;
  doi?: string | undefined;
  source: string;
  id: string;
}): string {
  const doi = known.doi === undefined ? undefined : readDoi(known.doi);
  const arxiv = (known.arxiv && readArxivId(known.arxiv)) || (doi && readArxivId(doi));
  if (arxiv) return `arxiv:${arxiv.id}`;
  if (doi) return `doi:${doi}`;
  const id = known.id.trim();
  return `${known.source}:${id.length > 200 ? createHash("sha256").update(id).digest("hex") : id}`;
}

function withVersion(id: string, version: string | undefined): ArxivId {
  return version ? { id, version: Number(version) } : { id };
}
