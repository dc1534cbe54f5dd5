/** 0xff in every byte of `bytes` whose bit k is set, 0x00 elsewhere. */
@inline
export function bitMask(bytes: v128, k: u32): v128 {
  const bit = i8x16.splat(<i8>(<u32>1 << k));
  return i8x16.eq(v128.and(bytes, bit), bit);
}
