// A database of its own for a test file, cloned from the migrated template and dropped afterwards.
import pg from "pg";
import { afterAll, beforeAll, inject } from "vitest";
import { closeDatabase, connectDatabase, type Database } from "../../src/db/connect.ts";

let counter = 0;

/** Gives the file its own migrated, empty PostgreSQL database; call once at the top of the file. */
export function useDatabase(): { readonly db: Database; readonly url: string } {
  const template = inject("postgres");
  const name = `test_${process.pid}_${Date.now()}_${counter++}`;
  const url = new URL(template);
  url.pathname = `/${name}`;
  let db: Database | undefined;
  beforeAll(async () => {
    await run(template, `create database ${name} template paperboy`);
    db = connectDatabase(url.href, 8);
  });
  afterAll(async () => {
    if (db) await closeDatabase(db);
    await run(template, `drop database if exists ${name} with (force)`);
  });
  return {
    get db() {
      if (!db) throw new Error("the database is ready inside tests and hooks only");
      return db;
    },
    url: url.href,
  };
}

async function run(template: string, statement: string): Promise<void> {
  const admin = new URL(template);
  admin.pathname = "/postgres";
  const client = new pg.Client({ connectionString: admin.href });
  await client.connect();
  try {
    // Cloning fails while another file clones the same template: wait for its lock instead.
    await client.query("select pg_advisory_lock(1)");
    await client.query(statement);
  } finally {
    await client.end();
  }
}
