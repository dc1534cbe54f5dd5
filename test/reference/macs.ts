import { aesCmac, sm4Cmac } from "lanelock/mac";
import { opensslCmac } from "./cmac.ts";
import type { BlockCipherName } from "./openssl-modes.ts";

/** A MAC of the engine, beside the implementation it is compared with. */
export interface MacUnderTest {
  readonly name: string;
  readonly cipher: BlockCipherName;
  readonly keyLength: number;
  readonly create: typeof aesCmac;
  expected(key: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer>;
}

function cmac(cipher: BlockCipherName, keyLength: number): MacUnderTest {
  return {
    name: cipher === "aes" ? `aes-${keyLength * 8}-cmac` : "sm4-cmac",
    cipher,
    keyLength,
    create: cipher === "aes" ? aesCmac : sm4Cmac,
    expected: (key, message) => opensslCmac(cipher, key, message),
  };
}

export const macs: readonly MacUnderTest[] = [cmac("aes", 16), cmac("aes", 24), cmac("aes", 32), cmac("sm4", 16)];
