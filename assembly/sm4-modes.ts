// The ABI of the module of SM4's further modes: to sm4.ts what aes-modes.ts is to aes.ts.
import { LinkedSm4 } from "./linked/sm4";
import { CCM_STATE_SIZE, ccmAad, ccmCounter, ccmStart, ccmTag, ccmText, ccmVerify } from "./mode/ccm";
import { cfbDecrypt, cfbEncrypt } from "./mode/cfb";
import { absorb, finishCmac, makeSubkeys, SUBKEYS_SIZE } from "./mode/cmac";
import { ofb } from "./mode/ofb";

export function sm4CmacSize(): u32 {
  return <u32>(changetype<LinkedSm4>(0).size() + SUBKEYS_SIZE);
}

export function sm4CmacExpand(slot: usize): void {
  makeSubkeys<LinkedSm4>(changetype<LinkedSm4>(slot), slot + changetype<LinkedSm4>(slot).size());
}

export function sm4CmacUpdate(slot: usize, state: usize, data: usize, length: u32): void {
  absorb<LinkedSm4>(changetype<LinkedSm4>(slot), state, data, length);
}

export function sm4CmacFinish(slot: usize, state: usize, data: usize, length: u32): void {
  finishCmac<LinkedSm4>(changetype<LinkedSm4>(slot), slot + changetype<LinkedSm4>(slot).size(), state, data, length);
}

export function sm4CfbEncrypt(slot: usize, chain: usize, data: usize, length: u32): void {
  cfbEncrypt<LinkedSm4>(changetype<LinkedSm4>(slot), chain, data, length);
}

export function sm4CfbDecrypt(slot: usize, chain: usize, data: usize, length: u32): void {
  cfbDecrypt<LinkedSm4>(changetype<LinkedSm4>(slot), chain, data, length);
}

export function sm4Ofb(slot: usize, chain: usize, data: usize, length: u32): void {
  ofb<LinkedSm4>(changetype<LinkedSm4>(slot), chain, data, length);
}

export function sm4CcmStateSize(): u32 {
  return CCM_STATE_SIZE;
}

export function sm4CcmStart(slot: usize, run: usize, nonce: u32, tag: u32, aad: f64, text: f64): void {
  ccmStart<LinkedSm4>(changetype<LinkedSm4>(slot), run, nonce, tag, <u64>aad, <u64>text);
}

export function sm4CcmAad(slot: usize, run: usize, data: usize, length: u32): void {
  ccmAad<LinkedSm4>(changetype<LinkedSm4>(slot), run, data, length);
}

export function sm4CcmText(slot: usize, run: usize, data: usize, length: u32): void {
  ccmText<LinkedSm4>(changetype<LinkedSm4>(slot), run, data, length);
}

export function sm4CcmKeystream(slot: usize, run: usize, data: usize, length: u32): void {
  changetype<LinkedSm4>(slot).addCounter(ccmCounter(run), data, length);
}

export function sm4CcmTag(_slot: usize, run: usize, tag: usize): void {
  ccmTag(run, tag);
}

export function sm4CcmVerify(_slot: usize, run: usize, tag: usize, length: u32): u32 {
  return ccmVerify(run, tag, length);
}
