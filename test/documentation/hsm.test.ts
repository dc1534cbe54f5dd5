import { mkdirSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { createFaultyToken } from "../tokens/faulty-token.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { softHsmConfiguration, softHsmModule } from "../tokens/softhsm.ts";
import { Examples } from "./examples.ts";

// A vendor's token that has SM4 is only there as a double, see test/hsm/sm4-vendor.test.ts. It sees the same SoftHSM.
const vendors = createFaultyToken("vendor");
afterAll(() => vendors.dispose());
const etc = scratchFolder("etc");
mkdirSync(etc, { recursive: true });
const examples = new Examples("docs/hsm.md", {
  places: {
    "/etc/lanelock/": `${etc}/`,
    "/usr/lib/softhsm/libsofthsm2.so": softHsmModule,
    "/usr/lib/vendor/libcryptoki.so": vendors.options.module,
  },
  env: { SOFTHSM2_CONF: softHsmConfiguration },
});

test("the examples of docs/hsm.md run as they stand there, in their order", () => {
  expect(examples.runCommands(0)).toMatch(/^Aliyun_AES_256 +AES_GCM +token +-$/m);
  expect(examples.runProgram(0)).toBe("4111 1111 1111 1111\n");
  expect(examples.runProgram(1)).toBe("token\n");
  expect(examples.runProgram(2)).toBe("");
  // Once more: the root key is found again.
  expect(examples.runProgram(2)).toBe("");
  expect([examples.count("sh"), examples.count("ts")]).toEqual([1, 3]);
});
