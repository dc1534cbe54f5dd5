// What V8 packs into operations on 256 bits, by its own trace: every gate of the wide build's loops, and none of the relaxed build's.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { nodeOfVersion } from "../reference/other-nodes.ts";

const build = fileURLToPath(new URL("../../build/", import.meta.url));

/** Every function is compiled by the optimizing compiler at once, with a trace of what it packs. */
const flags = [
  ...["--experimental-wasm-revectorize", "--trace-wasm-revectorize"],
  ...["--no-liftoff", "--no-wasm-lazy-compilation", "--wasm-num-compilation-tasks=1"],
];

const program = `
  const [folder, build] = process.argv.slice(1);
  const load = (part, imports) => {
    const code = require("node:fs").readFileSync(folder + part + "." + build + ".wasm");
    return new WebAssembly.Instance(new WebAssembly.Module(code), imports);
  };
  const { memory } = load("engine").exports;
  for (const part of ["aes", "aes-blocks", "sm4"]) load(part, { env: { memory } });
`;

/** How many pairs of each operation are packed in a function. */
interface Packed {
  readonly xor: number;
  readonly and: number;
  readonly shuffle: number;
  readonly shift: number;
}

/** Every function of the ciphers in which V8 packs anything. */
function packedIn(major: 24 | 26, name: "relaxed" | "wide"): Packed[] {
  const args = [...flags, "-e", program, build, name];
  const trace = execFileSync(nodeOfVersion(major), args, { encoding: "utf8", maxBuffer: 2 ** 26 });
  return trace.split("Begin revec function").flatMap((one) => {
    // What it could pack is listed for every store it looks at; what it does pack, once, after its decision.
    const [, list] = one.split(/Decided? to vectorize, [1-9]\d* revectorizable nodes:/);
    if (list === undefined) return [];
    const count = (operation: RegExp) =>
      [...list.matchAll(/^Revec: Print \d+: (.*)\(#\d+, #\d+\)$/gm)].filter(([, node = ""]) => operation.test(node))
        .length;
    const [xor, and] = [count(/S128Xor/), count(/S128And/)];
    return [{ xor, and, shuffle: count(/Simd128Shuffle/), shift: count(/Sh[lr]/) }];
  });
}

/** On x86; elsewhere V8 packs nothing. */
const hasAvx2 = /\bavx2\b/.test(readFileSync("/proc/cpuinfo", "utf8"));

const functions = {
  /** 110 gates, in assembly/circuit/aes-forward.ts and aes-inverse.ts. */
  "an S-box of AES": { xor: 76, and: 34, shuffle: 0, shift: 0 },
  /** MixColumns (94 XOR), the round key, and ShiftRows of three rows. */
  "the rest of a round of AES": { xor: 94 + 32, and: 0, shuffle: 24, shift: 0 },
  /** MixColumns, the round key, InvShiftRows, and 58 XOR that make the inverse of MixColumns of it. */
  "the rest of an inverse round of AES": { xor: 94 + 32 + 58, and: 0, shuffle: 24, shift: 0 },
  /** Eight planes: the S-box, three words and a key, and the linear layer with its rotations; and a transposition. */
  "the rounds of SM4": { xor: 76 + 24 + 32 + 36, and: 34 + 12, shuffle: 26, shift: 24 },
};

for (const major of [24, 26] as const) {
  test(`V8 of Node ${major} packs all gates of the wide build`, () => {
    const packed = packedIn(major, "wide");
    if (!hasAvx2) return expect(packed).toEqual([]);
    for (const [name, counts] of Object.entries(functions)) expect(packed, name).toContainEqual(counts);
    // In both directions.
    expect(packed.filter(({ xor, and }) => xor === 76 && and === 34)).toHaveLength(2);
  });
}

test("V8 packs no gate of the relaxed build", () => {
  for (const { and } of packedIn(24, "relaxed")) expect(and).toBe(0);
});
