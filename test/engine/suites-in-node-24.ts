import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { nodeOfVersion } from "../reference/other-nodes.ts";

// The suites of the engine once more, in a Node 24, on another build than the one that runs here.

const root = fileURLToPath(new URL("../../", import.meta.url));

/** These run the suites, and do not run themselves. */
const runners = ["relaxed-build.test.ts", "wide-build.test.ts"];

interface Report {
  readonly numFailedTests: number;
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** The test files of folders of test/, from the project's root. */
export function testFiles(folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, "test", folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".test.ts") && !runners.includes(name))
      .map((name) => join("test", folder, name)),
  );
}

/** The child is a run of its own: nothing of this one's worker is passed on. Full counts have their own run on Node 24. */
function childEnvironment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_OPTIONS)/.test(name));
  return { ...Object.fromEntries(inherited), LANELOCK_LONG: "", ...more };
}

async function runSuites(node: string, files: readonly string[], environment: NodeJS.ProcessEnv) {
  const folder = mkdtempSync(join(tmpdir(), "lanelock-suites-"));
  try {
    const reportFile = join(folder, "report.json");
    const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${reportFile}`];
    const args = ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...files];
    const child = spawn(node, args, {
      cwd: root,
      env: childEnvironment(environment),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    const [status] = await once(child, "close");
    const report: Report = JSON.parse(readFileSync(reportFile, "utf8"));
    return { status, report, output: output.slice(-8000) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every test of the files must pass on the build, in Node 24. */
export async function expectSuitesPass(
  build: string,
  files: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<void> {
  const { status, report, output } = await runSuites(nodeOfVersion(24), files, environment);
  expect(status, output).toBe(0);
  expect(report.numFailedTests, output).toBe(0);
  const passed = report.testResults.filter((file) => file.status === "passed").map((file) => relative(root, file.name));
  expect(passed.sort()).toEqual([...files].sort());
  const named = report.testResults.flatMap((file) => file.assertionResults);
  const proof = named.filter(({ fullName }) => fullName === `this run exercises the ${build} build`);
  expect(proof.map((one) => one.status)).toEqual(["passed"]);
  expect(report.numPassedTests).toBe(named.length);
  console.log(`The ${build} build, in Node 24: ${report.numPassedTests} tests in ${passed.length} files passed.`);
}
