// The ABI of the module of what only ECB and CBC need of AES: the chain, and the inverse cipher. It imports the memory of engine.ts and
// nothing else; the key slots that it works on are those of the module of AES (aes.ts).
import { Aes } from "./cipher/aes";
import { cbcDecrypt, cbcEncrypt } from "./mode/cbc";
import { ecbDecrypt } from "./mode/ecb";

export function aesEcbDecrypt(slot: usize, data: usize, length: u32): void {
  ecbDecrypt<Aes>(changetype<Aes>(slot), data, length);
}

export function aesCbcEncrypt(slot: usize, chain: usize, data: usize, length: u32): void {
  cbcEncrypt<Aes>(changetype<Aes>(slot), chain, data, length);
}

export function aesCbcDecrypt(slot: usize, chain: usize, data: usize, length: u32): void {
  cbcDecrypt<Aes>(changetype<Aes>(slot), chain, data, length);
}
