// Do rows come through COPY as they are, whatever they hold?
import fc from "fast-check";
import { expect, it } from "vitest";
import { addLine, copyIn, copyOut, readInteger, readIntegers, readText, startLines } from "../../src/db/copy.ts";
import { useDatabase } from "../support/database.ts";

const database = useDatabase();
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replaceAll("\0", "")),
  fc.constantFrom("", "\\N", "\\.", "a\tb\nc\r\\d", "{1,2}"),
);
const rows = fc.array(
  fc.record({
    number: fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }),
    list: fc.option(fc.array(fc.nat(), { maxLength: 20 })),
    text: texts,
    last: fc.option(fc.array(fc.nat(), { maxLength: 3 })),
  }),
  { maxLength: 50 },
);

it("whole numbers, lists, nulls and texts survive the way in and out", async () => {
  const client = await database.db.$client.connect();
  try {
    await client.query("create temp table given (nth serial, number int, list int[], text text, last int[])");
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        await client.query("truncate given restart identity");
        const lines = startLines();
        for (const { number, list, text, last } of given) addLine(lines, [number, list, text, last]);
        await copyIn(client, "copy given (number, list, text, last) from stdin", lines);
        const back: unknown[] = [];
        await copyOut(client, "select number, list, text, last from given order by nth", (row) => {
          const [number, list, text, last] = [readInteger(row), readIntegers(row), readText(row), readIntegers(row)];
          back.push({ number, list: list ?? null, text, last: last ?? null });
        });
        expect(back).toEqual(given);
      }),
      { numRuns: 60, seed: 3 },
    );
  } finally {
    client.release();
  }
});

it("a statement that fails rejects, and the connection goes on", async () => {
  const client = await database.db.$client.connect();
  try {
    await expect(copyOut(client, "select 1 / 0", () => {})).rejects.toThrow("division by zero");
    await expect(copyIn(client, "copy nowhere from stdin", startLines())).rejects.toThrow("nowhere");
    expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  } finally {
    client.release();
  }
});
