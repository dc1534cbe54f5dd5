// `npm run test:mutants -- AREA`: plants faults in an area of src/, one at a time, and runs the tests that should notice.
// A fault that no test notices is a rule that no test states. Areas: `npm run test:mutants` lists them.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { areas } from "./mutant-areas.mjs";
import { placeOf } from "./mutant-sample.mjs";
import { root } from "./setup.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: "string" },
    again: { type: "boolean" },
    concurrency: { type: "string", default: "2" },
    // Far more than the tests of one fault take, so that a time-out on a busy machine is a loop without end.
    seconds: { type: "string", default: "120" },
  },
});
const [name, ...files] = positionals;
const area = areas[name];
if (area === undefined) {
  console.error(
    `npm run test:mutants -- AREA [FILE…] [--sample COUNT | --again] [--concurrency COUNT] [--seconds COUNT]\nAreas: ${Object.keys(areas).join(", ")}`,
  );
  process.exit(2);
}

const { tests, mutate = [`src/${name}/**/*.ts`] } = area;
/** Files are of this area alone, so that another can run at the same time. */
const run = `mutants-${name.replaceAll("/", "-")}`;
const vitest = `${root}vitest.${run}.config.mjs`;
const stryker = `${root}stryker.${run}.json`;
const report = `${root}build/${run}.report.json`;
const exclude = tests.filter((test) => test.startsWith("!")).map((test) => test.slice(1));
const include = tests.filter((test) => !test.startsWith("!")).map((test) => test.replace(/\*\*$/, "**/*.test.ts"));
/** What became of each fault of the area's last run, by its place. `--again` plants only those that no test noticed. */
const memory = `${root}build/${run}.json`;
const before = values.again && existsSync(memory) ? JSON.parse(readFileSync(memory, "utf8")) : {};
const unnoticedBefore = Object.keys(before).filter((place) => !before[place]);
const only = values.again ? { only: unnoticedBefore } : values.sample && { sample: Number(values.sample) };
const sampling = only ? { checkers: ["sample"], ...only } : {};
/**
 * Stryker asks for threads, which begin in a third of the time that processes take. A token's module reads the environment of its process,
 * which a thread cannot set, and is loaded once in it.
 */
const withTokens =
  name.startsWith("providers/pkcs11") || name.startsWith("providers/external") || name === "external-proxy";
const plugins = withTokens
  ? `{ name: "processes", configureVitest: ({ project }) => { project.config.pool = "forks"; } }`
  : "";
writeFileSync(
  vitest,
  `import config from "./vitest.config.ts";
import sequencer from "./tools/mutant-order.mjs";
const { alias } = config.resolve;
const test = ${JSON.stringify({ include, exclude, testTimeout: 600_000, hookTimeout: 600_000 })};
export default { plugins: [${plugins}], resolve: { alias }, test: { ...test, sequence: { sequencer } } };\n`,
);
writeFileSync(
  stryker,
  JSON.stringify({
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner", `${root}tools/mutant-sample.mjs`],
    vitest: { configFile: `vitest.${run}.config.mjs`, related: false },
    // The sandbox needs no other tsconfig, and rewriting it takes a TypeScript before 7.
    tsconfigFile: "none",
    mutate: files.length > 0 ? files : mutate,
    // Messages are English, not rules.
    mutator: { excludedMutations: ["StringLiteral"] },
    // Nothing here checks types, and marking every file against it takes minutes.
    disableTypeChecks: false,
    ignorePatterns: [
      "dist",
      "test/nodes/node_modules",
      "test/package/tools/node_modules",
      "docs",
      "bench",
      "packages",
      "build/*.wat",
      "build/mutants-*",
    ],
    ignoreStatic: true,
    coverageAnalysis: "perTest",
    concurrency: Number(values.concurrency),
    timeoutMS: 1000 * Number(values.seconds),
    dryRunTimeoutMinutes: 60,
    tempDirName: `build/${run}`,
    reporters: ["progress-append-only", "clear-text", "json"],
    jsonReporter: { fileName: report },
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
    ...sampling,
  }),
);
try {
  const command = fileURLToPath(new URL("bin/stryker.js", import.meta.resolve("@stryker-mutator/core/package.json")));
  const { status } = spawnSync(process.execPath, [command, "run", stryker], { cwd: root, stdio: "inherit" });
  if (status === 0) summarize();
  process.exitCode = status ?? 1;
} finally {
  for (const file of [vitest, stryker, report]) rmSync(file, { force: true });
  rmSync(`${root}build/${run}`, { recursive: true, force: true });
}

/** A time-out is a fault noticed only if the change makes a loop without end: each is listed, to be judged. */
function summarize() {
  const { files } = JSON.parse(readFileSync(report, "utf8"));
  const all = Object.entries(files).flatMap(([fileName, { mutants }]) =>
    mutants.map((mutant) => ({ fileName, ...mutant })),
  );
  const now = { ...before };
  for (const mutant of all) {
    const { status, fileName, location, mutatorName, replacement } = mutant;
    if (["Killed", "Timeout", "Survived", "NoCoverage"].includes(status)) {
      now[placeOf({ ...mutant, location: fromZero(location) })] = status === "Killed" || status === "Timeout";
    }
    if (status === "Timeout") {
      console.log(
        `Timed out: ${fileName}:${location.start.line}:${location.start.column} ${mutatorName}: ${replacement}`,
      );
    }
  }
  writeFileSync(memory, JSON.stringify(now));
  const planted = Object.values(now);
  const noticed = planted.filter(Boolean).length;
  const possible = all.filter(({ status }) => status !== "Ignored").length;
  const score = ((100 * noticed) / planted.length).toFixed(1);
  console.log(`${name}: ${planted.length} faults of ${possible} planted, ${noticed} noticed: ${score} %`);
}

/** The report counts lines and columns from one; Stryker's own positions count from zero. */
function fromZero({ start, end }) {
  const less = ({ line, column }) => ({ line: line - 1, column: column - 1 });
  return { start: less(start), end: less(end) };
}
