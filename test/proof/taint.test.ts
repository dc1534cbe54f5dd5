import { expect, test } from "vitest";
import { blockModeScenarios } from "../constant-time/block-mode-scenarios.ts";
import { ciphers, scenariosOf } from "../constant-time/every-scenario.ts";
import { memoryScenarios } from "../constant-time/memory-scenarios.ts";
import { everything as long, TIMEOUT } from "./counts.ts";
import { declassified } from "./declassified.ts";
import { pinned, pinnedPrograms, proved } from "./modules.ts";
import { block, exported, op, type Plant, placesOf, plant } from "./plant.ts";
import { leaksOf, TaintedModule } from "./tainted-engine.ts";
import type { Instruction } from "./wasm/decode.ts";

// For every public shape of every export, over the instructions of the shipped modules: no branch, address, select, length or
// factor depends on a secret, whatever the secret is.

test("the proof reads every module that is shipped", () => {
  expect([...proved].sort()).toEqual([...pinned].sort());
});

const programs = pinnedPrograms();

for (const { build, module } of programs) {
  test(`${build}: nothing depends on a secret but the verdicts, in any call of any export`, TIMEOUT, () => {
    const tainted = new TaintedModule(module);
    const all = [...memoryScenarios(tainted.functions), ...ciphers.flatMap((cipher) => scenariosOf(cipher, long))];
    // All builds come from one source: short runs take every scenario of one, and every third of the others.
    const everything = long || build === "relaxed";
    const scenarios = all.filter((_, index) => everything || index % 3 === 0);
    expect(scenarios.flatMap((scenario) => leaksOf(tainted, scenario))).toEqual([]);
    console.log(`${build}: ${scenarios.length} scenarios, ${tainted.machine.count} instructions, for all secrets`);
    if (!everything) return;
    expect([...tainted.called].sort(), "a new export needs a scenario").toEqual([...module.exports.keys()].sort());
    // Each verdict in one place of each export, and no entry that allows what never happens.
    for (const entry of declassified) {
      const places = [...(tainted.givenAway.get(entry) ?? [])].map((place) => place.split(":")[0]);
      expect(places.length, `${entry.exports}: ${entry.reason}`).toBeGreaterThan(0);
      expect(new Set(places).size, `${entry.exports}: one place in each export`).toBe(places.length);
    }
  });
}

const cipher = { cipher: "aes", keyLength: 16 } as const;
const scenario = blockModeScenarios(cipher).find(({ name }) => name === "ecb Encrypt, 272 bytes")!;

const longest = blockModeScenarios(cipher).findLast(({ name }) => name.startsWith("ecb Encrypt"))!;

/** A byte of the text, in `aesEcbEncrypt(slot, data, length)`. */
const secretByte = [op("local.get", 1), op("i32.load8_u", 0)];
const publicVector = op("v128.const", ...Array<number>(16).fill(0));

/** A vector of public lanes but the third, and then one of its lanes. */
const laneOf = (lane: number) => [
  publicVector,
  ...secretByte,
  op("i32x4.replace_lane", 2),
  op("i32x4.extract_lane", lane),
];
const branch = [block("if"), op("nop"), op("end")];

