// The block ciphers by their standards, under one key.
import type { Algebra, Bit, Byte } from "../algebra.ts";
import * as aes from "./fips197.ts";
import * as sm4 from "./gbt32907.ts";

export interface BlockCipher {
  encrypt(block: readonly Byte[]): Byte[];
  decrypt(block: readonly Byte[]): Byte[];
}

export function blockCipher(algebra: Algebra, cipher: "aes" | "sm4", key: readonly Byte[]): BlockCipher {
  if (cipher === "aes") {
    const keys = aes.expandKey(algebra, key);
    return {
      encrypt: (block) => aes.encrypt(algebra, keys, block),
      decrypt: (block) => aes.decrypt(algebra, keys, block),
    };
  }
  const keys: readonly (readonly Bit[])[] = sm4.expandKey(algebra, key);
  return {
    encrypt: (block) => sm4.encrypt(algebra, keys, block),
    decrypt: (block) => sm4.encrypt(algebra, keys.toReversed(), block),
  };
}
