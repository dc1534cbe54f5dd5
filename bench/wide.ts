import { useWide } from "lanelock/wide";
import { BASELINE } from "./baseline.ts";
import type { Case } from "./case.ts";

// The wide build of this checkout against another checkout: `--wide --baseline DIR`.

/** Times the speed of c07971e, of 25 November 2026. */
const AT_LEAST: { readonly [name: string]: number } = {
  "AES-256-CTR encrypt 1 MiB": 1.4,
  "AES-256-GCM seal 1 MiB": 1.2,
  "SM4-CTR encrypt 1 MiB": 1.5,
};

/** Before the cases are loaded, which make keys. */
export async function takeWide(): Promise<void> {
  if (await useWide({ setFlag: true })) return;
  throw new Error(
    "This host does not pack, or is too busy for that to be seen: use x86 with AVX2 and --node 24, and run again",
  );
}

/** The cases that have a bar in the wide build, with that bar. */
export function wideCases(cases: readonly Case[]): Case[] {
  return cases.flatMap((one) => {
    const atLeast = AT_LEAST[one.name];
    return atLeast === undefined ? [] : [{ ...one, bars: [{ against: BASELINE, atLeast }] }];
  });
}
