// Are arXiv's categories known by all of their names?
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { canonicalCategory, categoryAliases, categoryName, categoryProblem } from "../../src/core/arxiv-categories.ts";
import { findRecorded } from "../support/recorded.ts";

const file = findRecorded("arxiv", "taxonomy.json");
type Taxonomy = {
  categories: { id: string; full_name: string }[];
  archives: { id: string; full_name: string; is_active: boolean }[];
  category_aliases: Record<string, string>;
  archives_subsumed: Record<string, string>;
};

test.skipIf(!file)("every category, archive and alias of the recorded taxonomy is known", () => {
  const taxonomy: Taxonomy = JSON.parse(readFileSync(file ?? "", "utf8"));
  expect(taxonomy.categories.length).toBeGreaterThan(150);
  for (const { id, full_name } of taxonomy.categories.filter(({ id }) => !/^(test|bad-arch)/.test(id)))
    expect([id, categoryName(id)]).toEqual([id, full_name]);
  for (const { id } of taxonomy.archives.filter(({ id }) => !/^(test|bad-arch)/.test(id)))
    expect([id, categoryProblem(id)]).toEqual([id, undefined]);
  for (const [other, kept] of Object.entries({ ...taxonomy.category_aliases, ...taxonomy.archives_subsumed })) {
    expect([other, canonicalCategory(other)]).toEqual([other, kept]);
    expect(categoryAliases(other)).toContain(kept);
    expect(categoryAliases(kept)).toContain(other);
  }
});

test("an id that is no category is told with the nearest one, at start", () => {
  expect(categoryProblem("cs.lg")).toBe('arXiv has no category "cs.lg"; it is written cs.LG.');
  expect(categoryProblem("hepth")).toBe('arXiv has no category "hepth"; it is written hep-th.');
  expect(categoryProblem("cs.XX")).toBe('arXiv has no category "cs.XX".');
  expect(() => readConfig({ ARXIV_CATEGORIES: "cs.LG,cs.lg" })).toThrow(/cs\.lg.*written cs\.LG/);
  expect(readConfig({ ARXIV_CATEGORIES: "cs.LG, hep-th ,math" }).ARXIV_CATEGORIES).toEqual(["cs.LG", "hep-th", "math"]);
});
