// The ABI of the engine's second module: modes of operation that most programs do not use, so that those that seal with GCM do not
// load them. It imports the memory of the first module and the ciphers there, and has neither of its own: what it adds is only
// what works on key slots and scratch of the first. Its constants stand behind those of the first (`memoryBase` in
// asconfig.modes.json). As there, every function wipes the scratch it used.
import { LinkedAes } from "./linked/aes";
import {
  gcmSivCounter, gcmSivHash, gcmSivKeystream, gcmSivMessageSize, gcmSivOpen, gcmSivSeal, gcmSivStart, gcmSivTag, gcmSivVerify,
} from "./mode/gcm-siv";

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
