import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { pack } from "./packed.ts";

// The ecosystem's own checkers, on the packages as they would be published.

const { lanelock, cli } = pack(scratchFolder("checkers"));
const tool = (path: string) => fileURLToPath(new URL(`tools/node_modules/${path}`, import.meta.url));

function check(program: string, parameters: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool(program), ...parameters], { encoding: "utf8" });
  return { status, report: stdout + stderr };
}

test.each([
  ["lanelock", lanelock],
  ["lanelock-cli", cli],
])("publint finds nothing in %s", (_name, tarball) => {
  const { status, report } = check("publint/src/cli.js", ["run", tarball, "--strict"]);
  expect(report).toContain("All good!");
  expect(status).toBe(0);
});

/** ESM only, by design: Node 20.19 and newer can `require` it. Resolutions that know no `exports` are not supported. */
const byDesign = ["node10", "node16-cjs"];

test("attw resolves the types of every entry", () => {
  const { status, report } = check("@arethetypeswrong/cli/dist/index.js", [
    ...[lanelock, "--profile", "esm-only", "--no-emoji", "--format", "json"],
  ]);
  const { analysis, problems } = JSON.parse(report);
  const all: { resolutionKind?: string }[] = Object.values(problems).flat() as object[];
  expect(all.filter(({ resolutionKind = "" }) => !byDesign.includes(resolutionKind))).toEqual([]);
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const entries = Object.keys(manifest.exports).filter((name) => !/\.(json|wasm)$/.test(name));
  expect(Object.keys(analysis.entrypoints)).toEqual(expect.arrayContaining(entries));
  expect(status).toBe(0);
});
