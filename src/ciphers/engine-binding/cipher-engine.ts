import type { AesExports } from "../../engine/aes.generated.ts";
import type { AesBlocksExports } from "../../engine/aes-blocks.generated.ts";
import { aesBlocks, aes as aesModule, sm4 as sm4Module } from "../../engine/modules.ts";
import { bindExports, type Unprefixed } from "./bind-exports.ts";

/** What both ciphers have. Lengths are in bytes. */
type CipherExports = Unprefixed<AesExports, "aes">;

/** What SM4 has in the same module, and AES in one of its own: CBC, and decryption with ECB. */
type BlockExports = Unprefixed<AesBlocksExports, "aes">;

/** A block cipher: its name in messages, and the expansion of its keys. */
export interface BlockCipher extends Pick<CipherExports, "size" | "expand"> {
  /** As in messages: `AES`, `SM4`. */
  readonly name: string;
  /** Lengths of its keys, in bytes. */
  readonly keyLengths: readonly number[];
}

type Exports<Prefix extends string> = Pick<CipherExports, Extract<keyof CipherExports, `${Prefix}${string}`>>;

/** What GCM needs of a block cipher. */
export interface GcmCipher extends BlockCipher, Exports<"gcm"> {}

/** What CTR needs of a block cipher. */
export interface CounterCipher extends BlockCipher, Exports<"ctr">, Exports<"ecb">, Exports<"encrypt"> {}

/** What ECB and CBC need of a block cipher. */
export interface BlockModeCipher extends BlockCipher, Exports<"ecb">, BlockExports {}

export interface CipherEngine extends BlockCipher, CipherExports {}

const aesDescription = { name: "AES", keyLengths: [16, 24, 32] };
const sm4Description = { name: "SM4", keyLengths: [16] };

export const aes: () => CipherEngine = /* @__PURE__ */ bindExports("aes", aesModule, () => aesDescription);

/** AES with what ECB and CBC need. */
export const aesWithBlocks: () => CipherEngine & BlockModeCipher = /* @__PURE__ */ bindExports("aes", aesBlocks, aes);

export const sm4: () => CipherEngine & BlockModeCipher = /* @__PURE__ */ bindExports(
  "sm4",
  sm4Module,
  () => sm4Description,
);
