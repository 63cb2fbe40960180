// Do rows come through COPY as they are, whatever they hold?
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  addDate,
  addInstant,
  addInt4,
  addInt4s,
  addInt8,
  addNull,
  addRow,
  addText,
  copyIn,
  copyOut,
  readInteger,
  readIntegers,
  readText,
  startRows,
} from "../../src/db/copy.ts";
import { useDatabase } from "../support/database.ts";

const database = useDatabase();
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replaceAll("\0", "")),
  fc.constantFrom("", "\\N", "\\.", "a\tb\nc\r\\d", "{1,2}"),
);
const rows = fc.array(
  fc.record({
    number: fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }),
    large: fc.maxSafeInteger(),
    list: fc.option(fc.array(fc.nat(), { maxLength: 20 })),
    text: texts,
    small: fc.integer({ min: -32_768, max: 32_767 }),
    day: fc.date({ min: new Date("0100-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
    last: fc.option(fc.array(fc.nat(), { maxLength: 3 })),
  }),
  { maxLength: 50 },
);

it("whole numbers, lists, nulls, texts and moments survive the way in and out", async () => {
  const client = await database.db.$client.connect();
  try {
    await client.query(
      "create temp table given (nth serial, number int, large bigint, list int[], text text, small int, day date, moment timestamptz, last int[])",
    );
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        await client.query("truncate given restart identity");
        const written = startRows();
        const addList = (list: number[] | null) => (list ? addInt4s(written, list) : addNull(written));
        for (const { number, large, list, text, small, day, last } of given) {
          addRow(written, 8);
          addInt4(written, number);
          addInt8(written, large);
          addList(list);
          addText(written, text);
          addInt4(written, small);
          addDate(written, day.toISOString().slice(0, 10));
          addInstant(written, day);
          addList(last);
        }
        await copyIn(client, "given (number, large, list, text, small, day, moment, last)", written);
        const back: unknown[] = [];
        await copyOut(
          client,
          `select number, large, list, text, small::smallint, to_char(day, 'YYYY-MM-DD'), (extract(epoch from moment) * 1000)::bigint, last
            from given order by nth`,
          (row) => {
            const [number, large] = [readInteger(row), readInteger(row)];
            const [list, text, small] = [readIntegers(row), readText(row), readInteger(row)];
            const [date, day] = [readText(row), new Date(readInteger(row))];
            expect(day.toISOString().slice(0, 10)).toBe(date);
            back.push({ number, large, list: list ?? null, text, small, day, last: readIntegers(row) ?? null });
          },
        );
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
    await expect(copyIn(client, "nowhere", startRows())).rejects.toThrow("nowhere");
    const stumble = () => {
      throw new Error("not this row");
    };
    await expect(copyOut(client, "select 1 from generate_series(1, 3)", stumble)).rejects.toThrow("not this row");
    expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  } finally {
    client.release();
  }
});
