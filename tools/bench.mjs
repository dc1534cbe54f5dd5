// `npm run bench`: see USAGE.
import { parseArgs } from "node:util";
import { updateTables } from "./measured-tables.mjs";
import { installDependencies, prepare, root, run } from "./setup.mjs";

const USAGE = `npm run bench -- [OPTION]...

Measures against node:crypto and the rivals, on the Node that runs it. A full run rewrites the tables in README.md and bench/README.md.
  --check         exit with 1 where a bar is not reached
  --only TEXT     cases whose name has TEXT
  --suite S       ciphers unless given, or another of bench/suites.ts
  --rounds N      interleaved rounds, 21 unless given
  --node N        on Node 22, 24 or 26 from test/nodes
  --browser NAME  in chromium, firefox or jsc (JavaScriptCore) instead, against WebCrypto and the rivals: bench/hosts/
  --baseline DIR  instead of the rivals, another checkout of lanelock that is built: no case below 0.97 times its speed
  --wide          with --baseline: the wide build here against the other checkout, Node 24 or 26; its three cases and bars
  --timing        instead of all that, whether times depend on secrets: bench/timing/; --samples N for each case
  --scaling       instead of all that, what docs/scaling.md has; --keys N,N,...  --parts statements,processes,servers,index,keys
                  --stores SQLite,PostgreSQL for the part keys
  --bound         instead of all that, how close the inner loops come to three vector operations a cycle: bench/bound/
`;

/** Every option, for the check only: the programs read their own. */
const flags = ["check", "help", "wide", "timing", "scaling", "bound"].map((name) => [name, { type: "boolean" }]);
const texts = ["only", "suite", "rounds", "node", "browser", "baseline", "samples", "keys", "parts", "stores"].map(
  (name) => [name, { type: "string" }],
);
const options = process.argv.slice(2);
try {
  const { values } = parseArgs({ args: options, options: Object.fromEntries([...flags, ...texts]) });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
} catch (error) {
  console.error(`${error.message}\n\n${USAGE}`);
  process.exit(2);
}

/** Takes an option out that names another program than the speed of all cases. */
const asked = (option) => options.includes(option) && options.splice(options.indexOf(option), 1).length > 0;
const folders = [
  ["--timing", "timing/"],
  ["--bound", "bound/"],
  ["--scaling", "service/scaling/"],
];
const inBrowser = options.includes("--browser");
const folder = folders.find(([option]) => asked(option))?.[1] ?? (inBrowser ? "hosts/" : "");

prepare();
const { bundleBench } = await import("./bench-build.mjs");
// The service is measured from outside, against a program of its own.
const programs = folder === "" ? ["service/bare-server.ts"] : [];
await bundleBench([`${folder}main.ts`, ...programs], "bench");

const baseline = options.indexOf("--baseline");
if (baseline >= 0) {
  const [, checkout] = options.splice(baseline, 2);
  await bundleBench(["suites.ts"], "bench-baseline", checkout);
  options.push("--baseline", `${root}build/bench-baseline/suites.mjs`);
}

const at = options.indexOf("--node");
let node = process.execPath;
if (at >= 0) {
  const [, major] = options.splice(at, 2);
  installDependencies("test/nodes");
  node = `${root}test/nodes/node_modules/node${major}/bin/node`;
}
run(node, ["--no-warnings", `${root}build/bench/main.mjs`, ...options]);
if (["", "hosts/"].includes(folder) && !["--only", "--suite", "--baseline"].some((option) => options.includes(option)))
  updateTables();
