// The schema is brought up to date once, however many processes start at the same moment.
import { type AddressInfo, createServer, type Socket } from "node:net";
import pg from "pg";
import { afterAll, expect, inject, it } from "vitest";
import { closeDatabase, connectDatabase, migrateDatabase } from "../../src/db/connect.ts";

const name = `migrations_${process.pid}_${Date.now()}`;
const admin = new URL(inject("postgres"));
admin.pathname = "/postgres";

async function run(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: admin.href });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
afterAll(() => run(`drop database if exists ${name} with (force)`));

it("applies each migration once when three processes start on an empty database", async () => {
  await run(`create database ${name}`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  const processes = [1, 2, 3].map(() => connectDatabase(url.href, 2));
  const applied = await Promise.all(processes.map((db) => migrateDatabase(db)));
  expect(applied.filter((count) => count > 0)).toHaveLength(1);
  expect(await migrateDatabase(processes[0] as (typeof processes)[number])).toBe(0);
  await Promise.all(processes.map((db) => closeDatabase(db)));
});

it("says so when the server takes the connection and never answers", async () => {
  const held: Socket[] = [];
  const silent = createServer((socket) => held.push(socket)).listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const db = connectDatabase(`postgres://nobody@127.0.0.1:${(silent.address() as AddressInfo).port}/none`, 1);
  await expect(migrateDatabase(db, 200)).rejects.toThrow("it has not answered for 0.2 s");
  expect(held).toHaveLength(1);
  for (const socket of held) socket.destroy();
  silent.close();
  await closeDatabase(db);
});
