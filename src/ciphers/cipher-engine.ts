import { engine } from "../engine/load.ts";

/** The engine's exports for one block cipher, under names that do not repeat which. Lengths in bytes. */
export interface CipherEngine {
  /** As in messages: `AES`, `SM4`. */
  readonly name: string;
  readonly keyLengths: readonly number[];
  size(): number;
  gcmSize(): number;
  expand(slot: number, key: number, length: number): void;
  expandGcm(slot: number): void;
  gcmSeal(slot: number, nonce: number, data: number, aad: number, text: number): void;
  gcmOpen(slot: number, nonce: number, data: number, aad: number, text: number, tag: number): number;
  gcmSealMany(slot: number, first: number, count: number, tag: number): void;
  gcmOpenMany(slot: number, first: number, count: number, tag: number): void;
  gcmStart(slot: number, run: number, nonce: number): void;
  gcmHashNonce(slot: number, run: number, data: number, length: number): void;
  gcmStartHashed(slot: number, run: number, length: number): void;
  gcmAad(slot: number, run: number, data: number, length: number): void;
  gcmHashText(slot: number, run: number, data: number, length: number): void;
  gcmKeystream(slot: number, run: number, data: number, length: number): void;
  gcmTag(slot: number, run: number, tag: number): void;
  gcmVerify(slot: number, run: number, tag: number, length: number): number;
  ctr(slot: number, block: number, data: number, length: number): void;
  ecbEncrypt(slot: number, data: number, length: number): void;
  ecbDecrypt(slot: number, data: number, length: number): void;
  cbcEncrypt(slot: number, chain: number, data: number, length: number): void;
  cbcDecrypt(slot: number, chain: number, data: number, length: number): void;
}

let aesOnce: CipherEngine | undefined;
let sm4Once: CipherEngine | undefined;

export function aes(): CipherEngine {
  if (aesOnce) return aesOnce;
  const e = engine().exports;
  aesOnce = {
    name: "AES",
    keyLengths: [16, 24, 32],
    size: e.aesSize,
    gcmSize: e.aesGcmSize,
    expand: e.aesExpand,
    expandGcm: e.aesExpandGcm,
    gcmSeal: e.aesGcmSeal,
    gcmOpen: e.aesGcmOpen,
    gcmSealMany: e.aesGcmSealMany,
    gcmOpenMany: e.aesGcmOpenMany,
    gcmStart: e.aesGcmStart,
    gcmHashNonce: e.aesGcmHashNonce,
    gcmStartHashed: e.aesGcmStartHashed,
    gcmAad: e.aesGcmAad,
    gcmHashText: e.aesGcmHashText,
    gcmKeystream: e.aesGcmKeystream,
    gcmTag: e.aesGcmTag,
    gcmVerify: e.aesGcmVerify,
    ctr: e.aesCtr,
    ecbEncrypt: e.aesEcbEncrypt,
    ecbDecrypt: e.aesEcbDecrypt,
    cbcEncrypt: e.aesCbcEncrypt,
    cbcDecrypt: e.aesCbcDecrypt,
  };
  return aesOnce;
}

export function sm4(): CipherEngine {
  if (sm4Once) return sm4Once;
  const e = engine().exports;
  sm4Once = {
    name: "SM4",
    keyLengths: [16],
    size: e.sm4Size,
    gcmSize: e.sm4GcmSize,
    expand: e.sm4Expand,
    expandGcm: e.sm4ExpandGcm,
    gcmSeal: e.sm4GcmSeal,
    gcmOpen: e.sm4GcmOpen,
    gcmSealMany: e.sm4GcmSealMany,
    gcmOpenMany: e.sm4GcmOpenMany,
    gcmStart: e.sm4GcmStart,
    gcmHashNonce: e.sm4GcmHashNonce,
    gcmStartHashed: e.sm4GcmStartHashed,
    gcmAad: e.sm4GcmAad,
    gcmHashText: e.sm4GcmHashText,
    gcmKeystream: e.sm4GcmKeystream,
    gcmTag: e.sm4GcmTag,
    gcmVerify: e.sm4GcmVerify,
    ctr: e.sm4Ctr,
    ecbEncrypt: e.sm4EcbEncrypt,
    ecbDecrypt: e.sm4EcbDecrypt,
    cbcEncrypt: e.sm4CbcEncrypt,
    cbcDecrypt: e.sm4CbcDecrypt,
  };
  return sm4Once;
}
