import { describe, expect, it } from "vitest";
import { bylineOf, whyOf } from "../../src/core/deliver/digest-words.ts";
import { makeCard } from "../support/digests.ts";

describe("what a card says", () => {
  it("a paper that was listed before the edition says on which day, since that may be a week ago", () => {
    const card = makeCard(1, { listedOn: "2026-03-26", upvotes: 2 });
    expect(bylineOf({ ...card, earlier: true })).toBe("Ada Byron, Alan Turing · 2 upvotes · listed on Thu 26 Mar");
    expect(bylineOf(card)).toBe("Ada Byron, Alan Turing · 2 upvotes");
  });

  it("its reason names a word once, whatever its case and plural s, as the pages do", () => {
    const { topic } = makeCard(1);
    const terms = ["Camera Pose", "camera poses", "3D", "Poses", "poses"];
    expect(whyOf({ topic, terms })).toBe("Why: Retrieval & RAG, for the words Camera Pose, 3D, Poses");
    expect(whyOf({ topic, terms: ["Agent", "agents"] })).toBe("Why: Retrieval & RAG, for the word Agent");
  });
});
