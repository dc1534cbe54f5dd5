// Loads and stores: how many bytes move, and what makes the instruction's value of them. Each is a plain load or store and other
// instructions, so that a domain has to know only the plain ones.
import { type Operation, operations } from "./operations.ts";

/** An instruction that has part in a load or a store. */
interface Step {
  readonly name: string;
  readonly operation: Operation;
}

export interface Access {
  readonly bytes: number;
  readonly isStore: boolean;
  /** What follows a load, or comes before a store. With two operands, the first is the vector that takes the lane, or zeros. */
  readonly steps: readonly Step[];
  /** Whether the instruction takes a vector and a lane. */
  readonly lane?: boolean;
}

const named = (name: string): Step => {
  const operation = operations.get(name);
  if (!operation) throw new Error(`There is no ${name}`);
  return { name, operation };
};

export const accesses = new Map<string, Access>();

function load(name: string, bytes: number, ...steps: string[]): void {
  accesses.set(name, { bytes, isStore: false, steps: steps.map(named) });
}

function store(name: string, bytes: number): void {
  accesses.set(name, { bytes, isStore: true, steps: [] });
}

load("i32.load", 4);
load("i32.load8_u", 1);
load("i32.load8_s", 1, "i32.extend8_s");
load("i32.load16_u", 2);
load("i32.load16_s", 2, "i32.extend16_s");
load("i64.load", 8);
load("i64.load8_u", 1, "i64.extend_i32_u");
load("i64.load8_s", 1, "i32.extend8_s", "i64.extend_i32_s");
load("i64.load16_u", 2, "i64.extend_i32_u");
load("i64.load16_s", 2, "i32.extend16_s", "i64.extend_i32_s");
load("i64.load32_u", 4, "i64.extend_i32_u");
load("i64.load32_s", 4, "i64.extend_i32_s");
load("v128.load", 16);
load("v128.load8_splat", 1, "i8x16.splat");
load("v128.load16_splat", 2, "i16x8.splat");
load("v128.load32_splat", 4, "i32x4.splat");
load("v128.load64_splat", 8, "i64x2.splat");
load("v128.load32_zero", 4, "i32x4.replace_lane");
load("v128.load64_zero", 8, "i64x2.replace_lane");
for (const sign of ["s", "u"]) {
  load(`v128.load8x8_${sign}`, 8, "i64x2.splat", `i16x8.extend_low_i8x16_${sign}`);
  load(`v128.load16x4_${sign}`, 8, "i64x2.splat", `i32x4.extend_low_i16x8_${sign}`);
}

for (const type of ["i32", "i64"]) {
  store(`${type}.store8`, 1);
  store(`${type}.store16`, 2);
}
store("i32.store", 4);
store("i64.store32", 4);
store("i64.store", 8);
store("v128.store", 16);

const shapes: readonly [number, string][] = [
  [8, "i8x16"],
  [16, "i16x8"],
  [32, "i32x4"],
  [64, "i64x2"],
];
for (const [width, shape] of shapes) {
  const extract = `${shape}.extract_lane${width < 32 ? "_u" : ""}`;
  const bytes = width / 8;
  accesses.set(`v128.load${width}_lane`, {
    bytes,
    isStore: false,
    steps: [named(`${shape}.replace_lane`)],
    lane: true,
  });
  accesses.set(`v128.store${width}_lane`, { bytes, isStore: true, steps: [named(extract)], lane: true });
}
