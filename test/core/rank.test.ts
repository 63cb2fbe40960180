// Does choosing give what its formula says, for whatever papers, topics and readers there are?
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { standing } from "../../src/core/plan/hotness.ts";
import { groupNearDuplicates } from "../../src/core/plan/near-duplicate.ts";
import { type Chooser, choosePapers, numberPapers, type RankedPaper, rankTopics } from "../../src/core/plan/rank.ts";

const now = new Date("2026-03-02T07:00:00Z");
const DAY_MS = 86_400_000;
type World = { papers: RankedPaper[]; matches: { paperId: number; topicId: number; score: number }[] };

const paper = (paperId: number, fields: Partial<RankedPaper> = {}): RankedPaper => ({
  paperId,
  title: `Unlike title of number ${paperId} alone${paperId}`,
  upvotes: 0,
  comments: 0,
  stars: 0,
  votable: true,
  listedAt: new Date(now.getTime() - 3_600_000),
  ...fields,
});
const reader = (fields: Partial<Chooser> = {}): Chooser => ({
  topicIds: [1],
  sent: [],
  maxPapers: 10,
  minUpvotes: 0,
  ...fields,
});
function prepare({ papers, matches }: World) {
  const lists = numberPapers(papers, now);
  rankTopics(lists, matches);
  return lists;
}

const titles = ["one two three four five", "one two three four five six", "a b c d", "lonely", "graph nets for maps"];
const worlds: fc.Arbitrary<World> = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 5 }),
      title: fc.oneof(fc.constantFrom(...titles), fc.string({ minLength: 5, maxLength: 20 })),
      upvotes: fc.integer({ min: 0, max: 9 }),
      comments: fc.integer({ min: 0, max: 3 }),
      votable: fc.boolean(),
      ageHours: fc.integer({ min: 0, max: 190 }),
      topics: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
      score: fc.integer({ min: 4, max: 40 }),
    }),
    { maxLength: 40 },
  )
  .map((rows) => {
    let id = 0;
    const world: World = { papers: [], matches: [] };
    for (const { gap, title, upvotes, comments, votable, ageHours, topics, score } of rows) {
      id += gap;
      const listedAt = new Date(now.getTime() - ageHours * 3_600_000);
      world.papers.push({ paperId: id, title, upvotes, comments, stars: 0, votable, listedAt });
      for (const topicId of topics) world.matches.push({ paperId: id, topicId, score: score / 4 });
    }
    return world;
  });
const readers: fc.Arbitrary<Chooser> = fc.record({
  topicIds: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 5 }).map((ids) => ids.sort()),
  sent: fc.uniqueArray(fc.integer({ min: 1, max: 120 }), { maxLength: 15 }),
  maxPapers: fc.integer({ min: 1, max: 12 }),
  minUpvotes: fc.constantFrom(0, 0, 1, 4),
});
const extras = fc.record(
  {
    excluded: fc.uniqueArray(fc.integer({ min: 1, max: 120 }), { maxLength: 15 }).map((ids) => new Set(ids)),
    votes: fc
      .array(fc.tuple(fc.integer({ min: 1, max: 120 }), fc.constantFrom(0.5, 0.9, 1.5)), { minLength: 1, maxLength: 9 })
      .map((pairs) => new Map(pairs)),
  },
  { requiredKeys: [] },
);