const planted: readonly [string, RegExp, (local: number) => readonly Instruction[]][] = [
  ["a branch", /as branch of if/, () => [...secretByte, ...branch]],
  ["a conditional jump", /as branch of br_if/, () => [block("block"), ...secretByte, op("br_if", 0), op("end")]],
  [
    "a jump through a table",
    /as target of br_table/,
    () => [block("block"), ...secretByte, op("br_table", 0, 0), op("end")],
  ],
  ["a load", /as address of i32.load8_u/, () => [...secretByte, op("i32.load8_u", 0), op("drop")]],
  ["a load of a vector", /as address of v128.load/, () => [...secretByte, op("v128.load", 0), op("drop")]],
  ["a store", /as address of i32.store8/, () => [...secretByte, op("i32.const", 0), op("i32.store8", 0)]],
  [
    "a select",
    /as select of select/,
    () => [op("i32.const", 1), op("i32.const", 2), ...secretByte, op("select"), op("drop")],
  ],
  [
    "a length",
    /as length of memory.fill/,
    () => [op("i32.const", 0), op("i32.const", 0), ...secretByte, op("memory.fill", 0)],
  ],
  ["a factor", /as factor of i32.mul/, () => [...secretByte, op("i32.const", 3), op("i32.mul"), op("drop")]],
  ["how far to shift", /as select of i32.shl/, () => [op("i32.const", 3), ...secretByte, op("i32.shl"), op("drop")]],
  ["a single lane", /as branch of if/, () => [...laneOf(2), ...branch]],
  ["a single bit", /as branch of if/, () => [...secretByte, op("i32.const", 64), op("i32.and"), ...branch]],
  [
    "how often a loop turns",
    /as branch of br_if/,
    (local) => [
      ...[
        ...secretByte,
        op("i32.const", 1),
        op("i32.or"),
        op("local.set", local),
        block("loop"),
        op("local.get", local),
      ],
      ...[op("i32.const", 1), op("i32.sub"), op("local.tee", local), op("br_if", 0), op("end")],
    ],
  ],
  [
    "what crosses the memory",
    /as branch of if/,
    () => [
      op("i32.const", 0),
      ...secretByte,
      op("i32.store16", 0),
      op("i32.const", 0),
      op("i64.load", 0),
      op("i64.eqz"),
      ...branch,
    ],
  ],
];

const harmless: readonly [string, readonly Instruction[]][] = [
  ["another lane", [...laneOf(1), ...branch]],
  ["bits that are always zero", [...secretByte, op("i32.const", 8), op("i32.shr_u"), ...branch]],
  ["bits that a mask removes", [...secretByte, op("i32.const", 0x100), op("i32.and"), ...branch]],
];

for (const { build, module } of programs) {
  const leaks = (where: Omit<Plant, "locals">) =>
    leaksOf(new TaintedModule(plant(module, { ...where, locals: ["i32"] })), scenario);
  const start = { function: exported(module, "aesEcbEncrypt"), at: 0 };

  test.each(planted)(`${build}: %s that is planted is found`, (_name, finding, instructions) => {
    expect(leaks({ ...start, instructions }).join()).toMatch(finding);
  });

  test.each(harmless)(`${build}: %s gives nothing away`, (_name, instructions) => {
    expect(leaks({ ...start, instructions: () => instructions })).toEqual([]);
  });

  test(`${build}: one lane of one gate, deep in the cipher, is found`, () => {
    const gates = placesOf(module, start.function, "v128.andnot");
    const place = gates[Math.floor(gates.length / 2)]!;
    const instructions = (local: number) => [
      ...[op("v128.andnot"), op("local.tee", local), op("local.get", local)],
      ...[op("i16x8.extract_lane_u", 5), op("i32.const", 1), op("i32.and"), ...branch],
    ];
    const changed = plant(module, { ...place, replaced: 1, instructions, locals: ["v128"] });
    // The wide build has gates that only long messages reach.
    const found = leaksOf(new TaintedModule(changed), longest);
    expect(found.join()).toContain(`as branch of if (function ${place.function}, instruction ${place.at + 6})`);
  });
}

test("a relaxed swizzle with an index for which hosts differ is found", () => {
  const { module } = programs.at(-1)!;
  const index = [publicVector, ...secretByte, op("i8x16.replace_lane", 7)];
  const instructions = () => [publicVector, ...index, op("i8x16.relaxed_swizzle"), op("drop")];
  const changed = plant(module, { function: exported(module, "aesEcbEncrypt"), at: 0, instructions });
  const zeros = { ...scenario, run: scenario.run };
  expect(leaksOf(new TaintedModule(changed), zeros).join()).toMatch(/as host of i8x16.relaxed_swizzle/);
});
