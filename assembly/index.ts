// The ABI of the engine's first module: every export and nothing else. Pointers are into the exported memory; the host places slots and
// runs from `slotsStart()` on and fills NONCE and IO. Every function wipes the scratch it used, but for those of the second module
// (modes.ts), which wipes it itself: `ghash` and the ciphers' `EncryptBatch`, `EncryptFew`, `EncryptChain`.
import { Aes } from "./cipher/aes";
import { expandAesKey } from "./cipher/aes-key-schedule";
import { Sm4 } from "./cipher/sm4";
import { expandSm4Key } from "./cipher/sm4-key-schedule";
import { HashKey, makeHashKey } from "./ghash/key";
import { IO, IO_SIZE, NONCE, NONCE_SIZE, RUN_SIZE, SLOTS, VERDICTS, VERDICTS_SIZE, wipeAllScratch, wipeBlocks } from "./memory";
import { cbcDecrypt, cbcEncrypt } from "./mode/cbc";
import { ctr } from "./mode/ctr";
import { ecbDecrypt, ecbEncrypt } from "./mode/ecb";
import {
  gcmAad, gcmExpand, gcmHashNonce, gcmHashText, gcmKeystream, gcmOpen, gcmSeal, gcmSlotSize, gcmStart, gcmStartHashed, gcmTag, gcmVerify,
} from "./mode/gcm";
import { gcmOpenMany, gcmSealMany } from "./mode/gcm-many";
import { pad as padBlock, paddingLength as lengthOfPadding } from "./padding";

export function io(): usize {
  return IO;
}

export function ioSize(): usize {
  return IO_SIZE;
}

export function nonce(): usize {
  return NONCE;
}

export function nonceSize(): usize {
  return NONCE_SIZE;
}

export function verdicts(): usize {
  return VERDICTS;
}

export function verdictsSize(): usize {
  return VERDICTS_SIZE;
}

export function slotsStart(): usize {
  return SLOTS;
}

export function runSize(): usize {
  return RUN_SIZE;
}

/** Zeroes `size` bytes from `at`; both are multiples of 16. */
export function wipe(at: usize, size: usize): void {
  wipeBlocks(at, size);
}

/** Zeroes all scratch, after a call that was interrupted. */
export function wipeScratch(): void {
  wipeAllScratch();
}

export function pad(data: usize, length: u32): u32 {
  return padBlock(data, length);
}

export function paddingLength(block: usize): u32 {
  return lengthOfPadding(block);
}

export function aesExpand(slot: usize, key: usize, length: u32): void {
  expandAesKey(slot, key, length);
}

export function sm4Expand(slot: usize, key: usize, _length: u32): void {
  expandSm4Key(slot, key);
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

export function aesEncryptChain(slot: usize, chain: usize, data: usize, length: u32): void {
  changetype<Aes>(slot).encryptChain(chain, data, length);
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

export function aesEcbDecrypt(slot: usize, data: usize, length: u32): void {
  ecbDecrypt<Aes>(changetype<Aes>(slot), data, length);
}

export function aesCbcEncrypt(slot: usize, chain: usize, data: usize, length: u32): void {
  cbcEncrypt<Aes>(changetype<Aes>(slot), chain, data, length);
}

export function aesCbcDecrypt(slot: usize, chain: usize, data: usize, length: u32): void {
  cbcDecrypt<Aes>(changetype<Aes>(slot), chain, data, length);
}

export function sm4EncryptBatch(slot: usize, from: usize, to: usize, add: usize, count: u32): void {
  changetype<Sm4>(slot).encryptBatch(from, to, add, count);
}

export function sm4EncryptFew(slot: usize, blocks: usize, count: u32): void {
  changetype<Sm4>(slot).encryptFew(blocks, count);
}

export function sm4EncryptChain(slot: usize, chain: usize, data: usize, length: u32): void {
  changetype<Sm4>(slot).encryptChain(chain, data, length);
}

export function sm4Size(): u32 {
  return <u32>changetype<Sm4>(0).size();
}

export function sm4GcmSize(): u32 {
  return <u32>gcmSlotSize<Sm4>(changetype<Sm4>(0));
}

export function sm4GcmExpand(slot: usize): void {
  gcmExpand<Sm4>(changetype<Sm4>(slot));
}

export function sm4GcmSeal(slot: usize, nonce: u32, data: usize, aad: u32, text: u32): void {
  gcmSeal<Sm4>(changetype<Sm4>(slot), nonce, data, aad, text);
}

export function sm4GcmOpen(slot: usize, nonce: u32, data: usize, aad: u32, text: u32, tag: u32): u32 {
  return gcmOpen<Sm4>(changetype<Sm4>(slot), nonce, data, aad, text, tag);
}

export function sm4GcmSealMany(slot: usize, first: usize, count: u32, tag: u32): void {
  gcmSealMany<Sm4>(changetype<Sm4>(slot), first, count, tag);
}

export function sm4GcmOpenMany(slot: usize, first: usize, count: u32, tag: u32): void {
  gcmOpenMany<Sm4>(changetype<Sm4>(slot), first, count, tag);
}

export function sm4GcmStart(slot: usize, run: usize, nonce: u32): void {
  gcmStart<Sm4>(changetype<Sm4>(slot), run, nonce);
}

export function sm4GcmHashNonce(slot: usize, run: usize, data: usize, length: u32): void {
  gcmHashNonce<Sm4>(changetype<Sm4>(slot), run, data, length);
}

export function sm4GcmStartHashed(slot: usize, run: usize, length: f64): void {
  gcmStartHashed<Sm4>(changetype<Sm4>(slot), run, <u64>length);
}

export function sm4GcmAad(slot: usize, run: usize, data: usize, length: u32): void {
  gcmAad<Sm4>(changetype<Sm4>(slot), run, data, length);
}

export function sm4GcmHashText(slot: usize, run: usize, data: usize, length: u32): void {
  gcmHashText<Sm4>(changetype<Sm4>(slot), run, data, length);
}

export function sm4GcmKeystream(slot: usize, run: usize, data: usize, length: u32): void {
  gcmKeystream<Sm4>(changetype<Sm4>(slot), run, data, length);
}

export function sm4GcmTag(slot: usize, run: usize, tag: usize): void {
  gcmTag<Sm4>(changetype<Sm4>(slot), run, tag);
}

export function sm4GcmVerify(slot: usize, run: usize, tag: usize, length: u32): u32 {
  return gcmVerify<Sm4>(changetype<Sm4>(slot), run, tag, length);
}

export function sm4Ctr(slot: usize, block: usize, data: usize, length: u32): void {
  ctr<Sm4>(changetype<Sm4>(slot), block, data, length);
}

export function sm4EcbEncrypt(slot: usize, data: usize, length: u32): void {
  ecbEncrypt<Sm4>(changetype<Sm4>(slot), data, length);
}

export function sm4EcbDecrypt(slot: usize, data: usize, length: u32): void {
  ecbDecrypt<Sm4>(changetype<Sm4>(slot), data, length);
}

export function sm4CbcEncrypt(slot: usize, chain: usize, data: usize, length: u32): void {
  cbcEncrypt<Sm4>(changetype<Sm4>(slot), chain, data, length);
}

export function sm4CbcDecrypt(slot: usize, chain: usize, data: usize, length: u32): void {
  cbcDecrypt<Sm4>(changetype<Sm4>(slot), chain, data, length);
}
