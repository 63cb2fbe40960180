// The operator's list of readers: in and out as CSV, never more mail for anybody than they asked for.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runHere } from "../support/command.ts";
import { keys } from "../support/context.ts";
import { useDatabase } from "../support/database.ts";

const database = useDatabase();
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "paperboy-csv-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const paperboy = (...words: string[]) =>
  runHere(words, { DATABASE_URL: database.url, SECRET_KEY: keys[0], DATA_DIR: folder });

async function importCsv(text: string) {
  const file = path.join(folder, "readers.csv");
  await writeFile(file, text);
  return paperboy("subscribers", "import", file, "--json");
}
const stateOf = async (email: string) =>
  JSON.parse((await paperboy("subscribers", "show", email, "--json")).stdout).state;

it("brings readers in, names bad lines by number and says why", async () => {
  const { code, stdout } = await importCsv(
    [
      "Email,state,timezone,hour,topics,note",
      "ada@example.org,confirmed,Europe/Berlin,6,robotics language-models,first",
      "not an address,confirmed,UTC,7,robotics,",
      "bob@example.org,confirmed,Mars/Olympus,7,robotics,",
      "carol@example.org,confirmed,UTC,7,knitting,",
      "dan@example.org,,,,,",
    ].join("\n"),
  );
  expect(code).toBe(0);
  const told = JSON.parse(stdout);
  expect(told).toMatchObject({ added: 2, changed: 0, unchanged: 0 });
  expect(told.refused.map(({ line }: { line: number }) => line)).toEqual([3, 4, 5]);
  expect(await stateOf("dan@example.org")).toBe("pending");
});

it("never turns a state into one that sends more, and keeps suppressed addresses out", {
  timeout: 60_000,
}, async () => {
  await paperboy("subscribers", "suppress", "gone@example.org");
  const csv = [
    "email,state,topics",
    "dan@example.org,confirmed,robotics",
    "ada@example.org,unsubscribed,",
    "gone@example.org,confirmed,robotics",
  ].join("\n");
  const told = JSON.parse((await importCsv(csv)).stdout);
  expect(told).toMatchObject({ added: 0, changed: 1, unchanged: 1 });
  expect(told.refused).toEqual([{ line: 4, reason: "this address is suppressed" }]);
  expect(await stateOf("dan@example.org")).toBe("pending");
  expect(await stateOf("ada@example.org")).toBe("unsubscribed");
  await importCsv(csv.replace("unsubscribed", "confirmed"));
  expect(await stateOf("ada@example.org")).toBe("unsubscribed");
});

it("exports what import takes, and nothing that a spreadsheet would run", async () => {
  await importCsv("email,state,topics\n=cmd@example.org,confirmed,robotics\n+1@example.org,pending,\n");
  const { code, stdout } = await paperboy("subscribers", "export");
  expect(code).toBe(0);
  const rows = parse(stdout, { columns: true }) as Record<string, string>[];
  expect(rows.map(({ email }) => email)).toEqual(
    expect.arrayContaining(["ada@example.org", "'=cmd@example.org", "'+1@example.org"]),
  );
  for (const field of rows.flatMap((row) => Object.values(row))) expect(field).not.toMatch(/^[=+\-@]/);
  expect(JSON.parse((await importCsv(stdout)).stdout)).toMatchObject({ added: 0, changed: 0, refused: [] });
  const asJson = JSON.parse((await paperboy("subscribers", "export", "--json")).stdout);
  expect(asJson.count).toBe(rows.length);
  expect(asJson.rows[0]).toMatchObject({ email: "ada@example.org", topics: ["language-models", "robotics"] });
});

it("takes a file with hostile bytes line by line, and says nothing that a terminal would obey", async () => {
  const csv = [
    "email,state,topics",
    "eve@example.org,confirmed,rob\u0000otics",
    "eva@example.org,confirmed,\u001b]0;owned\u0007",
    "evi@example.org,confirmed,robotics",
  ].join("\n");
  const { code, stdout } = await importCsv(csv);
  expect(code).toBe(0);
  const { added, refused } = JSON.parse(stdout);
  expect(added).toBe(1);
  expect(refused.map(({ line }: { line: number }) => line)).toEqual([2, 3]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there.
  for (const { reason } of refused) expect(reason).not.toMatch(/[\u0000-\u001f]/);
});

it("is told that an empty file brings nobody in", async () => {
  const { code, stderr } = await importCsv("");
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/must name a column email/) });
});

it("erases a reader once", async () => {
  expect(await paperboy("subscribers", "erase", "ADA@example.org")).toMatchObject({ code: 0, stdout: "Erased.\n" });
  const again = await paperboy("subscribers", "erase", "ada@example.org");
  expect(again).toMatchObject({ code: 1, stderr: "Nobody with that address.\n" });
});

it("is wrong usage with an unknown state, and no harm with a file that is no CSV", async () => {
  expect((await paperboy("subscribers", "list", "--state", "confrmed")).code).toBe(2);
  const { code, stderr } = await importCsv('email\n"never closed');
  expect(code).toBe(1);
  expect(stderr).toMatch(/readers\.csv cannot be read: the file is not CSV/);
});
