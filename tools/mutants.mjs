// `npm run test:mutants -- AREA`: plants faults in an area of src/, one at a time, and runs the tests that should notice.
// A fault that no test notices is a rule that no test states. Areas: `npm run test:mutants` lists them.
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { root } from "./setup.mjs";

const envelopeRules = ["test/envelope/rules.test.ts", "test/envelope/format.test.ts", "test/envelope/tamper.test.ts"];

/** What to change, and the tests that should notice. Tests of the built package do not see a change of src/. */
const areas = {
  ciphers: { mutate: ["src/ciphers/*.ts"], tests: ["test/contract/**", "test/bad-input/**", "test/conformance/**"] },
  asymmetric: { mutate: ["src/asymmetric/*.ts"], tests: ["test/asymmetric/**", "!test/asymmetric/browser.test.ts"] },
  "kms/operations": { mutate: ["src/kms/operations/*.ts"], tests: ["test/kms/operations/**"] },
  "kms/import": { mutate: ["src/kms/import/*.ts"], tests: ["test/kms/import/**"] },
  "kms/audit": { mutate: ["src/kms/audit/*.ts"], tests: ["test/kms/audit/**"] },
  "kms/keys": { mutate: ["src/kms/keys/*.ts"], tests: ["test/kms/keys/**"] },
  "kms/wire": { mutate: ["src/kms/wire/*.ts"], tests: ["test/kms/wire/**"] },
  "providers/software": { mutate: ["src/providers/software/*.ts"], tests: ["test/providers/**"] },
  "providers/external": { mutate: ["src/providers/external/*.ts"], tests: ["test/external/**"] },
  "envelope/format": { mutate: ["src/envelope/format/*.ts"], tests: envelopeRules },
  "envelope/keys": {
    mutate: ["src/envelope/keys/*.ts"],
    tests: [...envelopeRules, "test/envelope/data-key-cache.test.ts", "test/envelope/options-once.test.ts"],
  },
  "envelope/ranges": {
    mutate: ["src/envelope/ranges/*.ts"],
    tests: [...envelopeRules, "test/envelope/ranges.test.ts"],
  },
  "envelope/streams": {
    mutate: ["src/envelope/streams/*.ts"],
    tests: [...envelopeRules, "test/envelope/streams.test.ts", "test/envelope/abort.test.ts"],
  },
  "envelope/workers": {
    mutate: ["src/envelope/workers/*.ts", "!src/envelope/workers/*.generated.ts"],
    tests: ["test/envelope/rules.test.ts", "test/envelope/worker-pool.test.ts", "test/envelope/thread-start.test.ts"],
  },
};

const [name, ...files] = process.argv.slice(2);
const area = areas[name];
if (area === undefined) {
  console.error(`npm run test:mutants -- AREA [FILE…]\nAreas: ${Object.keys(areas).join(", ")}`);
  process.exit(2);
}

const vitest = `${root}vitest.mutants.config.mjs`;
const stryker = `${root}stryker.mutants.json`;
const exclude = area.tests.filter((test) => test.startsWith("!")).map((test) => test.slice(1));
const include = area.tests.filter((test) => !test.startsWith("!")).map((test) => test.replace(/\*\*$/, "**/*.test.ts"));
writeFileSync(
  vitest,
  `import config from "./vitest.config.ts";
const { alias } = config.resolve;
export default { resolve: { alias }, test: ${JSON.stringify({ include, exclude, testTimeout: 120_000 })} };\n`,
);
writeFileSync(
  stryker,
  JSON.stringify({
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    vitest: { configFile: "vitest.mutants.config.mjs" },
    // The sandbox needs no other tsconfig, and rewriting it takes a TypeScript before 7.
    tsconfigFile: "none",
    mutate: files.length > 0 ? files : area.mutate,
    // Messages are English, not rules.
    mutator: { excludedMutations: ["StringLiteral"] },
    ignorePatterns: ["test/nodes/node_modules", "docs", "bench", "packages", "dist", "build/*.wat"],
    ignoreStatic: true,
    coverageAnalysis: "perTest",
    concurrency: 2,
    timeoutMS: 60_000,
    tempDirName: "build/mutants",
    reporters: ["clear-text", "progress"],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  }),
);
try {
  const { status } = spawnSync("npx", ["stryker", "run", stryker], { cwd: root, stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  for (const file of [vitest, stryker]) rmSync(file, { force: true });
  rmSync(`${root}build/mutants`, { recursive: true, force: true });
}
