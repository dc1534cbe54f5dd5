import { expect, test } from "vitest";
import { everything as long } from "../counts.ts";
import { pinnedPrograms } from "../modules.ts";
import { exported, op, type Plant, placesOf, plant } from "../plant.ts";
import { SymbolicEngine } from "../symbolic-engine.ts";
import { coverageOf, RAN } from "../wasm/interpreter.ts";
import { blockMode } from "./block-modes.ts";
import { ciphers, type EqualityCase } from "./case.ts";
import { unproved } from "./coverage.ts";
import { ghash } from "./linked.ts";
import { cmacOf } from "./macs.ts";
import { everyShape, fewShapes } from "./shapes.ts";

// The engine computes what the standards say, for every key and every text of each shape. docs/proof.md says what a shape is for.

const programs = pinnedPrograms();

for (const [index, { build, module }] of programs.entries()) {
  const coverage = coverageOf(module);
  // Both builds come from one source: short runs take some shapes of one, and others of the other.
  const chosen = long ? everyShape : fewShapes.filter((_, at) => at % 2 === index);

  test.each(chosen)(`${build}: $name, for every key and text`, ({ run }) => {
    expect(run(new SymbolicEngine(module, coverage))).toEqual([]);
  });

  if (long) {
    test(`${build}: every path of every export is in some shape, but for those that are named`, () => {
      expect(unproved(module, coverage)).toEqual([]);
    });
  }
}

// Faults: each must be found, and where it is.

const { module } = programs[0]!;
const prove = (fault: Plant, { run }: EqualityCase) => run(new SymbolicEngine(plant(module, fault)));

/** The places of an instruction that an export runs in a case. */
function placesIn(name: string, instruction: string, { run }: EqualityCase) {
  const coverage = coverageOf(module);
  run(new SymbolicEngine(module, coverage, true));
  const places = placesOf(module, exported(module, name), instruction);
  return places.filter((each) => coverage[each.function]![each.at]! & RAN);
}

/** One of them, by its number among them. */
function place(name: string, instruction: string, part: number, proved: EqualityCase) {
  const places = placesIn(name, instruction, proved);
  return places[Math.floor(part * (places.length - 1))]!;
}

const ecb = blockMode(ciphers["AES-128"], "ECB encryption", 144);
const sm4 = blockMode(ciphers.SM4, "ECB decryption", 16);
const gate = place("aesEcbEncrypt", "v128.andnot", 0.3, ecb);
const laneMask = Array.from({ length: 16 }, (_, i) => (i === 9 ? 4 : 0));
const faults: readonly (readonly [string, EqualityCase, Plant])[] = [
  ["one gate", ecb, { ...gate, replaced: 1, instructions: () => [op("v128.and")] }],
  [
    "one lane of one gate",
    ecb,
    {
      ...gate,
      replaced: 1,
      instructions: () => [op("v128.andnot"), op("v128.const", ...laneMask), op("v128.xor")],
    },
  ],
  [
    "one bit of the round keys",
    sm4,
    {
      ...place("sm4Expand", "i32.xor", 0.5, sm4),
      replaced: 1,
      instructions: () => [op("i32.xor"), op("i32.const", 1 << 11), op("i32.xor")],
    },
  ],
];

/** The functions that call a function. */
const callersOf = (callee: number) =>
  module.functions
    .filter(({ body }) => body.some(({ name, immediates }) => name === "call" && immediates[0] === callee))
    .map(({ index }) => index);

test.each(faults)("%s that is wrong is found, in its function or as soon as that returns", (_name, proved, fault) => {
  const differences = prove(fault, proved);
  expect(differences.length).toBeGreaterThan(0);
  // Where the run leaves the standard is the first gate that mixes what is wrong with what is right.
  const [, at, where] = /instruction (\d+) of function (\d+)/.exec(differences[0] ?? "") ?? [];
  expect([fault.function, ...callersOf(fault.function)]).toContain(Number(where));
  if (Number(where) === fault.function) expect(Number(at)).toBeGreaterThanOrEqual(fault.at);
});

const hashed = ghash([16]);
const mac = cmacOf(ciphers["AES-128"], 0, 16);
const linear: readonly (readonly [string, EqualityCase, Plant, RegExp])[] = [
  [
    "the reduction of GHASH",
    hashed,
    { ...place("ghash", "i16x8.shl", 0.5, hashed), replaced: 1, instructions: () => [op("i16x8.shr_u")] },
    /^state, byte/,
  ],
  [
    "a subkey of CMAC",
    mac,
    { ...place("aesCmacExpand", "i64.and", 0, mac), replaced: 1, instructions: () => [op("i64.or")] },
    /^tag, byte/,
  ],
];

test.each(linear)("%s that is wrong is found", (_name, proved, fault, found) => {
  expect(prove(fault, proved).join("; ")).toMatch(found);
});

test("a tail that is wrong is located: nothing differs but the block after the last batch", () => {
  const proved = blockMode(ciphers["AES-128"], "ECB encryption", 528);
  const zero = op("v128.const", ...Array<number>(16).fill(0));
  const index = exported(module, "aesEcbEncrypt");
  const stores = placesIn("aesEcbEncrypt", "v128.store", proved).filter(({ function: each }) => each === index);
  const ofTails = stores.map(({ at }) => {
    const store = module.functions[index]!.body[at]!;
    const instructions = () => [op("drop"), zero, store];
    const changed = plant(module, { function: index, at, replaced: 1, instructions });
    const wrong = (sampled: boolean) => proved.run(new SymbolicEngine(changed, undefined, sampled));
    // The other stores are of other things, or wipe. All values but one show it, and are quicker.
    return wrong(true).length > 0 ? wrong(false).map((each) => Number(/byte (\d+)/.exec(each)?.[1])) : [];
  });
  const tail = Array.from({ length: 16 }, (_, i) => 512 + i);
  expect(ofTails.filter((places) => places.length > 0)).toContainEqual(tail);
});
