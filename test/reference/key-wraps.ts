import { aesKw, aesKwp } from "lanelock/key-wrap";
import { opensslWrap } from "./openssl-modes.ts";

/** A key wrap of the engine, beside OpenSSL's. */
export interface KeyWrapUnderTest {
  readonly name: string;
  readonly keyLength: number;
  /** Whether it takes material of any length, or a multiple of 8 bytes from 16 on. */
  readonly padded: boolean;
  readonly create: typeof aesKw;
  expected(key: Uint8Array, material: Uint8Array): Uint8Array<ArrayBuffer>;
}

export const keyWraps: readonly KeyWrapUnderTest[] = [16, 24, 32].flatMap((keyLength) =>
  [false, true].map((padded) => ({
    name: `aes-${keyLength * 8}-${padded ? "kwp" : "kw"}`,
    keyLength,
    padded,
    create: padded ? aesKwp : aesKw,
    expected: (key: Uint8Array, material: Uint8Array) => opensslWrap(key, material, padded),
  })),
);

/** Whether material of that length can be wrapped. */
export function wrapsLength({ padded }: KeyWrapUnderTest, length: number): boolean {
  return padded ? length > 0 : length >= 16 && length % 8 === 0;
}
