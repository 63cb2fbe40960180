// Which titles and author names stand in the recorded files, as their sources wrote them?
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { decodeXML } from "entities";

export type RawText = { id: string; kind: "title" | "name"; raw: string };

/** Every title and author's name of the recorded days, feeds and answers in `folder`; white space made single, nothing else. */
export function readRawTexts(folder: string): RawText[] {
  return [...readHuggingFace(path.join(folder, "huggingface")), ...readArxiv(path.join(folder, "arxiv"))];
}

function* readHuggingFace(folder: string): Iterable<RawText> {
  const days = readdirSync(path.join(folder, "daily")).map((name) => path.join(folder, "daily", name));
  for (const file of [...days, path.join(folder, "awkward-entries.json")]) {
    const entries: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (!Array.isArray(entries)) continue;
    for (const { paper } of entries as { paper?: { id: string; title: string; authors?: { name: string }[] } }[]) {
      if (!paper) continue;
      yield { id: paper.id, kind: "title", raw: single(paper.title) };
      for (const { name } of paper.authors ?? []) yield { id: paper.id, kind: "name", raw: single(name) };
    }
  }
}

function* readArxiv(folder: string): Iterable<RawText> {
  for (const name of ["api", "feeds"].flatMap((part) =>
    readdirSync(path.join(folder, part)).map((file) => path.join(part, file)),
  )) {
    const xml = readFileSync(path.join(folder, name), "utf8");
    for (const [, record = ""] of xml.matchAll(/<(?:item|entry)>(.*?)<\/(?:item|entry)>/gs)) {
      const all = (tag: string) =>
        [...record.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, "gs"))].map(([, text = ""]) =>
          single(decodeXML(text)),
        );
      const id = (all("guid").concat(all("id"))[0] ?? "").replace(/^.*(?:abs\/|arXiv\.org:)/, "").replace(/v\d+$/, "");
      const [title = ""] = all("title");
      yield { id, kind: "title", raw: title };
      const creators = all("dc:creator").flatMap((line) => line.split(/, (?![^()]*\))/));
      for (const raw of [...creators, ...all("name")])
        yield { id, kind: "name", raw: raw.replace(/\s*\([^()]*\)$/, "") };
    }
  }
}

const single = (text: string) => text.replace(/\s+/g, " ").trim();
