// The names of WebAssembly's instructions by their codes (WebAssembly 3.0 §5.4), with what follows a code in the binary. Those
// that the decoder does not know stop it: nothing is skipped.

/** What follows the code: nothing, indices, a memory argument (with a lane), a constant, lanes, a type of block, a table. */
export type Immediate =
  | "none"
  | "index"
  | "two indices"
  | "memory"
  | "memory, lane"
  | "lane"
  | "lanes"
  | "i32"
  | "i64"
  | "v128"
  | "block"
  | "table"
  | "types";

interface Opcode {
  readonly name: string;
  readonly immediate: Immediate;
}

const comparisons = "eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const arithmetic = "clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr";
const laneComparisons = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";

const opcodes = new Map<number, Opcode>();

/** Names of consecutive codes; `-` leaves one out. */
function define(first: number, immediate: Immediate, names: string, prefix = ""): void {
  for (const [offset, name] of names.split(" ").entries()) {
    if (name !== "-") opcodes.set(first + offset, { name: prefix + name, immediate });
  }
}

define(0x00, "none", "unreachable nop");
define(0x02, "block", "block loop if");
define(0x05, "none", "else");
define(0x0b, "none", "end");
define(0x0c, "index", "br br_if");
define(0x0e, "table", "br_table");
define(0x0f, "none", "return");
define(0x10, "index", "call");
define(0x11, "two indices", "call_indirect");
define(0x1a, "none", "drop select");
define(0x1c, "types", "select");
define(0x20, "index", "local.get local.set local.tee global.get global.set");
define(0x28, "memory", "i32.load i64.load f32.load f64.load");
define(0x2c, "memory", "load8_s load8_u load16_s load16_u", "i32.");
define(0x30, "memory", "load8_s load8_u load16_s load16_u load32_s load32_u", "i64.");
define(
  0x36,
  "memory",
  "i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16 i64.store32",
);
define(0x3f, "index", "memory.size memory.grow");
define(0x41, "i32", "i32.const");
define(0x42, "i64", "i64.const");
define(0x45, "none", comparisons, "i32.");
define(0x50, "none", comparisons, "i64.");
define(0x67, "none", arithmetic, "i32.");
define(0x79, "none", arithmetic, "i64.");
define(0xa7, "none", "i32.wrap_i64");
define(0xac, "none", "i64.extend_i32_s i64.extend_i32_u");
define(0xc0, "none", "i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s");

const BULK = 0xfc00;
define(BULK + 6, "none", "i64.trunc_sat_f64_s i64.trunc_sat_f64_u");
define(BULK + 10, "two indices", "memory.copy");
define(BULK + 11, "index", "memory.fill");

const SIMD = 0xfd00;
define(SIMD, "memory", "load load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u", "v128.");
define(SIMD + 7, "memory", "load8_splat load16_splat load32_splat load64_splat store", "v128.");
define(SIMD + 12, "v128", "v128.const");
define(SIMD + 13, "lanes", "i8x16.shuffle");
define(SIMD + 14, "none", "i8x16.swizzle i8x16.splat i16x8.splat i32x4.splat i64x2.splat");
define(SIMD + 21, "lane", "extract_lane_s extract_lane_u replace_lane", "i8x16.");
define(SIMD + 24, "lane", "extract_lane_s extract_lane_u replace_lane", "i16x8.");
define(SIMD + 27, "lane", "i32x4.extract_lane i32x4.replace_lane i64x2.extract_lane i64x2.replace_lane");
define(SIMD + 35, "none", laneComparisons, "i8x16.");
define(SIMD + 45, "none", laneComparisons, "i16x8.");
define(SIMD + 55, "none", laneComparisons, "i32x4.");
define(SIMD + 77, "none", "not and andnot or xor bitselect any_true", "v128.");
define(SIMD + 84, "memory, lane", "load8_lane load16_lane load32_lane load64_lane", "v128.");
define(SIMD + 88, "memory, lane", "store8_lane store16_lane store32_lane store64_lane", "v128.");
define(SIMD + 92, "memory", "load32_zero load64_zero", "v128.");
define(SIMD + 99, "none", "all_true bitmask narrow_i16x8_s narrow_i16x8_u", "i8x16.");
define(SIMD + 107, "none", "shl shr_s shr_u add - - sub", "i8x16.");
define(SIMD + 131, "none", "all_true bitmask narrow_i32x4_s narrow_i32x4_u", "i16x8.");
define(SIMD + 135, "none", "low_i8x16_s high_i8x16_s low_i8x16_u high_i8x16_u", "i16x8.extend_");
define(SIMD + 139, "none", "shl shr_s shr_u add - - sub", "i16x8.");
define(SIMD + 163, "none", "all_true bitmask", "i32x4.");
define(SIMD + 167, "none", "low_i16x8_s high_i16x8_s low_i16x8_u high_i16x8_u", "i32x4.extend_");
define(SIMD + 171, "none", "shl shr_s shr_u add - - sub", "i32x4.");
define(SIMD + 199, "none", "low_i32x4_s high_i32x4_s low_i32x4_u high_i32x4_u", "i64x2.extend_");
define(SIMD + 203, "none", "shl shr_s shr_u add - - sub", "i64x2.");
define(SIMD + 214, "none", "eq ne", "i64x2.");
define(SIMD + 256, "none", "i8x16.relaxed_swizzle");
define(SIMD + 265, "none", "relaxed_laneselect", "i8x16.");

/** The instruction of a code; `prefix` is 0, 0xfc or 0xfd. */
export function opcodeOf(prefix: number, code: number): Opcode {
  const found = opcodes.get(prefix * 256 + code);
  if (!found) throw new Error(`The proof does not know instruction 0x${prefix.toString(16)} 0x${code.toString(16)}`);
  return found;
}
