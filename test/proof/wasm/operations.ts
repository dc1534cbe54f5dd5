// What the instructions compute that neither branch nor touch memory, on values that are known. The group of an instruction says
// how its result depends on its operands bit by bit: that is all that the other domains need to know of most of them.

import type { Vector, Width } from "./vector.ts";
import * as lanes from "./vector.ts";

/** i32 is a number from −2^31 on, i64 a bigint from 0 on, v128 a vector. f64 is only ever a length. */
export type Value = number | bigint | Vector;

/**
 * - `move`: every bit of the result is a bit of an operand or a constant. Operands in `controls` say which, and must be public.
 * - `bits`: bit i of the result depends on bits i of the operands.
 * - `sum`: a bit of the result depends on the bits of its lane that are not higher.
 * - `lanes`: a bit of the result depends on its lane.
 * - `narrow`: a lane of the result depends on the operands' lane, twice as wide, in its place; a copy, where that is small enough.
 * - `test`: bit 0 of the result depends on all bits, the others are 0.
 * - `look-up`: bytes of the first operand, by those of the second.
 * - `all`: anything may depend on anything.
 */
export type Group = "move" | "bits" | "sum" | "lanes" | "narrow" | "test" | "look-up" | "all";

export interface Operation {
  readonly group: Group;
  readonly operands: 1 | 2 | 3;
  /** Of as many operands as there are; what comes after them is not looked at. */
  readonly run: (a: Value, b: Value, c: Value, immediates: readonly number[]) => Value;
  /** The width of a lane in bits, for sums and lanes. */
  readonly lane?: number;
  readonly controls?: readonly number[];
}

export const operations = new Map<string, Operation>();

export function evaluate(operation: Operation, operands: readonly Value[], immediates: readonly number[] = []): Value {
  const [a = 0, b = 0, c = 0] = operands;
  return operation.run(a, b, c, immediates);
}

const u32 = (value: Value): number => (value as number) >>> 0;
const bool = (value: boolean): number => (value ? 1 : 0);

type Words = (a: number, b: number) => number;

/** The same function of 32 bits at once, of i32, of i64 and of v128. */
function defineBits(name: string, word: Words, long: (a: bigint, b: bigint) => bigint): void {
  const both = (run: Operation["run"]): Operation => ({ group: "bits", operands: 2, run });
  operations.set(
    `i32.${name}`,
    both((a, b) => word(a as number, b as number)),
  );
  operations.set(
    `i64.${name}`,
    both((a, b) => long(a as bigint, b as bigint)),
  );
  defineVectorBits(name, word);
}

function defineVectorBits(name: string, word: Words): void {
  const run: Operation["run"] = (left, right) => {
    const [a, b] = [left as Vector, right as Vector];
    return lanes.vector(word(a.w0, b.w0), word(a.w1, b.w1), word(a.w2, b.w2), word(a.w3, b.w3));
  };
  operations.set(`v128.${name}`, { group: "bits", operands: 2, run });
}

defineBits(
  "and",
  (a, b) => a & b,
  (a, b) => a & b,
);
defineBits(
  "or",
  (a, b) => a | b,
  (a, b) => a | b,
);
defineBits(
  "xor",
  (a, b) => a ^ b,
  (a, b) => a ^ b,
);
defineVectorBits("andnot", (a, b) => a & ~b);

function define(name: string, operation: Operation): void {
  operations.set(name, operation);
}

define("v128.not", {
  group: "bits",
  operands: 1,
  run: (value) => {
    const { w0, w1, w2, w3 } = value as Vector;
    return lanes.vector(~w0, ~w1, ~w2, ~w3);
  },
});
const select: Operation["run"] = (yes, no, mask) => {
  const [a, b, m] = [yes as Vector, no as Vector, mask as Vector];
  const word = (p: number, q: number, r: number) => (p & r) | (q & ~r);
  return lanes.vector(word(a.w0, b.w0, m.w0), word(a.w1, b.w1, m.w1), word(a.w2, b.w2, m.w2), word(a.w3, b.w3, m.w3));
};
define("v128.bitselect", { group: "bits", operands: 3, run: select });
define("i8x16.relaxed_laneselect", { group: "bits", operands: 3, run: select });

