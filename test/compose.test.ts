// docker-compose.yml without a Docker engine: what it sets are settings that can be read, and every role runs once.
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { readConfig, settings } from "../src/config.ts";

type Service = {
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  image: string;
  stop_grace_period?: string;
};
const file = readFileSync(path.join(import.meta.dirname, "../docker-compose.yml"), "utf8");
const { services } = parse(file, { merge: true }) as { services: Record<string, Service> };
const ours = Object.entries(services).filter(([, { image }]) => image === "paperboy");
/** As compose fills `${NAME:-default}` and `${NAME:?message}` with only SECRET_KEY set. */
const filled = (value: unknown) =>
  String(value).replace(/\$\{(\w+):[-?](.*?)\}/g, (_, name, rest) => (name === "SECRET_KEY" ? "k".repeat(32) : rest));

it("gives each process settings that exist and can be read", () => {
  for (const [name, { environment = {} }] of ours) {
    expect(Object.keys(settings), name).toEqual(expect.arrayContaining(Object.keys(environment)));
    const given = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, filled(value)]));
    expect(() => readConfig(given), name).not.toThrow();
  }
});

it("runs every role, each after one migration", () => {
  const roles = ours.map(([, { environment }]) => environment?.["ROLES"]).filter(Boolean);
  expect(roles.sort()).toEqual(["scheduler", "web", "worker"]);
  for (const [name, { depends_on }] of ours)
    if (name !== "migrate") expect(depends_on?.["migrate"]?.condition).toBe("service_completed_successfully");
  expect(services["migrate"]?.depends_on).not.toHaveProperty("migrate");
});

it("waits longer at a stop than a worker takes to drain", () => {
  for (const [, service] of ours) expect(Number.parseInt(service.stop_grace_period ?? "10", 10)).toBeGreaterThan(30);
});
