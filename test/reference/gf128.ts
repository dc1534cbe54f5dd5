// GF(2^128) as GCM has it (SP 800-38D §6.3): a block is a big-endian number, and its leftmost bit is the coefficient
// of x^0. Multiplying by x is therefore a shift to the right.

const reduction = 0xe1n << 120n;

export function fromBlock(block: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(block).toString("hex")}`);
}

export function toBlock(element: bigint): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(element.toString(16).padStart(32, "0"), "hex"));
}

export function timesX(element: bigint): bigint {
  return (element >> 1n) ^ ((element & 1n) === 1n ? reduction : 0n);
}

export function multiply(left: bigint, right: bigint): bigint {
  let product = 0n;
  let power = left;
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((right >> bit) & 1n) product ^= power;
    power = timesX(power);
  }
  return product;
}

/** The multiplicative inverse, by Fermat: a^(2^128 − 2). */
export function inverse(element: bigint): bigint {
  let result = 1n << 127n;
  let square = element;
  for (let bit = 1; bit < 128; bit++) {
    square = multiply(square, square);
    result = multiply(result, square);
  }
  return result;
}
