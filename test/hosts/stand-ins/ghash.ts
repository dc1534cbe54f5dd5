import { GHASH } from "@noble/ciphers/_polyval.js";

// Stands in for test/reference/ghash.ts, whose BigInts are too slow for all of the suites: GHASH by @noble/ciphers.

export function ghash(hashKey: Uint8Array): (first: Uint8Array, second: Uint8Array) => Uint8Array<ArrayBuffer> {
  return (first, second) => {
    const lengths = new DataView(new ArrayBuffer(16));
    lengths.setBigUint64(0, BigInt(first.length) * 8n);
    lengths.setBigUint64(8, BigInt(second.length) * 8n);
    // Its update() fills up with zeros to whole blocks.
    const hash = new GHASH(hashKey).update(first).update(second).update(new Uint8Array(lengths.buffer));
    return Uint8Array.from(hash.digest());
  };
}
