import type { AesModesExports } from "../../engine/aes-modes.generated.ts";
import { aesModes, sm4Modes } from "../../engine/modules.ts";
import type { Sm4ModesExports } from "../../engine/sm4-modes.generated.ts";
import { bindExports, type Unprefixed } from "./bind-exports.ts";
import { type CipherEngine, aes as firstAes, sm4 as firstSm4 } from "./cipher-engine.ts";

/** AES with its further modes. */
export type AesModes = CipherEngine & Unprefixed<AesModesExports, "aes">;

/** SM4 with its further modes. */
export type Sm4Modes = CipherEngine & Unprefixed<Sm4ModesExports, "sm4">;

/** What both have. */
export type FurtherModes = AesModes | Sm4Modes;

export const aes: () => AesModes = /* @__PURE__ */ bindExports("aes", aesModes, firstAes);
export const sm4: () => Sm4Modes = /* @__PURE__ */ bindExports("sm4", sm4Modes, firstSm4);
