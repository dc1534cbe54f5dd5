import { engine } from "../../src/engine/load.ts";
import { measure } from "../measure.ts";
import { hostCases } from "./cases.ts";

// What runs in the page or in the shell, asked case by case from outside.

const cases = hostCases();

const benchmark = {
  build: async () => engine().build,
  /** Names and bars of the cases. */
  list: async () => (await cases).map(({ name, bars }) => ({ name, bars })),
  measure: async (index: number, rounds: number) => {
    const one = (await cases)[index];
    if (one === undefined) throw new Error(`There is no case ${index}`);
    return measure(one, rounds);
  },
};

export type HostBenchmark = typeof benchmark;

Object.assign(globalThis, { benchmark });
