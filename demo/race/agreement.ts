import type { Work } from "./measure.ts";

/** A contender that computes something else than lanelock. */
export class Disagreement extends Error {
  constructor(contender: string, work: string) {
    super(`${contender} and lanelock seal ${work} differently. Please report it, with the browser's version`);
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array | undefined): boolean =>
  b !== undefined && a.length === b.length && a.every((byte, index) => byte === b[index]);

/**
 * The work of each contender on one input, after each has shown that it computes what lanelock computes.
 *
 * @param work what the input is, for the error
 * @throws Disagreement
 */
export async function agreedWorks<Name extends string, Input>(
  contenders: ReadonlyMap<Name | "lanelock", (input: Input) => unknown>,
  { input, work, list }: { input: Input; work: string; list: (output: unknown) => readonly Uint8Array[] },
  pause: () => Promise<void>,
): Promise<Map<Name | "lanelock", Work>> {
  const expected = list(await contenders.get("lanelock")!(input));
  const works = new Map<Name | "lanelock", Work>();
  for (const [name, seal] of contenders) {
    const sealed = list(await seal(input));
    const agrees =
      sealed.length === expected.length && expected.every((bytes, index) => sameBytes(bytes, sealed[index]));
    if (!agrees) throw new Disagreement(name, work);
    works.set(name, () => seal(input));
    await pause();
  }
  return works;
}
