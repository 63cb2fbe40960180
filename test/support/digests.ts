// Digests for tests of mail: of made-up cards, or of recorded days.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Digest, DigestCard } from "../../src/core/digest.ts";
import type { PaperDraft } from "../../src/core/paper.ts";
import { readDailyPapers } from "../../src/sources/huggingface-entries.ts";

export function makeCard(paperId: number, fields: Partial<DigestCard> = {}): DigestCard {
  return {
    paperId,
    title: `Paper ${paperId} on retrieval`,
    abstract: "We retrieve passages and report what we find.",
    authors: ["Ada Byron", "Alan Turing"],
    authorCount: 2,
    organization: null,
    upvotes: 3,
    comments: 0,
    stars: 0,
    links: { abstract: `https://arxiv.org/abs/2603.${String(paperId).padStart(5, "0")}` },
    listedOn: "2026-03-02",
    topic: { slug: "retrieval-rag", name: "Retrieval & RAG", owned: false },
    terms: ["retrieval"],
    earlier: false,
    ...fields,
  };
}

export function makeDigest(cards: DigestCard[], fields: Partial<Digest> = {}): Digest {
  return {
    id: 1,
    subscriberId: 2,
    email: "ada@example.org",
    editionDate: "2026-03-02",
    cadence: "daily",
    format: "html",
    plannedAt: new Date("2026-03-02T07:00:00Z"),
    more: 0,
    cards,
    ...fields,
  };
}

/** Cards of every readable paper in the recorded days of a folder, the awkward entries first. */
export function readRecordedCards(folder: string): DigestCard[] {
  const now = new Date("2026-11-01T00:00:00Z");
  const files = [
    path.join(folder, "awkward-entries.json"),
    ...readdirSync(path.join(folder, "daily"))
      .sort()
      .map((name) => path.join(folder, "daily", name)),
  ];
  const drafts = files.flatMap((file) => {
    const answer: unknown = JSON.parse(readFileSync(file, "utf8"));
    return readDailyPapers(answer, { where: path.basename(file), now }).drafts;
  });
  return drafts.map((draft, at) => cardOf(draft, at + 1));
}

function cardOf(draft: PaperDraft, paperId: number): DigestCard {
  return makeCard(paperId, {
    title: draft.title,
    abstract: draft.abstract,
    authors: draft.authors.slice(0, 40),
    authorCount: draft.authors.length,
    organization: draft.organization ?? null,
    upvotes: draft.upvotes ?? 0,
    comments: draft.comments ?? 0,
    stars: draft.stars ?? 0,
    links: draft.links,
    listedOn: draft.listedOn,
    terms: draft.title.split(/\W+/).filter((word) => word.length > 6),
  });
}
