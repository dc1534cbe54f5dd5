// `npm test`: sets everything up and runs every kind of test, the long ones at a reduced count.
// `npm run test:long`: the same code at full counts, on every Node the project supports.
// Other arguments go to vitest: the files to run, for instance.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { installDependencies, prepare, root, run } from "./setup.mjs";

const long = process.argv.includes("--long");
const files = process.argv.slice(2).filter((argument) => argument !== "--long");
const CI = process.env.CI === "true";

run("bash", ["tools/debian-parts.sh"]);
prepare({ frozen: true });
for (const folder of ["test/nodes", "test/package/tools"]) installDependencies(folder);
run(process.execPath, ["node_modules/@biomejs/biome/bin/biome", "check", "."]);
run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]);

console.log(long ? "Long tests at full counts." : "Long tests at reduced counts; full counts: npm run test:long");
const others = [22, 24, 26].map((major) => `${root}test/nodes/node_modules/node${major}/bin/node`);
const total = { passed: 0, failed: 0, skipped: 0 };
for (const node of [process.execPath, ...(long ? others : [])]) {
  if (long) console.log(`\nNode ${spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim()}`);
  const tally = `${root}build/tally-${process.pid}.json`;
  const other = node === process.execPath ? "" : "1";
  const env = { ...process.env, LANELOCK_LONG: long ? "1" : "", LANELOCK_OTHER_NODE: other, LANELOCK_TALLY: tally };
  const { status } = spawnSync(node, ["node_modules/vitest/vitest.mjs", "run", ...files], {
    cwd: root,
    stdio: "inherit",
    env,
  });
  const { passed, failed, skipped } = readTally(tally);
  total.passed += passed;
  total.skipped += skipped;
  // A run may end badly without a failed test: a process that would not end, for instance.
  total.failed += failed === 0 && status !== 0 && !(CI && skipped > 0) ? 1 : failed;
}

function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    console.error("The test run ended without a report.");
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(file, { force: true });
  }
}

const { passed, failed, skipped } = total;
if (CI && skipped > 0) console.error("With CI=true nothing may be skipped.");
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed > 0 || (CI && skipped > 0) ? 1 : 0);
