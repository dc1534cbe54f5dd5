// Where addresses are drawn: programs use a few stretches of a large memory, and what lies between would be most of a picture.
import type { Layout } from "./recorder.ts";

export type BandName = "constants" | "scratch" | "text" | "roundKeys";

/** A stretch of memory. */
export interface Band {
  readonly name: BandName;
  readonly from: number;
  /** The first address after it. */
  readonly to: number;
}

/** Stretches whose gap is shorter are drawn as one. */
const GAP = 1_024;
/** The widest access, in bytes. */
const WIDEST = 16;

function nameOf(address: number, { constants, text, roundKeys }: Layout): BandName {
  if (address >= roundKeys) return "roundKeys";
  if (address >= text) return "text";
  return address >= constants[0] && address < constants[1] ? "constants" : "scratch";
}

/** The stretches that addresses lie in, from low to high. */
export function bandsOf(addresses: Iterable<number>, layout: Layout): Band[] {
  const bands: Band[] = [];
  for (const address of [...new Set(addresses)].sort((a, b) => a - b)) {
    const name = nameOf(address, layout);
    const last = bands.at(-1);
    const to = address + WIDEST;
    const joins = last?.name === name && address - last.to < GAP;
    if (last) bands[bands.length - 1] = { ...last, to: joins ? to : Math.min(last.to, address) };
    if (!joins) bands.push({ name, from: address, to });
  }
  return bands;
}
