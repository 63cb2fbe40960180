// What is a paper, wherever it came from?

/** Where a paper can be read or used; every value is an absolute https or http URL, except `doi`, which is bare. */
export type PaperLinks = {
  abstract?: string;
  pdf?: string;
  huggingface?: string;
  code?: string;
  project?: string;
  doi?: string;
};

/** One source's reading of one paper: texts readable (TeX turned into Unicode, white space normalised), ready to store. */
export type PaperDraft = {
  /** `huggingface`, `arxiv`, `biorxiv`, `medrxiv`, `page`, `jsonl`, `sample`, or `feed:HOST`. */
  source: string;
  /** `arxiv:2603.04918` (no version), else `doi:10.1101/…` in lower case, else `SOURCE:ID`; never two for one work. */
  canonicalId: string;
  /** The version of the text, where the source counts them. */
  version?: number;
  title: string;
  abstract: string;
  /** The abstract before TeX was made readable, only where the two differ. */
  abstractTex?: string;
  /** A machine-made one-sentence summary, as the source states it. */
  summary?: string;
  authors: string[];
  /** How many authors, where the source states only the number. */
  authorCount?: number;
  categories: string[];
  keywords: string[];
  organization?: string;
  links: PaperLinks;
  thumbnail?: string;
  /** Counts are absent where the source has none: absent never overwrites. */
  upvotes?: number;
  comments?: number;
  stars?: number;
  /** The list day, `YYYY-MM-DD` in UTC. */
  listedOn: string;
  /** The first instant the source is known to have listed it. */
  listedAt: Date;
  publishedAt?: Date;
  withdrawn?: boolean;
  /** `replace` updates a known paper and is never news; everything else is `new`. */
  announce: "new" | "replace";
};

/** What storing keeps of a paper, without its database id. */
export type StoredPaper = {
  canonicalId: string;
  source: string;
  /** 0 where the source counts none. */
  version: number;
  title: string;
  abstract: string;
  abstractTex: string | null;
  summary: string | null;
  authors: string[];
  /** How many authors, where the source stated only the number; `authors` is empty then. */
  authorCount: number | null;
  categories: string[];
  keywords: string[];
  organization: string | null;
  links: PaperLinks;
  thumbnail: string | null;
  upvotes: number;
  comments: number;
  stars: number;
  listedOn: string;
  listedAt: Date;
  publishedAt: Date | null;
  withdrawnAt: Date | null;
};

export type Paper = StoredPaper & { id: number };
