import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { testFiles } from "./test/kinds.ts";

type ExportTarget = string | { default: string };

/** Tests import the package by its public names; each name resolves to the source its export is built from. */
const { exports } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as {
  exports: Record<string, ExportTarget>;
};
const alias = Object.entries(exports).flatMap(([name, target]) => {
  if (typeof target === "string") return [];
  const source = target.default.replace("./dist/", "./src/").replace(/\.js$/, ".ts");
  const find = new RegExp(`^lanelock${name.slice(1)}$`);
  return [{ find, replacement: fileURLToPath(new URL(source, import.meta.url)) }];
});

const { unit, system } = testFiles();

export default defineConfig({
  resolve: { alias },
  test: {
    // The suites run on the wide build, too: test/engine/wide-build.test.ts.
    setupFiles: process.env.LANELOCK_TEST_BUILD === "wide" ? ["./test/engine/take-wide-build.ts"] : [],
    // One file less than there are processors is vitest's own choice: on two, most of a core would wait for programs to end.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: ["default", "./test/tally-reporter.ts"],
    projects: [
      { extends: true, test: { name: "unit", include: unit } },
      { extends: true, test: { name: "system", include: system, globalSetup: "./test/global-setup.ts" } },
    ],
  },
});
