import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { nativeAeads, nativeBlockModes } from "../reference/ciphers.ts";
import { nodeOfVersion } from "../reference/other-nodes.ts";
import { aeadContract } from "./aead.ts";
import { blockModeContract } from "./block-mode.ts";

// What every cipher promises holds for AES by node:crypto too.

for (const aead of nativeAeads) aeadContract(aead);
for (const mode of nativeBlockModes) blockModeContract(mode);

/** How much more memory of results there is after sealing and opening 6 MiB in three ways, in bytes. */
const growth = `
  const { aesGcm } = await import("lanelock");
  const { aesCtr } = await import("lanelock/unauthenticated");
  const [key, nonce, counter] = [32, 12, 16].map((length) => new Uint8Array(length));
  const [text, into] = [new Uint8Array(2 ** 20), new Uint8Array(2 ** 20 + 16)];
  const sealed = aesGcm(key).seal(nonce, text);
  const run = () => {
    aesGcm(key).seal(nonce, text, { into });
    aesGcm(key).open(nonce, sealed, { into });
    aesCtr(key).encrypt(counter, text, { into });
  };
  run();
  gc();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 6; i += 1) run();
  console.log(process.memoryUsage().arrayBuffers - before);
`;

test("memory that node:crypto allocates for results that are copied is given back at once", () => {
  const output = execFileSync(nodeOfVersion(24), ["--expose-gc", "--input-type=module", "-e", growth], {
    cwd: new URL("../..", import.meta.url),
    encoding: "utf8",
  });
  expect(Number(output)).toBeLessThan(2 ** 20);
});