// Sums.
const sums: readonly [string, Words, (a: bigint, b: bigint) => bigint][] = [
  ["add", (a, b) => a + b, (a, b) => a + b],
  ["sub", (a, b) => a - b, (a, b) => a - b],
];
for (const [name, word, long] of sums) {
  define(`i32.${name}`, {
    group: "sum",
    operands: 2,
    lane: 32,
    run: (a, b) => word(a as number, b as number) | 0,
  });
  define(`i64.${name}`, {
    group: "sum",
    operands: 2,
    lane: 64,
    run: (a, b) => BigInt.asUintN(64, long(a as bigint, b as bigint)),
  });
  for (const width of [8, 16, 32] as const) {
    const run: Operation["run"] = (a, b) => lanes.eachLane(width, a as Vector, b as Vector, word);
    define(`i${width}x${128 / width}.${name}`, { group: "sum", operands: 2, lane: width, run });
  }
  define(`i64x2.${name}`, {
    group: "sum",
    operands: 2,
    lane: 64,
    run: (a, b) => lanes.eachLong(a as Vector, b as Vector, long),
  });
}
define("i32.mul", { group: "all", operands: 2, run: (a, b) => Math.imul(a as number, b as number) });

// Comparisons.
type Order = "eq" | "ne" | "lt" | "gt" | "le" | "ge";
const orders: Readonly<Record<Order, (a: number | bigint, b: number | bigint) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  gt: (a, b) => a > b,
  le: (a, b) => a <= b,
  ge: (a, b) => a >= b,
};
define("i32.eqz", { group: "test", operands: 1, run: (a) => bool(a === 0) });
define("i64.eqz", { group: "test", operands: 1, run: (a) => bool(a === 0n) });
for (const [order, holds] of Object.entries(orders)) {
  for (const sign of order === "eq" || order === "ne" ? [""] : ["_s", "_u"]) {
    const unsigned = sign !== "_s";
    define(`i32.${order}${sign}`, {
      group: "test",
      operands: 2,
      run: (a, b) => bool(unsigned ? holds(u32(a as number), u32(b as number)) : holds(a as number, b as number)),
    });
    const long = (value: Value) => (unsigned ? (value as bigint) : BigInt.asIntN(64, value as bigint));
    define(`i64.${order}${sign}`, {
      group: "test",
      operands: 2,
      run: (a, b) => bool(holds(long(a as bigint), long(b as bigint))),
    });
    for (const width of [8, 16, 32] as const) {
      const number = (value: number) => (unsigned ? value : lanes.signed(width, value));
      const compare = (a: number, b: number) => (holds(number(a), number(b)) ? -1 : 0);
      define(`i${width}x${128 / width}.${order}${sign}`, {
        group: "lanes",
        operands: 2,
        lane: width,
        run: (a, b) => lanes.eachLane(width, a as Vector, b as Vector, compare),
      });
    }
  }
}
define("v128.any_true", { group: "test", operands: 1, run: (a) => bool(!lanes.isZero(a as Vector)) });
for (const width of [8, 16, 32] as const) {
  const shape = `i${width}x${128 / width}`;
  const numbers = (value: Vector) => Array.from({ length: 128 / width }, (_, i) => lanes.lane(width, value, i));
  define(`${shape}.all_true`, {
    group: "test",
    operands: 1,
    run: (a) => bool(numbers(a as Vector).every((number) => number !== 0)),
  });
  define(`${shape}.bitmask`, {
    group: "move",
    operands: 1,
    run: (a) => numbers(a as Vector).reduce((mask, number, i) => mask | ((number >>> (width - 1)) << i), 0),
  });
}

// Moves of bits in scalars.
const scalarShifts: readonly [string, Words, (a: bigint, b: bigint) => bigint][] = [
  ["shl", (a, n) => a << n, (a, n) => a << n],
  ["shr_u", (a, n) => (a >>> n) | 0, (a, n) => a >> n],
  ["shr_s", (a, n) => a >> n, (a, n) => BigInt.asIntN(64, a) >> n],
  ["rotl", (a, n) => (a << n) | (a >>> -n), (a, n) => (a << n) | (a >> (64n - n))],
  ["rotr", (a, n) => (a >>> n) | (a << -n), (a, n) => (a >> n) | (a << (64n - n))],
];
for (const [name, word, long] of scalarShifts) {
  const shift = { group: "move", operands: 2, controls: [1] } as const;
  define(`i32.${name}`, { ...shift, run: (a, n) => word(a as number, (n as number) & 31) });
  define(`i64.${name}`, { ...shift, run: (a, n) => BigInt.asUintN(64, long(a as bigint, (n as bigint) & 63n)) });
}
function defineMove(name: string, run: (value: Value) => Value): void {
  define(name, { group: "move", operands: 1, run: (value) => run(value as Value) });
}
defineMove("i32.wrap_i64", (a) => Number(BigInt.asIntN(32, a as bigint)));
defineMove("i64.extend_i32_u", (a) => BigInt(u32(a)));
defineMove("i64.extend_i32_s", (a) => BigInt.asUintN(64, BigInt(a as number)));
for (const width of [8, 16]) defineMove(`i32.extend${width}_s`, (a) => lanes.signed(width, a as number));
for (const width of [8, 16, 32])
  defineMove(`i64.extend${width}_s`, (a) => BigInt.asUintN(64, BigInt.asIntN(width, a as bigint)));

