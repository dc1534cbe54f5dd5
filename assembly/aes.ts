// The ABI of the module of AES: the cipher, GCM, CTR, and encryption with ECB. It imports the memory of engine.ts and nothing else.
// Every function wipes the scratch it used, but for those that the module of further modes calls (aes-modes.ts), which wipes it itself:
// `ghash`, `aesEncryptBatch`, `aesEncryptFew`.
import { Aes } from "./cipher/aes";
import { expandAesKey } from "./cipher/aes-key-schedule";
import { HashKey, makeHashKey } from "./ghash/key";
import { ctr } from "./mode/ctr";
import { ecbEncrypt } from "./mode/ecb";
import {
  gcmAad, gcmExpand, gcmHashNonce, gcmHashText, gcmKeystream, gcmOpen, gcmSeal, gcmSlotSize, gcmStart, gcmStartHashed, gcmTag, gcmVerify,
} from "./mode/gcm";
import { gcmOpenMany, gcmSealMany } from "./mode/gcm-many";

export function aesExpand(slot: usize, key: usize, length: u32): void {
  expandAesKey(slot, key, length);
}

export function ghashExpand(key: usize, h: usize): void {
  makeHashKey(changetype<HashKey>(key), h);
}

export function ghash(key: usize, state: usize, data: usize, length: u32): void {
  changetype<HashKey>(key).hash(state, data, length);
}

export function aesEncryptBatch(slot: usize, from: usize, to: usize, add: usize, count: u32): void {
  changetype<Aes>(slot).encryptBatch(from, to, add, count);
}

export function aesEncryptFew(slot: usize, blocks: usize, count: u32): void {
  changetype<Aes>(slot).encryptFew(blocks, count);
}

export function aesSize(): u32 {
  return <u32>changetype<Aes>(0).size();
}

export function aesGcmSize(): u32 {
  return <u32>gcmSlotSize<Aes>(changetype<Aes>(0));
}

export function aesGcmExpand(slot: usize): void {
  gcmExpand<Aes>(changetype<Aes>(slot));
}

export function aesGcmSeal(slot: usize, nonce: u32, data: usize, aad: u32, text: u32): void {
  gcmSeal<Aes>(changetype<Aes>(slot), nonce, data, aad, text);
}

export function aesGcmOpen(slot: usize, nonce: u32, data: usize, aad: u32, text: u32, tag: u32): u32 {
  return gcmOpen<Aes>(changetype<Aes>(slot), nonce, data, aad, text, tag);
}

export function aesGcmSealMany(slot: usize, first: usize, count: u32, tag: u32): void {
  gcmSealMany<Aes>(changetype<Aes>(slot), first, count, tag);
}

export function aesGcmOpenMany(slot: usize, first: usize, count: u32, tag: u32): void {
  gcmOpenMany<Aes>(changetype<Aes>(slot), first, count, tag);
}

export function aesGcmStart(slot: usize, run: usize, nonce: u32): void {
  gcmStart<Aes>(changetype<Aes>(slot), run, nonce);
}

export function aesGcmHashNonce(slot: usize, run: usize, data: usize, length: u32): void {
  gcmHashNonce<Aes>(changetype<Aes>(slot), run, data, length);
}

export function aesGcmStartHashed(slot: usize, run: usize, length: f64): void {
  gcmStartHashed<Aes>(changetype<Aes>(slot), run, <u64>length);
}

export function aesGcmAad(slot: usize, run: usize, data: usize, length: u32): void {
  gcmAad<Aes>(changetype<Aes>(slot), run, data, length);
}

export function aesGcmHashText(slot: usize, run: usize, data: usize, length: u32): void {
  gcmHashText<Aes>(changetype<Aes>(slot), run, data, length);
}

export function aesGcmKeystream(slot: usize, run: usize, data: usize, length: u32): void {
  gcmKeystream<Aes>(changetype<Aes>(slot), run, data, length);
}

export function aesGcmTag(slot: usize, run: usize, tag: usize): void {
  gcmTag<Aes>(changetype<Aes>(slot), run, tag);
}

export function aesGcmVerify(slot: usize, run: usize, tag: usize, length: u32): u32 {
  return gcmVerify<Aes>(changetype<Aes>(slot), run, tag, length);
}

export function aesCtr(slot: usize, block: usize, data: usize, length: u32): void {
  ctr<Aes>(changetype<Aes>(slot), block, data, length);
}

export function aesEcbEncrypt(slot: usize, data: usize, length: u32): void {
  ecbEncrypt<Aes>(changetype<Aes>(slot), data, length);
}
