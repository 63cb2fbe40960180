// A file that a test writes, and what reading it gives.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PaperDraft } from "../../src/core/paper.ts";
import { readPaperFiles } from "../../src/sources/files.ts";

/** Writes the file, reads it as `import` does, and removes it. */
export async function readFileOf(
  name: string,
  content: string | Buffer,
  now = new Date("2026-11-24T12:00:00Z"),
): Promise<{ drafts: PaperDraft[]; refused: string[] }> {
  const folder = await mkdtemp(path.join(tmpdir(), "paperboy-file-"));
  try {
    const file = path.join(folder, name);
    await writeFile(file, content);
    const read: { drafts: PaperDraft[]; refused: string[] } = { drafts: [], refused: [] };
    for await (const { drafts, refused } of readPaperFiles([file], now)) {
      read.drafts.push(...drafts);
      read.refused.push(...refused);
    }
    return read;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
