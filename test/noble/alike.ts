import * as nobleAes from "@noble/ciphers/aes.js";
import * as dropIn from "lanelock/noble";
import { expect } from "vitest";

/** Noble's classes have private members, which no other type can have. */
type PublicMethods<Class> = { readonly [Name in keyof Class]: Class[Name] };

type NobleDrbg = (
  ...parameters: Parameters<typeof nobleAes.rngAesCtrDrbg128>
) => PublicMethods<ReturnType<typeof nobleAes.rngAesCtrDrbg128>>;

interface NobleCmac extends Pick<typeof nobleAes.cmac, "blockLen" | "outputLen"> {
  (msg: Uint8Array, key: Uint8Array): Uint8Array;
  create(key: Uint8Array): Omit<PublicMethods<ReturnType<typeof nobleAes.cmac.create>>, "update"> & {
    update(data: Uint8Array): unknown;
  };
}

/** What the two libraries have in common. That `lanelock/noble` fits in here is the compiler's part of the proof. */
export type AesModes = Pick<
  typeof nobleAes,
  "gcm" | "cbc" | "ctr" | "ecb" | "cfb" | "aeskw" | "aeskwp" | "siv" | "gcmsiv" | "aessiv"
> & {
  cmac: NobleCmac;
  rngAesCtrDrbg128: NobleDrbg;
  rngAesCtrDrbg256: NobleDrbg;
};

export const noble: AesModes = nobleAes;
export const lanelock: AesModes = dropIn;

export const modeNames = ["gcm", "cbc", "ctr", "ecb", "cfb", "aeskw", "aeskwp", "gcmsiv", "aessiv"] as const;

/** A scenario's steps, each of which gives bytes or an error. */
export type Scenario = (modes: AesModes) => Iterable<() => unknown>;

function outcome(step: () => unknown): unknown {
  try {
    const value = step();
    return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
  } catch (error) {
    return error instanceof Error ? { name: error.name, message: error.message } : { thrown: error };
  }
}

/** Plays the scenario on both libraries: every step gives the same bytes, or an error of the same kind with the same words. */
export function expectAlike(label: string, scenario: Scenario): void {
  const theirs = Array.from(scenario(noble), outcome);
  const ours = Array.from(scenario(lanelock), outcome);
  expect(theirs.length, label).toBeGreaterThan(0);
  expect(ours, label).toHaveLength(theirs.length);
  for (const [step, expected] of theirs.entries()) expect(ours[step], `${label}, step ${step}`).toEqual(expected);
}
