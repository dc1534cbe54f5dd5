// `npm run test:mutants -- AREA`: plants faults in an area of src/, one at a time, and runs the tests that should notice.
// A fault that no test notices is a rule that no test states. Areas: `npm run test:mutants` lists them.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { areas } from "./mutant-areas.mjs";
import { root } from "./setup.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: "string" }, concurrency: { type: "string", default: "2" } },
});
const [name, ...files] = positionals;
const area = areas[name];
if (area === undefined) {
  console.error(
    `npm run test:mutants -- AREA [FILE…] [--sample COUNT] [--concurrency COUNT]\nAreas: ${Object.keys(areas).join(", ")}`,
  );
  process.exit(2);
}

const { tests, mutate = [`src/${name}/**/*.ts`] } = area;
const vitest = `${root}vitest.mutants.config.mjs`;
const stryker = `${root}stryker.mutants.json`;
const report = `${root}build/mutants.json`;
const exclude = tests.filter((test) => test.startsWith("!")).map((test) => test.slice(1));
const include = tests.filter((test) => !test.startsWith("!")).map((test) => test.replace(/\*\*$/, "**/*.test.ts"));
const sampling = values.sample === undefined ? {} : { checkers: ["sample"], sample: Number(values.sample) };
writeFileSync(
  vitest,
  `import config from "./vitest.config.ts";
const { alias } = config.resolve;
export default { resolve: { alias }, test: ${JSON.stringify({ include, exclude, testTimeout: 600_000, hookTimeout: 600_000 })} };\n`,
);
writeFileSync(
  stryker,
  JSON.stringify({
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner", `${root}tools/mutant-sample.mjs`],
    vitest: { configFile: "vitest.mutants.config.mjs" },
    // The sandbox needs no other tsconfig, and rewriting it takes a TypeScript before 7.
    tsconfigFile: "none",
    mutate: files.length > 0 ? files : mutate,
    // Messages are English, not rules.
    mutator: { excludedMutations: ["StringLiteral"] },
    ignorePatterns: [
      "test/nodes/node_modules",
      "test/package/tools/node_modules",
      "docs",
      "bench",
      "packages",
      "build/*.wat",
    ],
    ignoreStatic: true,
    coverageAnalysis: "perTest",
    concurrency: Number(values.concurrency),
    // Far more than the tests of one fault take, so that a time-out on a busy machine is a loop without end.
    timeoutMS: 120_000,
    dryRunTimeoutMinutes: 60,
    tempDirName: "build/mutants",
    reporters: ["clear-text", "json"],
    jsonReporter: { fileName: report },
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
    ...sampling,
  }),
);
try {
  const { status } = spawnSync("npx", ["stryker", "run", stryker], { cwd: root, stdio: "inherit" });
  if (status === 0) summarize();
  process.exitCode = status ?? 1;
} finally {
  for (const file of [vitest, stryker, report]) rmSync(file, { force: true });
  rmSync(`${root}build/mutants`, { recursive: true, force: true });
}

/** A time-out is a fault noticed only if the change makes a loop without end: each is listed, to be judged. */
function summarize() {
  const { files } = JSON.parse(readFileSync(report, "utf8"));
  const all = Object.entries(files).flatMap(([file, { mutants }]) => mutants.map((mutant) => ({ file, ...mutant })));
  const of = (status) => all.filter((mutant) => mutant.status === status);
  const [killed, timedOut] = [of("Killed"), of("Timeout")];
  const unnoticed = of("Survived").length + of("NoCoverage").length;
  for (const { file, location, mutatorName, replacement } of timedOut) {
    console.log(`Timed out: ${file}:${location.start.line}:${location.start.column} ${mutatorName}: ${replacement}`);
  }
  const noticed = killed.length + timedOut.length;
  const score = ((100 * noticed) / (noticed + unnoticed)).toFixed(1);
  const run = `${noticed + unnoticed} faults of ${noticed + unnoticed + of("CompileError").length}`;
  console.log(
    `${name}: ${run}, ${killed.length} noticed, ${timedOut.length} timed out, ${unnoticed} unnoticed: ${score} %`,
  );
}
