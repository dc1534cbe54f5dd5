import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { bundleSuitesForShell } from "./bundle-suites.ts";
import { expectPassed, type HostReport } from "./report.ts";

// The suites in Debian's jsc (tools/debian-parts.sh), the shell of JavaScriptCore, which is Safari's engine too.

test("the engine's suites pass in JavaScriptCore, on the plain build", async () => {
  const last = "runSuites().then((results) => print(JSON.stringify({ results, build: build() })));";
  const script = join(scratchFolder("javascriptcore"), "suites.js");
  writeFileSync(script, await bundleSuitesForShell("javascriptcore-shell.ts", last));
  const { status, stdout, stderr, error } = spawnSync("/usr/bin/jsc", [script], {
    ...{ encoding: "utf8", maxBuffer: 2 ** 26, timeout: 3_600_000 },
  });
  expect(status, `${error ?? ""}${stderr}${stdout.slice(0, 2000)}`).toBe(0);
  const report = JSON.parse(stdout) as HostReport;
  expectPassed("JavaScriptCore", report);
  // It has no relaxed SIMD.
  expect(report.build).toBe("plain");
}, 3_600_000);
