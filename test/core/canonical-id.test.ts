// Is a work known under one id, however its identifiers are spelled?
import { describe, expect, test } from "vitest";
import { canonicalId, readArxivId, readDoi } from "../../src/core/ingest/canonical-id.ts";

describe("a DOI", () => {
  test.each([
    ["10.1038/S41586-026-1", "10.1038/s41586-026-1"],
    ["DOI: 10.1038/x", "10.1038/x"],
    ["https://doi.org/10.1038/x", "10.1038/x"],
    ["https://www.doi.org/10.1038/x", "10.1038/x"],
    ["doi.org/10.1038/x", "10.1038/x"],
    ["https://doi.org/10.1038%2Fx", "10.1038/x"],
    ["https://doi.org/10.1038/x?utm_source=feed#abs", "10.1038/x"],
    ["info:doi/10.1038/x", "10.1038/x"],
    ["urn:doi:10.1038/x", "10.1038/x"],
    ["10.1038/x).", "10.1038/x"],
    ["10.1016/S0140-6736(20)30183-5", "10.1016/s0140-6736(20)30183-5"],
    ["10.1000/abc(d)", "10.1000/abc(d)"],
    ["10.1101/2027.01.02.123456v2", "10.1101/2027.01.02.123456"],
  ])("%s", (written, doi) => {
    expect(readDoi(written)).toBe(doi);
  });

  test.each(["10.1038", "10.1038/", "doi:", "https://example.org/10.1038/x", "arXiv:2701.00001"])(
    "%s is none",
    (written) => {
      expect(readDoi(written)).toBeUndefined();
    },
  );
});

describe("an id of arXiv", () => {
  test.each([
    ["2701.00001", "2701.00001", undefined],
    ["arXiv:2701.12345v12", "2701.12345", 12],
    ["https://arxiv.org/pdf/2701.12345v1.pdf", "2701.12345", 1],
    ["oai:arXiv.org:cs/0601001v1", "cs/0601001", 1],
    ["https://doi.org/10.48550/arXiv.2701.12345", "2701.12345", undefined],
  ])("%s", (written, id, version) => {
    expect(readArxivId(written)).toEqual(version === undefined ? { id } : { id, version });
    expect(canonicalId({ arxiv: written, source: "x", id: "1" })).toBe(`arxiv:${id}`);
  });
});
