import { expect, test } from "vitest";
import { expectSuitesPass, testFiles } from "./suites-in-node-24.ts";

// The suites of the engine on the wide build, which take-wide-build.ts chooses, whether or not this host packs it.

const long = process.env.LANELOCK_LONG === "1";

/** The suites that reach what is different: long messages in every mode, and the wiping of scratch. */
const short = [
  "test/conformance/aes-ctr.test.ts",
  "test/conformance/aes-gcm.test.ts",
  "test/conformance/sm4.test.ts",
  "test/contract/wiping.test.ts",
  "test/differential/counter-wrap.test.ts",
  "test/differential/ctr-forms.test.ts",
  "test/differential/every-length.test.ts",
  "test/differential/long-messages.test.ts",
  "test/engine/chosen-build.test.ts",
];

const every = testFiles(["conformance", "differential", "contract", "bad-input", "noble", "engine"]).filter(
  // These look for the relaxed build by name, or are about no build.
  (name) => !/packing|use-wide/.test(name),
);

test("the wide build passes the suites of the engine", async () => {
  expect(every).toEqual(expect.arrayContaining(short));
  await expectSuitesPass("wide", long ? every : short, { LANELOCK_TEST_BUILD: "wide" });
});
