import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { engine } from "../../src/engine/load.ts";
import { nodeOfVersion } from "../reference/other-nodes.ts";

// Node 20 runs the plain build. The suites of the engine run once more, in a Node 24, which runs the relaxed one.

const root = fileURLToPath(new URL("../../", import.meta.url));
const folders = ["conformance", "differential", "contract", "bad-input", "noble", "reference", "engine"];
const self = basename(fileURLToPath(import.meta.url));

interface Report {
  readonly numFailedTests: number;
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function testFiles(): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, "test", folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".test.ts") && basename(name) !== self)
      .map((name) => join("test", folder, name)),
  );
}

/** The child is a run of its own: nothing of this one's worker is passed on. Full counts have their own run on Node 24. */
function childEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_OPTIONS)/.test(name));
  return { ...Object.fromEntries(inherited), LANELOCK_LONG: "" };
}

async function runSuites(node: string, files: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "lanelock-relaxed-"));
  try {
    const reportFile = join(folder, "report.json");
    const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${reportFile}`];
    const args = ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...files];
    const child = spawn(node, args, { cwd: root, env: childEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    const [status] = await once(child, "close");
    const report: Report = JSON.parse(readFileSync(reportFile, "utf8"));
    return { status, report, output: output.slice(-8000) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("the relaxed build passes every suite of the engine", async () => {
  if (engine().build === "relaxed") {
    // This very run exercises it, in every other file.
    expect(testFiles().length).toBeGreaterThan(20);
    return;
  }
  const files = testFiles();
  const { status, report, output } = await runSuites(nodeOfVersion(24), files);
  expect(status, output).toBe(0);
  expect(report.numFailedTests, output).toBe(0);
  const passed = report.testResults.filter((file) => file.status === "passed").map((file) => relative(root, file.name));
  expect(passed.sort()).toEqual(files.sort());
  const named = report.testResults.flatMap((file) => file.assertionResults);
  const proof = named.filter(({ fullName }) => fullName === "this run exercises the relaxed build");
  expect(proof.map((one) => one.status)).toEqual(["passed"]);
  expect(report.numPassedTests).toBe(named.length);
  console.log(`The relaxed build, in Node 24: ${report.numPassedTests} tests in ${passed.length} files passed.`);
});
