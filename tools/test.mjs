// `npm test`: sets everything up and runs every kind of test, the long ones at a reduced count.
// `npm run test:long`: the same code at full counts, on every Node the project supports.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { installDependencies, prepare, root, run } from "./setup.mjs";

const long = process.argv.includes("--long");
const files = process.argv.slice(2).filter((argument) => argument !== "--long");

run("bash", ["tools/debian-parts.sh"]);
prepare({ frozen: true });
installDependencies("test/nodes");
installDependencies("test/package/tools");
run(process.execPath, ["node_modules/@biomejs/biome/bin/biome", "check", "."]);
run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]);

console.log(long ? "Long tests at full counts." : "Long tests at reduced counts; full counts: npm run test:long");
const nodes = [process.execPath];
if (long) nodes.push(...[22, 24, 26].map((major) => `${root}test/nodes/node_modules/node${major}/bin/node`));

const total = { passed: 0, failed: 0, skipped: 0 };
for (const node of nodes) {
  if (long) console.log(`\nNode ${spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim()}`);
  const report = `${root}test-report.json`;
  rmSync(report, { force: true });
  const { status } = spawnSync(
    node,
    [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...files,
    ],
    { cwd: root, stdio: "inherit", env: { ...process.env, LANELOCK_LONG: long ? "1" : "" } },
  );
  try {
    const counts = JSON.parse(readFileSync(report, "utf8"));
    total.passed += counts.numPassedTests;
    // A file that could not even be loaded has no failed test in it; it counts as one.
    const broken = counts.testResults.filter(
      (file) => file.status === "failed" && file.assertionResults.every((one) => one.status !== "failed"),
    );
    total.failed += counts.numFailedTests + broken.length;
    total.skipped += counts.numPendingTests + counts.numTodoTests;
  } catch {
    console.error("The test run ended without a report.");
    total.failed += 1;
  }
  rmSync(report, { force: true });
  if (status !== 0 && total.failed === 0) total.failed += 1;
}

const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
if (process.env.CI === "true" && total.skipped > 0) console.error("With CI=true nothing may be skipped.");
process.exit(total.failed > 0 || (process.env.CI === "true" && total.skipped > 0) ? 1 : 0);
