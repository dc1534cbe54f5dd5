import type { EngineExports } from "../../engine/engine.generated.ts";
import { engine } from "../../engine/load.ts";

type Functions = Omit<EngineExports, "memory">;

/** The engine's exports for one block cipher, under names without its prefix: `aesGcmSeal` is `gcmSeal`. Lengths are in bytes. */
type CipherExports = {
  readonly [Name in keyof Functions as Name extends `aes${infer Rest}` ? Uncapitalize<Rest> : never]: Functions[Name];
};

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

/** What ECB, CBC and CTR need of a block cipher. */
export interface BlockModeCipher
  extends BlockCipher,
    Exports<"ecb">,
    Exports<"cbc">,
    Exports<"ctr">,
    Exports<"encrypt"> {}

export interface CipherEngine extends GcmCipher, BlockModeCipher {}

/** A block cipher by the prefix of its exports, bound when it is first used. */
function cipher(prefix: string, description: { name: string; keyLengths: readonly number[] }): () => CipherEngine {
  let bound: CipherEngine | undefined;
  return () => {
    if (bound !== undefined) return bound;
    const exports = Object.entries(engine().exports)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.charAt(prefix.length).toLowerCase() + name.slice(prefix.length + 1), value]);
    const functions: CipherExports = Object.fromEntries(exports);
    // Spread, not filled key by key: V8 would keep such an object as a dictionary, and look up every call in it.
    bound = { ...description, ...functions };
    return bound;
  };
}

export const aes = cipher("aes", { name: "AES", keyLengths: [16, 24, 32] });
export const sm4 = cipher("sm4", { name: "SM4", keyLengths: [16] });
