import { expect, test } from "vitest";
import { engine } from "../../src/engine/load.ts";
import { expectSuitesPass, testFiles } from "./suites-in-node-24.ts";

// Node 20 runs the plain build. The suites of the engine run once more, in a Node 24, which runs the relaxed one.

test("the relaxed build passes every suite of the engine", async () => {
  const files = testFiles(["conformance", "differential", "contract", "bad-input", "noble", "reference", "engine"]);
  if (engine().build === "relaxed") {
    // This very run exercises it, in every other file.
    expect(files.length).toBeGreaterThan(20);
    return;
  }
  await expectSuitesPass("relaxed", files);
});
