// The ABI of the module of AES's further modes, which most programs do not use. It imports the memory of engine.ts and the cipher of aes.ts
// (linked/): what it adds is only what works on key slots and scratch. As there, every function wipes the scratch it used.
import { LinkedAes } from "./linked/aes";
import { CCM_STATE_SIZE, ccmAad, ccmCounter, ccmStart, ccmTag, ccmText, ccmVerify } from "./mode/ccm";
import { cfbDecrypt, cfbEncrypt } from "./mode/cfb";
import { absorb, finishCmac, makeSubkeys, SUBKEYS_SIZE } from "./mode/cmac";
import {
  gcmSivCounter, gcmSivHash, gcmSivKeystream, gcmSivMessageSize, gcmSivOpen, gcmSivSeal, gcmSivStart, gcmSivTag, gcmSivVerify,
} from "./mode/gcm-siv";
import { expandKeyWrap, keyWrapSlotSize, kwpUnwrap, kwpWrap, kwUnwrap, kwWrap } from "./mode/key-wrap";
import { ofb } from "./mode/ofb";
import {
  SIV_STATE_SIZE, sivComponent, sivExpand, sivKeystream, sivPart, sivReceive, sivSize, sivStart, sivTag, sivText, sivVerify,
} from "./mode/siv";
import { xaesExpand, xaesSize, xaesStart } from "./mode/xaes-256-gcm";

export function aesGcmSivMessageSize(): u32 {
  return <u32>gcmSivMessageSize();
}

export function aesGcmSivStart(slot: usize, message: usize, length: u32): void {
  gcmSivStart(changetype<LinkedAes>(slot), changetype<LinkedAes>(message), length);
}

export function aesGcmSivSeal(message: usize, data: usize, aad: u32, text: u32): void {
  gcmSivSeal(changetype<LinkedAes>(message), data, aad, text);
}

export function aesGcmSivOpen(message: usize, data: usize, aad: u32, text: u32): u32 {
  return gcmSivOpen(changetype<LinkedAes>(message), data, aad, text);
}

export function aesGcmSivHash(message: usize, data: usize, length: u32): void {
  gcmSivHash(changetype<LinkedAes>(message), data, length);
}

export function aesGcmSivTag(message: usize, tag: usize, aad: f64, text: f64): void {
  gcmSivTag(changetype<LinkedAes>(message), tag, <u64>aad, <u64>text);
}

export function aesGcmSivVerify(message: usize, tag: usize, aad: f64, text: f64): u32 {
  return gcmSivVerify(changetype<LinkedAes>(message), tag, <u64>aad, <u64>text);
}

export function aesGcmSivCounter(message: usize, tag: usize): void {
  gcmSivCounter(changetype<LinkedAes>(message), tag);
}

export function aesGcmSivKeystream(message: usize, data: usize, length: u32): void {
  gcmSivKeystream(changetype<LinkedAes>(message), data, length);
}

export function aesCmacSize(): u32 {
  return <u32>(changetype<LinkedAes>(0).size() + SUBKEYS_SIZE);
}

export function aesCmacExpand(slot: usize): void {
  makeSubkeys<LinkedAes>(changetype<LinkedAes>(slot), slot + changetype<LinkedAes>(slot).size());
}

export function aesCmacUpdate(slot: usize, state: usize, data: usize, length: u32): void {
  absorb<LinkedAes>(changetype<LinkedAes>(slot), state, data, length);
}

export function aesCmacFinish(slot: usize, state: usize, data: usize, length: u32): void {
  finishCmac<LinkedAes>(changetype<LinkedAes>(slot), slot + changetype<LinkedAes>(slot).size(), state, data, length);
}

export function aesCfbEncrypt(slot: usize, chain: usize, data: usize, length: u32): void {
  cfbEncrypt<LinkedAes>(changetype<LinkedAes>(slot), chain, data, length);
}