/** The same choice the plain way: after each paper all that is left is sorted again. */
function chooseByFullSort({ papers, matches }: World, { topicIds, votes, ...who }: Chooser) {
  const sorted = papers.toSorted((a, b) => a.paperId - b.paperId);
  const groups = groupNearDuplicates(sorted.map(({ title }) => title));
  const groupOf = new Map(sorted.map(({ paperId }, at) => [paperId, groups[at]]));
  const byId = new Map(sorted.map((one) => [one.paperId, one]));
  const closed = new Set([...who.sent].flatMap((id) => (groupOf.has(id) ? [groupOf.get(id)] : [])));
  const shares = new Map<number, number>();
  const value = (paperId: number, score: number) => {
    const one = byId.get(paperId) ?? paper(0);
    const age = (now.getTime() - one.listedAt.getTime()) / DAY_MS;
    return 0.5 * (score / (score + 1)) + 0.3 * standing(one, now) + 0.2 * 0.5 ** (age / 2);
  };
  let left = matches
    .filter(({ topicId }) => topicIds.includes(topicId))
    .filter(({ paperId }) => (byId.get(paperId)?.upvotes ?? 0) >= who.minUpvotes && !who.excluded?.has(paperId))
    .map(({ score, ...match }) => ({
      ...match,
      value: value(match.paperId, score) * (votes?.get(match.paperId) ?? 1),
    }));
  const chosen = { paperIds: [] as number[], topicIds: [] as number[] };
  for (;;) {
    left = left.filter(({ paperId }) => !closed.has(groupOf.get(paperId)));
    if (chosen.paperIds.length === who.maxPapers) break;
    const share = ({ topicId, value }: { topicId: number; value: number }) => value * (shares.get(topicId) ?? 1);
    const [best] = left.toSorted((a, b) => share(b) - share(a) || a.topicId - b.topicId || b.paperId - a.paperId);
    if (!best) break;
    chosen.paperIds.push(best.paperId);
    chosen.topicIds.push(best.topicId);
    shares.set(best.topicId, (shares.get(best.topicId) ?? 1) * 0.8);
    closed.add(groupOf.get(best.paperId));
  }
  return { ...chosen, more: new Set(left.map(({ paperId }) => groupOf.get(paperId))).size };
}
describe("choosing", () => {
  it("gives what a full sort gives, and as many more, for any reader", () => {
    fc.assert(
      fc.property(worlds, readers, extras, (world, who, extra) => {
        const asked = { ...who, ...extra };
        expect(choosePapers(prepare(world), asked)).toEqual(chooseByFullSort(world, asked));
      }),
      { numRuns: 400, seed: 5 },
    );
  });

  it("never gives what was sent, was excluded or has too few votes, nor more than the cap, nor a paper twice", () => {
    fc.assert(
      fc.property(worlds, readers, extras, (world, who, extra) => {
        const { paperIds: ids, topicIds } = choosePapers(prepare(world), { ...who, ...extra });
        const upvotes = new Map(world.papers.map((one) => [one.paperId, one.upvotes]));
        expect(ids.length).toBeLessThanOrEqual(who.maxPapers);
        expect(new Set(ids).size).toBe(ids.length);
        for (const id of ids) {
          expect([...who.sent]).not.toContain(id);
          expect(extra.excluded?.has(id) ?? false).toBe(false);
          expect(upvotes.get(id)).toBeGreaterThanOrEqual(who.minUpvotes);
        }
        for (const [at, id] of ids.entries())
          expect(world.matches.some((match) => match.paperId === id && match.topicId === topicIds[at])).toBe(true);
      }),
      { numRuns: 200, seed: 6 },
    );
  });

  it("gives each reader the same whoever was asked about before, in whatever order the papers came", () => {
    fc.assert(
      fc.property(worlds, fc.array(readers, { minLength: 2, maxLength: 6 }), (world, several) => {
        const lists = prepare(world);
        const forwards = several.map((who) => choosePapers(lists, who));
        const backwards = several.toReversed().map((who) => choosePapers(lists, who));
        expect(backwards.toReversed()).toEqual(forwards);
        const shuffled = prepare({ papers: world.papers.toReversed(), matches: world.matches.toReversed() });
        expect(several.map((who) => choosePapers(shuffled, who))).toEqual(forwards);
      }),
      { numRuns: 100, seed: 7 },
    );
  });

  it("lets no topic drown another: a weaker topic's best comes before a strong topic's fourth", () => {
    const strong = [1, 2, 3, 4, 5, 6].map((id) => ({ paperId: id, topicId: 1, score: 5 }));
    const lists = prepare({
      papers: [1, 2, 3, 4, 5, 6, 7].map((id) => paper(id)),
      matches: [...strong, { paperId: 7, topicId: 2, score: 1 }],
    });
    expect(choosePapers(lists, reader({ topicIds: [1, 2], maxPapers: 4 }))).toMatchObject({
      topicIds: [1, 1, 2, 1],
      more: 3,
    });
  });

  it("shows a work that two sources listed once, and not again when one of the two was sent", () => {
    const lists = prepare({
      papers: [
        paper(1, { title: "Attention is all you need: a study" }),
        paper(2, { title: "Attention Is All You Need — A Study" }),
        paper(3),
      ],
      matches: [1, 2, 3].map((paperId) => ({ paperId, topicId: 1, score: 2 })),
    });
    expect(choosePapers(lists, reader()).paperIds).toHaveLength(2);
    expect(choosePapers(lists, reader({ sent: [1] })).paperIds).toEqual([3]);
  });

  it("shows two works of arXiv whose titles are nearly the same, and the parts of a series", () => {
    const titled = (titles: string[], arxiv: boolean) => {
      const papers = titles.map((title, at) => paper(at + 1, { title, arxiv }));
      const matches = papers.map(({ paperId }) => ({ paperId, topicId: 1, score: 2 }));
      return choosePapers(prepare({ papers, matches }), reader({ sent: [1] })).paperIds;
    };
    const twins = ["Model-Image-2.0 Technical Report", "Model-Image-VAE-2.0 Technical Report"];
    expect(titled(twins, true)).toEqual([2]);
    expect(titled(twins, false)).toEqual([]);
    const parts = ["On the theory of very large maps, Part I", "On the theory of very large maps, Part II"];
    expect(titled(parts, false)).toEqual([2]);
    expect(titled(["A map: on graphs", "A Map – on Graphs"], true)).toEqual([]);
  });

  it("puts the more relevant, the hotter and the newer first, and what nobody can vote on in the middle, all else alike", () => {
    const first = (one: Partial<RankedPaper>, other: Partial<RankedPaper>, scores = [1, 1]) => {
      const matches = [1, 2].map((paperId) => ({ paperId, topicId: 1, score: scores[paperId - 1] ?? 1 }));
      return choosePapers(prepare({ papers: [paper(1, one), paper(2, other)], matches }), reader()).paperIds[0];
    };
    expect(first({}, {}, [3, 1])).toBe(1);
    expect(first({ upvotes: 30 }, {})).toBe(1);
    const yesterday = new Date(now.getTime() - DAY_MS);
    const unloved = { upvotes: 2, listedAt: yesterday };
    expect(first({ votable: false, listedAt: yesterday }, unloved)).toBe(1);
    expect(first({ votable: false, listedAt: yesterday }, { ...unloved, upvotes: 20 })).toBe(2);
    expect(first({}, { listedAt: new Date(now.getTime() - 3 * DAY_MS) })).toBe(1);
  });

  it("moves a paper that a vote makes more of to the front, and back when the vote is undone", () => {
    const lists = prepare({
      papers: [paper(1, { upvotes: 12 }), paper(2)],
      matches: [1, 2].map((paperId) => ({ paperId, topicId: 1, score: 1 })),
    });
    const order = (votes?: Map<number, number>) => choosePapers(lists, reader({ votes })).paperIds;
    expect(order()).toEqual([1, 2]);
    expect(order(new Map([[2, 1.5]]))).toEqual([2, 1]);
    expect(order()).toEqual([1, 2]);
  });
});

