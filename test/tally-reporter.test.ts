import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scratchFolder } from "./tokens/scratch-folder.ts";

// The numbers in the last line of `npm test`, and what CI=true makes of a skipped test.

const modules = fileURLToPath(new URL("../node_modules", import.meta.url));
const reporter = fileURLToPath(new URL("tally-reporter.ts", import.meta.url));

function runTests(files: Record<string, string>, CI: string) {
  const folder = scratchFolder("tally");
  symlinkSync(modules, join(folder, "node_modules"));
  mkdirSync(join(folder, "test"));
  for (const [name, body] of Object.entries(files)) {
    writeFileSync(join(folder, `test/${name}.test.js`), `import { expect, test } from "vitest"; ${body}`);
  }
  const tally = join(folder, "tally.json");
  const { status } = spawnSync(
    process.execPath,
    [join(modules, "vitest/vitest.mjs"), "run", "--root", folder, "--reporter", reporter],
    { cwd: folder, env: { ...process.env, VITEST: "", CI, LANELOCK_TALLY: tally }, encoding: "utf8" },
  );
  return { status, ...JSON.parse(readFileSync(tally, "utf8")) };
}

const good = "test('good', () => {});";

test("passed, failed and skipped tests are counted, and a file that cannot be loaded as one failure", () => {
  const files = {
    good,
    bad: "test('bad', () => expect(1).toBe(2));",
    skipped: "test.skip('skipped', () => {}); test.todo('todo');",
    broken: "throw new Error('broken')",
  };
  expect(runTests(files, "")).toEqual({ status: 1, passed: 1, failed: 2, skipped: 2 });
});

test("a skipped test fails a run with CI=true, and no other", () => {
  const files = { good, skipped: "test.skip('skipped', () => {});" };
  expect(runTests(files, "true")).toEqual({ status: 1, passed: 1, failed: 0, skipped: 1 });
  expect(runTests(files, "")).toEqual({ status: 0, passed: 1, failed: 0, skipped: 1 });
  expect(runTests({ good }, "true")).toEqual({ status: 0, passed: 1, failed: 0, skipped: 0 });
});

test("an error that belongs to no test counts as a failure", () => {
  const stray =
    "test('good', () => void setTimeout(() => { throw new Error('stray'); }, 0)); test('wait', () => new Promise((r) => setTimeout(r, 50)));";
  expect(runTests({ stray }, "")).toEqual({ status: 1, passed: 2, failed: 1, skipped: 0 });
});
