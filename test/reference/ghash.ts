import { fromBlock, timesX, toBlock } from "./gf128.ts";

/** For each byte b, the table holds the multiple of `element` that b stands for as the leftmost byte of a block. */
function multiplesByByte(element: bigint): readonly bigint[] {
  const table = new Array<bigint>(256).fill(0n);
  for (let bit = 0x80, multiple = element; bit > 0; bit >>= 1, multiple = timesX(multiple)) {
    for (let byte = 0; byte < 256; byte++) if (byte & bit) table[byte] = (table[byte] ?? 0n) ^ multiple;
  }
  return table;
}

/** What the byte that x^8 shifts out of a block comes back as. */
const carried = Array.from({ length: 256 }, (_, byte) => {
  let element = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) element = timesX(element);
  return element;
});

function lengthsBlock(aadLength: number, length: number): Uint8Array {
  const block = new DataView(new ArrayBuffer(16));
  block.setBigUint64(0, BigInt(aadLength) * 8n);
  block.setBigUint64(8, BigInt(length) * 8n);
  return new Uint8Array(block.buffer);
}

/**
 * GHASH under one hash key of `first` and `second`, each filled up with zeros to whole blocks, and the block of their
 * two lengths (SP 800-38D §6.4 as §7.1 uses it). A plain reading of the standard: nothing here is constant-time.
 */
export function ghash(hashKey: Uint8Array): (first: Uint8Array, second: Uint8Array) => Uint8Array<ArrayBuffer> {
  const table = multiplesByByte(fromBlock(hashKey));
  const absorb = (sum: bigint, data: Uint8Array): bigint => {
    let state = sum;
    for (let offset = 0; offset < data.length; offset += 16) {
      const block = new Uint8Array(16);
      block.set(data.subarray(offset, offset + 16));
      block.set(toBlock(state ^ fromBlock(block)));
      state = 0n;
      for (const byte of block.reverse()) {
        state = (state >> 8n) ^ (carried[Number(state & 0xffn)] ?? 0n) ^ (table[byte] ?? 0n);
      }
    }
    return state;
  };
  return (first, second) => {
    const sum = absorb(absorb(0n, first), second);
    return toBlock(absorb(sum, lengthsBlock(first.length, second.length)));
  };
}
