/** XORs `length` bytes of `from` into `to`. */
export function xorBytes(to: usize, from: usize, length: usize): void {
  const blocks = length & ~15;
  for (let i: usize = 0; i < blocks; i += 16) v128.store(to + i, v128.xor(v128.load(to + i), v128.load(from + i)));
  for (let i = blocks; i < length; ++i) store<u8>(to + i, load<u8>(to + i) ^ load<u8>(from + i));
}

/** Copies whole blocks. */
export function copyBlocks(to: usize, from: usize, count: usize): void {
  const end = from + 16 * count;
  for (; from < end; from += 16, to += 16) v128.store(to, v128.load(from));
}
