// What does one digest hold, before it becomes bytes?
import type { PaperLinks } from "./paper.ts";

/** A paper as one edition shows it for one topic: frozen when the edition first plans it, plain text, unescaped. */
export type DigestCard = {
  paperId: number;
  title: string;
  abstract: string;
  authors: string[];
  /** How many authors there are when `authors` holds the first few. */
  authorCount?: number;
  organization: string | null;
  upvotes: number;
  comments: number;
  stars: number;
  links: PaperLinks;
  listedOn: string;
  /** Why it is there: the topic's name and the words in title or abstract that earned it. */
  topic: { slug: string; name: string; owned: boolean };
  terms: string[];
  /** True where the paper was listed before the day this edition covers: it came late or fell to an earlier cap. */
  earlier: boolean;
};

export type Cadence = "daily" | "weekdays" | "weekly";

/** All that composing a digest needs; the same Digest composes to the same bytes. */
export type Digest = {
  id: number;
  subscriberId: number;
  email: string;
  /** `YYYY-MM-DD`, the local day of the reader. */
  editionDate: string;
  cadence: Cadence;
  format: "html" | "text";
  plannedAt: Date;
  cards: DigestCard[];
  /** Papers that matched and fell to the cap. */
  more: number;
};

/** The kinds of transactional mail. */
export type LetterKind =
  | "confirm"
  | "already"
  | "preferences"
  | "change-address"
  | "address-changed"
  | "erase"
  | "export";

/** All that composing a transactional letter needs. */
export type Letter = {
  id: number;
  kind: LetterKind;
  subscriberId: number;
  /** The address it goes to. */
  to: string;
  createdAt: Date;
};