/** A length that came as f64: it is public, so that no other domain needs it. */
define("i64.trunc_sat_f64_u", { group: "all", operands: 1, run: (a) => BigInt(Math.trunc(a as number)) });

// Moves of bits in vectors.
const shifts: readonly [string, (width: Width) => Words, (a: bigint, n: bigint) => bigint][] = [
  ["shl", () => (a, n) => a << n, (a, n) => a << n],
  ["shr_u", () => (a, n) => a >>> n, (a, n) => a >> n],
  ["shr_s", (width) => (a, n) => lanes.signed(width, a) >> n, (a, n) => BigInt.asIntN(64, a) >> n],
];
for (const [name, wordOf, long] of shifts) {
  for (const width of [8, 16, 32] as const) {
    const word = wordOf(width);
    const run: Operation["run"] = (a, n) =>
      lanes.eachLane(width, a as Vector, lanes.splat(width, (n as number) & (width - 1)), word);
    define(`i${width}x${128 / width}.${name}`, { group: "move", operands: 2, controls: [1], run });
  }
  const run: Operation["run"] = (a, n) =>
    lanes.eachLong(a as Vector, lanes.splatLong(BigInt((n as number) & 63)), long);
  define(`i64x2.${name}`, { group: "move", operands: 2, controls: [1], run });
}
define("i8x16.shuffle", {
  group: "move",
  operands: 2,
  run: (a, b, _c, places) => lanes.shuffle(a as Vector, b as Vector, places),
});
for (const width of [8, 16, 32] as const) {
  const shape = `i${width}x${128 / width}`;
  defineMove(`${shape}.splat`, (a) => lanes.splat(width, a as number));
  define(`${shape}.replace_lane`, {
    group: "move",
    operands: 2,
    run: (a, b, _c, [index = 0]) => lanes.replaceLane(width, a as Vector, index, b as number),
  });
  for (const sign of width === 32 ? [""] : ["_s", "_u"]) {
    const read = (value: number) => (sign === "_u" ? value : lanes.signed(width, value));
    define(`${shape}.extract_lane${sign}`, {
      group: "move",
      operands: 1,
      run: (a, _b, _c, [index = 0]) => read(lanes.lane(width, a as Vector, index)),
    });
  }
}
defineMove("i64x2.splat", (a) => lanes.splatLong(a as bigint));
define("i64x2.extract_lane", {
  group: "move",
  operands: 1,
  run: (a, _b, _c, [index = 0]) => lanes.longLane(a as Vector, index),
});
define("i64x2.replace_lane", {
  group: "move",
  operands: 2,
  run: (a, b, _c, [index = 0]) => lanes.replaceLongLane(a as Vector, index, b as bigint),
});
for (const width of [8, 16] as const) {
  const wide = `i${2 * width}x${64 / width}`;
  const narrow = `i${width}x${128 / width}`;
  for (const [half, place] of [
    ["low", 0],
    ["high", 1],
  ] as const) {
    for (const sign of ["s", "u"]) {
      defineMove(`${wide}.extend_${half}_${narrow}_${sign}`, (a) =>
        lanes.extendHalf(width, a as Vector, place, sign === "s"),
      );
    }
  }
  for (const sign of ["s", "u"]) {
    define(`${narrow}.narrow_${wide}_${sign}`, {
      group: "narrow",
      operands: 2,
      lane: 2 * width,
      run: (a, b) => lanes.narrow((2 * width) as 16 | 32, a as Vector, b as Vector, sign === "s"),
    });
  }
}

// Look-ups. What the relaxed one gives for an index from 16 to 127 is up to the host, so that no proof may rest on it.
define("i8x16.swizzle", {
  group: "look-up",
  operands: 2,
  run: (table, index) => lanes.swizzle(table as Vector, index as Vector, () => 0),
});
define("i8x16.relaxed_swizzle", {
  group: "look-up",
  operands: 2,
  run: (table, index) =>
    lanes.swizzle(table as Vector, index as Vector, (place) => {
      if (place >= 128) return 0;
      throw new Error(`A relaxed swizzle has index ${place}, for which hosts give different results`);
    }),
});
