// Vectors of 128 bits as values: four words of 32 bits, the lowest bytes first.

export interface Vector {
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

export const vector = (w0: number, w1: number, w2: number, w3: number): Vector => ({ w0, w1, w2, w3 });

export const ZERO = vector(0, 0, 0, 0);
export const ONES = vector(-1, -1, -1, -1);

export const isZero = ({ w0, w1, w2, w3 }: Vector): boolean => (w0 | w1 | w2 | w3) === 0;

/** Scratch: a vector's words, seen as lanes of every width. */
class Lanes {
  readonly i32 = new Int32Array(4);
  readonly u32 = new Uint32Array(this.i32.buffer);
  readonly u16 = new Uint16Array(this.i32.buffer);
  readonly u8 = new Uint8Array(this.i32.buffer);
  readonly u64 = new BigUint64Array(this.i32.buffer);

  set({ w0, w1, w2, w3 }: Vector): this {
    this.i32[0] = w0;
    this.i32[1] = w1;
    this.i32[2] = w2;
    this.i32[3] = w3;
    return this;
  }

  get(): Vector {
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = this.i32;
    return { w0, w1, w2, w3 };
  }
}

const [first, second, result] = [new Lanes(), new Lanes(), new Lanes()];

type Unsigned = "u8" | "u16" | "u32";
export type Width = 8 | 16 | 32;
const lanesOf: Readonly<Record<Width, Unsigned>> = { 8: "u8", 16: "u16", 32: "u32" };

export function fromBytes(bytes: ArrayLike<number>): Vector {
  result.u8.set(bytes);
  return result.get();
}

export function toBytes(value: Vector): Uint8Array {
  return first.set(value).u8.slice();
}

export function readVector(view: DataView, at: number): Vector {
  return {
    w0: view.getInt32(at, true),
    w1: view.getInt32(at + 4, true),
    w2: view.getInt32(at + 8, true),
    w3: view.getInt32(at + 12, true),
  };
}

export function writeVector(view: DataView, at: number, { w0, w1, w2, w3 }: Vector): void {
  view.setInt32(at, w0, true);
  view.setInt32(at + 4, w1, true);
  view.setInt32(at + 8, w2, true);
  view.setInt32(at + 12, w3, true);
}

/** Byte i of the result is byte `places[i]` of `a`, or from 16 on of `b`. */
export function shuffle(a: Vector, b: Vector, places: readonly number[]): Vector {
  const [from, other, to] = [first.set(a).u8, second.set(b).u8, result.u8];
  for (let i = 0; i < 16; i++) {
    const place = places[i]!;
    to[i] = place < 16 ? from[place]! : other[place - 16]!;
  }
  return result.get();
}

/** Look-ups in `table`; `outside` says what an index from 16 on gives. */
export function swizzle(table: Vector, index: Vector, outside: (index: number) => number): Vector {
  const [from, places, to] = [first.set(table).u8, second.set(index).u8, result.u8];
  for (let i = 0; i < 16; i++) {
    const place = places[i]!;
    to[i] = place < 16 ? from[place]! : outside(place);
  }
  return result.get();
}

export function splat(width: Width, value: number): Vector {
  result[lanesOf[width]].fill(value);
  return result.get();
}

export function splatLong(value: bigint): Vector {
  result.u64.fill(value);
  return result.get();
}

export function lane(width: Width, value: Vector, index: number): number {
  return first.set(value)[lanesOf[width]][index]!;
}

export function replaceLane(width: Width, value: Vector, index: number, by: number): Vector {
  result.set(value)[lanesOf[width]][index] = by;
  return result.get();
}

export function longLane(value: Vector, index: number): bigint {
  return first.set(value).u64[index]!;
}

export function replaceLongLane(value: Vector, index: number, by: bigint): Vector {
  result.set(value).u64[index] = by;
  return result.get();
}

/** A function of each lane, and of the other operand's; the lanes are unsigned. */
export function eachLane(width: Width, a: Vector, b: Vector, work: (a: number, b: number) => number): Vector {
  const name = lanesOf[width];
  const [from, other, to] = [first.set(a)[name], second.set(b)[name], result[name]];
  for (let i = 0; i < to.length; i++) to[i] = work(from[i]!, other[i]!);
  return result.get();
}

/** Both lanes of 64 bits through `work`. */
export function eachLong(a: Vector, b: Vector, work: (a: bigint, b: bigint) => bigint): Vector {
  const [from, other, to] = [first.set(a).u64, second.set(b).u64, result.u64];
  for (let i = 0; i < 2; i++) to[i] = BigInt.asUintN(64, work(from[i]!, other[i]!));
  return result.get();
}

export const signed = (width: number, value: number): number => (value << (32 - width)) >> (32 - width);

/** The lanes of one half of a vector, widened. */
export function extendHalf(width: 8 | 16, value: Vector, half: 0 | 1, isSigned: boolean): Vector {
  const from = first.set(value)[lanesOf[width]];
  const to = width === 8 ? result.u16 : result.u32;
  for (let i = 0; i < to.length; i++) {
    const part = from[half * to.length + i]!;
    to[i] = isSigned ? signed(width, part) : part;
  }
  return result.get();
}

/** The lanes of two vectors, as signed numbers, saturated to half their width. */
export function narrow(width: 16 | 32, a: Vector, b: Vector, isSigned: boolean): Vector {
  const half = width / 2;
  const [least, most] = isSigned ? [-(2 ** (half - 1)), 2 ** (half - 1) - 1] : [0, 2 ** half - 1];
  const to = width === 16 ? result.u8 : result.u16;
  for (const [index, operand] of [a, b].entries()) {
    const from = first.set(operand)[lanesOf[width]];
    for (let i = 0; i < from.length; i++) {
      to[index * from.length + i] = Math.min(most, Math.max(least, signed(width, from[i]!)));
    }
  }
  return result.get();
}
