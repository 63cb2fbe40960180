// Which files can a citation be taken away in?
import type { Response } from "express";
import { bibtex, type Cited, cslJson, ris } from "../core/citation.ts";
import type { Paper } from "../core/paper.ts";

export function citedOf(paper: Paper): Cited {
  const { canonicalId, title, abstract, authors, links, publishedAt, listedOn } = paper;
  return {
    canonicalId,
    title,
    abstract,
    authors,
    links,
    publishedOn: publishedAt?.toISOString().slice(0, 10) ?? listedOn,
  };
}

const forms = {
  bib: { type: "application/x-bibtex; charset=utf-8", write: (papers: Cited[]) => papers.map(bibtex).join("\n") },
  ris: {
    type: "application/x-research-info-systems; charset=utf-8",
    write: (papers: Cited[]) => papers.map(ris).join(""),
  },
  json: {
    type: "application/vnd.citationstyles.csl+json; charset=utf-8",
    write: (papers: Cited[]) => `${JSON.stringify(papers.map(cslJson), null, 2)}\n`,
  },
};
export type CitationForm = keyof typeof forms;

export function readCitationForm(extension: string): CitationForm | undefined {
  return extension === "bib" || extension === "ris" || extension === "json" ? extension : undefined;
}

/** Sends papers as one citation file called `name`. */
export function sendCitations(response: Response, form: CitationForm, name: string, papers: Cited[]): void {
  const { type, write } = forms[form];
  response.attachment(`${name}.${form}`).set("Content-Type", type).send(write(papers));
}
