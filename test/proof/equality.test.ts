import { expect, test } from "vitest";
import { equalityCases, type Shapes } from "./equality-cases.ts";
import { pinnedPrograms } from "./modules.ts";
import { exported, op, type Plant, placesOf, plant } from "./plant.ts";
import { LeftStandard } from "./symbolic.ts";
import { SymbolicEngine } from "./symbolic-engine.ts";
import type { WasmModule } from "./wasm/decode.ts";

// The engine computes what the standards say, for every key and every text of each shape. docs/proof.md says what a shape is for.

const long = process.env.LANELOCK_LONG === "1";
const gcm = (nonce: number, aad: number, text: number, tag = 16) => ({ nonce, aad, text, tag });

/** One block, a few, a group of AES and its tail, a batch of AES and its tail; of SM4, below. */
const everyShape: Shapes[] = [
  {
    ciphers: ["AES-128", "AES-192", "AES-256"],
    blocks: [16, 96, 112, 128, 144, 512, 528],
    ctr: [1, 16, 100, 600],
    gcm: [gcm(12, 0, 0), gcm(12, 20, 20), gcm(12, 0, 100, 12), gcm(8, 0, 40), gcm(16, 13, 33, 4), gcm(12, 16, 250)],
  },
  {
    ciphers: ["SM4"],
    blocks: [16, 64, 144, 256, 272, 512, 528, 2048, 2064],
    ctr: [1, 16, 100, 512],
    gcm: [gcm(12, 20, 20), gcm(8, 0, 40)],
  },
];
const fewShapes: Shapes[] = [
  { ciphers: ["AES-128", "SM4"], blocks: [16], ctr: [], gcm: [] },
  { ciphers: ["AES-192"], blocks: [], ctr: [20], gcm: [] },
  { ciphers: ["AES-256"], blocks: [144], ctr: [], gcm: [] },
  { ciphers: ["AES-128"], blocks: [], ctr: [], gcm: [gcm(12, 20, 20)] },
];

const cases = (long ? everyShape : fewShapes).flatMap(equalityCases);
const programs = pinnedPrograms();

/** Short runs prove a quarter of them in each build, another quarter. */
for (const [index, { build, module }] of programs.entries()) {
  const chosen = cases.filter((_, at) => long || at % 4 === 2 * index);
  test.each(chosen)(`${build}: $name, for every key and text`, ({ run }) => {
    expect(run(new SymbolicEngine(module))).toEqual([]);
  });
}

// Faults: each must be found, and where it is.

const { module } = programs[0]!;
const prove = (changed: WasmModule, name: string) => {
  const shapes = { ciphers: ["AES-128", "SM4"], blocks: [144, 528], ctr: [], gcm: [] };
  const found = equalityCases(shapes).find((each) => each.name === name);
  if (!found) throw new Error(`There is no case ${name}`);
  return found.run(new SymbolicEngine(changed));
};

/** A place of an instruction in what an export runs, by its number among them. */
const place = (name: string, instruction: string, part: number) => {
  const places = placesOf(module, exported(module, name), instruction);
  return places[Math.floor(part * (places.length - 1))]!;
};

const ecb = "AES-128 ECB encryption, 144 bytes";
const faults: readonly [string, string, () => Plant][] = [
  [
    "one gate",
    ecb,
    () => ({ ...place("aesEcbEncrypt", "v128.andnot", 0.3), replaced: 1, instructions: () => [op("v128.and")] }),
  ],
  [
    "one lane of one gate",
    ecb,
    () => ({
      ...place("aesEcbEncrypt", "v128.andnot", 0.3),
      replaced: 1,
      instructions: () => [
        ...[op("v128.andnot"), op("v128.const", ...Array.from({ length: 16 }, (_, i) => (i === 9 ? 4 : 0)))],
        op("v128.xor"),
      ],
    }),
  ],
  [
    "one bit of the round keys",
    "SM4 ECB decryption, 144 bytes",
    () => ({
      ...place("sm4Expand", "i32.xor", 0.5),
      replaced: 1,
      instructions: () => [op("i32.xor"), op("i32.const", 1 << 11), op("i32.xor")],
    }),
  ],
];

test.each(faults)("%s that is wrong is found: the run leaves the standard", (_name, proved, fault) => {
  expect(() => prove(plant(module, fault()), proved)).toThrow(LeftStandard);
});

test("a gate that is wrong is located: the run leaves the standard in its function", () => {
  const fault = place("aesEcbEncrypt", "v128.andnot", 0.3);
  const changed = plant(module, { ...fault, replaced: 1, instructions: () => [op("v128.and")] });
  expect(() => prove(changed, ecb)).toThrow(`of function ${fault.function}`);
});

test("a tail that is wrong is located: nothing differs but the block after the last batch", () => {
  // The stores of the export itself: into the batch, back from it, and two that wipe.
  const index = exported(module, "aesEcbEncrypt");
  const stores = placesOf(module, index, "v128.store").filter(({ function: each }) => each === index);
  expect(stores).toHaveLength(4);
  const fault = stores[1]!;
  const zero = op("v128.const", ...Array<number>(16).fill(0));
  const store = module.functions[fault.function]!.body[fault.at]!;
  const changed = plant(module, { ...fault, replaced: 1, instructions: () => [op("drop"), zero, store] });
  const differences = prove(changed, "AES-128 ECB encryption, 528 bytes");
  expect(differences.map((each) => Number(/byte (\d+)/.exec(each)?.[1]))).toEqual(
    Array.from({ length: 16 }, (_, i) => 512 + i),
  );
});