export function aesCfbDecrypt(slot: usize, chain: usize, data: usize, length: u32): void {
  cfbDecrypt<LinkedAes>(changetype<LinkedAes>(slot), chain, data, length);
}

export function aesOfb(slot: usize, chain: usize, data: usize, length: u32): void {
  ofb<LinkedAes>(changetype<LinkedAes>(slot), chain, data, length);
}

export function aesKwSize(): u32 {
  return <u32>keyWrapSlotSize();
}

export function aesKwExpand(slot: usize, key: usize): void {
  expandKeyWrap(changetype<LinkedAes>(slot), key);
}

export function aesKwWrap(slot: usize, data: usize, length: u32): void {
  kwWrap(changetype<LinkedAes>(slot), data, length);
}

export function aesKwUnwrap(slot: usize, data: usize, length: u32): u32 {
  return kwUnwrap(changetype<LinkedAes>(slot), data, length);
}

export function aesKwpWrap(slot: usize, data: usize, text: u32): void {
  kwpWrap(changetype<LinkedAes>(slot), data, text);
}

export function aesKwpUnwrap(slot: usize, data: usize, length: u32): u32 {
  return kwpUnwrap(changetype<LinkedAes>(slot), data, length);
}

export function aesXaesSize(): u32 {
  return <u32>xaesSize();
}

export function aesXaesExpand(slot: usize): void {
  xaesExpand(changetype<LinkedAes>(slot));
}

export function aesXaesStart(slot: usize, message: usize): void {
  xaesStart(changetype<LinkedAes>(slot), message);
}

export function aesSivSize(): u32 {
  return <u32>sivSize();
}

export function aesSivExpand(slot: usize): void {
  sivExpand(changetype<LinkedAes>(slot));
}

export function aesSivStateSize(): u32 {
  return SIV_STATE_SIZE;
}

export function aesSivStart(slot: usize, run: usize): void {
  sivStart(changetype<LinkedAes>(slot), run);
}

export function aesSivPart(slot: usize, run: usize, data: usize, length: u32): void {
  sivPart(changetype<LinkedAes>(slot), run, data, length);
}

export function aesSivComponent(slot: usize, run: usize, data: usize, length: u32): void {
  sivComponent(changetype<LinkedAes>(slot), run, data, length);
}

export function aesSivText(slot: usize, run: usize, data: usize, length: u32): void {
  sivText(changetype<LinkedAes>(slot), run, data, length);
}

export function aesSivKeystream(slot: usize, run: usize, data: usize, length: u32): void {
  sivKeystream(changetype<LinkedAes>(slot), run, data, length);
}

export function aesSivTag(run: usize, to: usize): void {
  sivTag(run, to);
}

export function aesSivReceive(run: usize, from: usize): void {
  sivReceive(run, from);
}

export function aesSivVerify(run: usize, expected: usize): u32 {
  return sivVerify(run, expected);
}

export function aesCcmStateSize(): u32 {
  return CCM_STATE_SIZE;
}

export function aesCcmStart(slot: usize, run: usize, nonce: u32, tag: u32, aad: f64, text: f64): void {
  ccmStart<LinkedAes>(changetype<LinkedAes>(slot), run, nonce, tag, <u64>aad, <u64>text);
}

export function aesCcmAad(slot: usize, run: usize, data: usize, length: u32): void {
  ccmAad<LinkedAes>(changetype<LinkedAes>(slot), run, data, length);
}

export function aesCcmText(slot: usize, run: usize, data: usize, length: u32): void {
  ccmText<LinkedAes>(changetype<LinkedAes>(slot), run, data, length);
}

export function aesCcmKeystream(slot: usize, run: usize, data: usize, length: u32): void {
  changetype<LinkedAes>(slot).addCounter(ccmCounter(run), data, length);
}

export function aesCcmTag(_slot: usize, run: usize, tag: usize): void {
  ccmTag(run, tag);
}

export function aesCcmVerify(_slot: usize, run: usize, tag: usize, length: u32): u32 {
  return ccmVerify(run, tag, length);
}
