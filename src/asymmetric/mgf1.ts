import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";

export type HashName = "SHA-1" | "SHA-256";

/** JavaScript hashes: SHA-1 and SHA-256 of 32-bit additions and rotations have no branch or index that depends on data. */
export const hashes = { "SHA-1": sha1, "SHA-256": sha256 } as const;

/** XORs MGF1 (RFC 8017 §B.2.1) of `seed` into `target`. */
export function mgf1Xor(hash: HashName, seed: Uint8Array, target: Uint8Array): void {
  const digest = hashes[hash];
  const input = new Uint8Array(seed.length + 4);
  input.set(seed);
  const counter = new DataView(input.buffer, seed.length);
  for (let offset = 0; offset < target.length; offset += digest.outputLen) {
    counter.setUint32(0, offset / digest.outputLen);
    const block = digest(input);
    const length = Math.min(block.length, target.length - offset);
    for (let i = 0; i < length; i += 1) target[offset + i] = (target[offset + i] ?? 0) ^ (block[i] ?? 0);
    block.fill(0);
  }
  input.fill(0);
}
