import { expect, test } from "vitest";
import { pinnedPrograms } from "../modules.ts";
import { exported, op, type Plant, placesOf, plant } from "../plant.ts";
import { SymbolicEngine } from "../symbolic-engine.ts";
import { coverageOf, RAN } from "../wasm/interpreter.ts";
import { blockMode } from "./block-modes.ts";
import { ciphers, type EqualityCase } from "./case.ts";
import { ghash } from "./linked.ts";
import { cmacOf } from "./macs.ts";

// Faults planted in the engine: the proof must find each, and where it is.

const [program] = pinnedPrograms();
const { module } = program!;
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

const ecb = blockMode(ciphers["AES-128"], "ECB encryption", 192);
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

test.each(faults)("%s that is wrong is found, and in which function", (_name, proved, fault) => {
  const differences = prove(fault, proved);
  expect(differences.length).toBeGreaterThan(0);
  // What mixes something wrong with what is right is the first that has no form, and it names where that was made.
  const named = [...differences[0]!.matchAll(/instruction (\d+) of function (\d+)/g)].map(([, at, where]) => ({
    function: Number(where),
    at: Number(at),
  }));
  const after = named.filter(({ function: each, at }) => each === fault.function && at >= fault.at);
  expect(after.length, differences[0]).toBeGreaterThan(0);
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
