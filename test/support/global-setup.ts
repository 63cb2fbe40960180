// One real PostgreSQL a test run, with a migrated template that every test file clones.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { closeDatabase, connectDatabase, migrateDatabase } from "../../src/db/connect.ts";
import { startEmbeddedDatabase } from "../../src/db/embedded.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgres: string;
  }
}

export default async function setup(project: TestProject) {
  const dataDir = await mkdtemp(path.join(tmpdir(), "paperboy-test-"));
  const server = await startEmbeddedDatabase({
    dataDir,
    flags: ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"],
  });
  const db = connectDatabase(server.url, 1);
  await migrateDatabase(db);
  await closeDatabase(db);
  project.provide("postgres", server.url);
  return async () => {
    await server.stop({ force: true });
    await rm(dataDir, { recursive: true, force: true });
  };
}
