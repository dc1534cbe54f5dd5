import { modes } from "../../engine/load-modes.ts";
import type { ModesExports } from "../../engine/modes.generated.ts";
import { type CipherEngine, aes as firstAes, sm4 as firstSm4 } from "./cipher-engine.ts";

/** The exports of the engine's second module for one block cipher, under names without its prefix. Lengths are in bytes. */
type ModeExports<Cipher extends string> = {
  readonly [Name in keyof ModesExports as Name extends `${Cipher}${infer Rest}`
    ? Uncapitalize<Rest>
    : never]: ModesExports[Name];
};

/** AES with its further modes. */
export type AesModes = CipherEngine & ModeExports<"aes">;

/** SM4 with its further modes. */
export type Sm4Modes = CipherEngine & ModeExports<"sm4">;

/** What both have. */
export type FurtherModes = AesModes | Sm4Modes;

/** A block cipher with the exports of the second module whose names begin with `prefix`, bound when it is first used. */
function cipher<Modes>(first: () => CipherEngine, prefix: string): () => CipherEngine & Modes {
  let bound: (CipherEngine & Modes) | undefined;
  return () => {
    if (bound !== undefined) return bound;
    const exports = Object.entries(modes())
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.charAt(prefix.length).toLowerCase() + name.slice(prefix.length + 1), value]);
    const functions: Modes = Object.fromEntries(exports);
    // Spread, as in cipher-engine.ts.
    bound = { ...first(), ...functions };
    return bound;
  };
}

export const aes = /* @__PURE__ */ cipher<ModeExports<"aes">>(firstAes, "aes");
export const sm4 = /* @__PURE__ */ cipher<ModeExports<"sm4">>(firstSm4, "sm4");
