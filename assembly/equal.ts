/** 1 if the first `length` ≤ 16 bytes of two blocks are equal, else 0, independent of where they differ. */
export function equalTags(a: usize, b: usize, length: u32): u32 {
  const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const counted = i8x16.lt_u(places, i8x16.splat(<i8>length));
  const difference = v128.and(v128.xor(v128.load(a), v128.load(b)), counted);
  return 1 - <u32>v128.any_true(difference);
}
