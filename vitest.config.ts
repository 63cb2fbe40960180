import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: "test/support/global-setup.ts",
    include: ["test/**/*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 3,
    // Files bring their own databases and servers and leave nothing in modules: loading the code once a worker saves a minute.
    isolate: false,
  },
});
