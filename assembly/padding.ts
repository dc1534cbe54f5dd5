// PKCS#7 padding (RFC 5652 §6.3) of 16-byte blocks.

const PLACES = memory.data<u8>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], 16);

/** Pads the `length` bytes at `data` to whole blocks; returns the new length. */
export function pad(data: usize, length: u32): u32 {
  const count = 16 - (length & 15);
  memory.fill(data + length, <u8>count, count);
  return length + count;
}

/**
 * The number of padding bytes at the end of the block at `block`, 1 … 16, or 0 if the padding is not valid. Reads every byte
 * regardless of the others, to prevent the padding oracle of Vaudenay (EUROCRYPT 2002).
 */
export function paddingLength(block: usize): u32 {
  const count = <u32>load<u8>(block, 15);
  const counts = i8x16.splat(<i8>count);
  const padded = i8x16.ge_u(v128.load(PLACES), i8x16.sub(i8x16.splat(16), counts));
  const wrong = <u32>v128.any_true(v128.and(v128.xor(v128.load(block), counts), padded));
  const outside = (count - 1 & 0xff) >> 4 & 15;
  return count & (<i32>(wrong | outside) - 1 >> 31);
}
