import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeOfVersion } from "../reference/other-nodes.ts";
import { PostgresServer } from "../stores/postgres-server.ts";
import { installedFolder, realmTests } from "./installed-folder.ts";

// The package in the test runners of its users: in their environments, which have globals of another realm, and under their
// fake timers with default settings.

const { folder, examples } = installedFolder();
const require = createRequire(import.meta.url);
let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

/** Ten times what the slowest takes. */
const PATIENCE = 300_000;

function run(command: readonly string[], node = process.execPath): { output: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(node, command, {
    cwd: folder,
    encoding: "utf8",
    timeout: PATIENCE,
    env: { ...process.env, CI: "", FORCE_COLOR: "0", NO_COLOR: "1", VITEST: undefined, NODE_ENV: undefined },
  });
  return { output: `${stdout}\n${stderr}`, status };
}

// The contexts of `node:vm` have no Symbol.asyncDispose on Node 20, which README's example needs.
test.each([
  ["node", "forks", "", process.execPath],
  ["node", "forks", "vi.useFakeTimers()", process.execPath],
  ["node", "vmThreads", "vi.useFakeTimers()", nodeOfVersion(24)],
  ["jsdom", "forks", "", process.execPath],
  ["jsdom", "forks", "vi.useFakeTimers()", process.execPath],
  ["jsdom", "vmThreads", "", nodeOfVersion(24)],
  ["happy-dom", "forks", "", process.execPath],
])("vitest with %s in %s %s", (environment, pool, fake, node) => {
  const header = 'import { beforeAll, expect, test, vi } from "vitest";';
  const file = `${environment}-${pool}${fake === "" ? "" : "-fake"}.test.mjs`;
  writeFileSync(join(folder, file), realmTests(examples, { header, fake, postgres: server.createDatabase() }));
  const vitest = join(folder, "node_modules/vitest/vitest.mjs");
  const options = ["--root", folder, "--environment", environment, "--pool", pool, "--reporter=verbose"];
  const { output, status } = run([vitest, "run", file, ...options, "--testTimeout=60000"], node);
  expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
  expect(output).toContain("README: example-1.mjs");
});

test.each([
  ["jest-environment-node", "", process.execPath],
  ["jest-environment-node", "jest.useFakeTimers()", process.execPath],
  ["jest-environment-jsdom", "", nodeOfVersion(24)],
  ["jest-environment-jsdom", "jest.useFakeTimers()", nodeOfVersion(24)],
])("jest with %s %s", (environment, fake, node) => {
  // README's example uses these globals of Node, which jest's jsdom hides. The package finds its own.
  const globals = "globalThis.TextEncoder ??= util.TextEncoder; globalThis.TextDecoder ??= util.TextDecoder;";
  const header = `
    import util from "node:util";
    import { beforeAll, expect, jest, test } from "@jest/globals";
    beforeAll(async () => {
      await (await Kms.open({ store: sqlStore({ path: "keys.db" }), rootKey: { file: "root.key" } })).close();
      ${globals}
    });
  `;
  // jest fakes process.nextTick too, which pg waits for.
  const postgres = fake === "" ? server.createDatabase() : undefined;
  const file = `${environment}${fake === "" ? "" : "-fake"}.jest.mjs`;
  writeFileSync(join(folder, file), realmTests(examples, { header, fake, postgres }));
  const settings = {
    rootDir: folder,
    testMatch: [`<rootDir>/${file}`],
    moduleFileExtensions: ["mjs", "js", "json", "node"],
    testEnvironment: require.resolve(environment),
    // As Node takes the package: a page's build has no databases.
    testEnvironmentOptions: { customExportConditions: ["node", "node-addons"] },
    transform: {},
    testTimeout: 60_000,
    watchman: false,
  };
  const config = join(folder, `${file}.json`);
  writeFileSync(config, JSON.stringify(settings));
  const jest = join(folder, "node_modules/jest/bin/jest.js");
  const options = ["--experimental-vm-modules", "--no-warnings", jest, "--config", config, "--ci", "-i"];
  const { output, status } = run(options, node);
  expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
});
