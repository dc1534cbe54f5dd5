// The ABI of the module of SM4: as aes.ts and aes-blocks.ts together, for SM4 decrypts as it encrypts.
import { Sm4 } from "./cipher/sm4";
import { expandSm4Key } from "./cipher/sm4-key-schedule";
import { cbcDecrypt, cbcEncrypt } from "./mode/cbc";
import { ctr } from "./mode/ctr";
import { ecbDecrypt, ecbEncrypt } from "./mode/ecb";
import {
  gcmAad, gcmExpand, gcmHashNonce, gcmHashText, gcmKeystream, gcmOpen, gcmSeal, gcmSlotSize, gcmStart, gcmStartHashed, gcmTag, gcmVerify,
} from "./mode/gcm";
import { gcmOpenMany, gcmSealMany } from "./mode/gcm-many";

export function sm4Expand(slot: usize, key: usize, _length: u32): void {
  expandSm4Key(slot, key);
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