describe("near-duplicates", () => {
  const words = fc.array(fc.constantFrom(..."abcdefghijkl".split(""), "2", "iv"), { minLength: 1, maxLength: 9 });

  it("are those that a comparison of all with all finds", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ list: words, numbered: fc.boolean() }), { maxLength: 30 }), (given) => {
        type Title = { own: Set<string>; numbered: boolean };
        const sets = given.map(({ list, numbered }) => ({ own: new Set(list), numbered }));
        const areAlike = (one: Title, other: Title) => {
          const all = new Set([...one.own, ...other.own]);
          const odd = [...all].filter((word) => !one.own.has(word) || !other.own.has(word));
          const told = odd.some((word) => ["2", "i", "iv"].includes(word)) || (one.numbered && other.numbered);
          const least = told ? 1 : 0.8;
          return one.own.size > 1 && other.own.size > 1 && (all.size - odd.length) / all.size >= least;
        };
        const firsts: Title[] = [];
        const expected = sets.map((title) => {
          const alike = firsts.findIndex((other) => areAlike(title, other));
          return alike >= 0 ? alike : firsts.push(title) - 1;
        });
        const [titles, numbered] = [given.map(({ list }) => list.join(" ")), given.map(({ numbered }) => numbered)];
        expect([...groupNearDuplicates(titles, numbered)]).toEqual(expected);
      }),
      { numRuns: 500, seed: 8 },
    );
  });

  it("fold 8,000 titles without comparing all with all", () => {
    let state = 1;
    const word = () => {
      state = (state * 48_271) % 2_147_483_647;
      return `w${state % 3_000}`;
    };
    const given = Array.from({ length: 8_000 }, () => Array.from({ length: 10 }, word).join(" "));
    const started = performance.now();
    expect(new Set(groupNearDuplicates(given)).size).toBe(8_000);
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});
