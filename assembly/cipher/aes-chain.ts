// AES-CBC encryption, where every block waits for the one before, with the look-ups of aes-vector-permute.ts. The speed depends on
// the length of the longest dependency chain, not on the number of operations.
//
// The i and the k of the state are separate vectors, so that no round begins by splitting pairs. That takes twice the look-ups
// of the S-box's output, less one pair of tables, because the k of 2·v is the i of v. The last round yields pairs as well as
// bytes, and the next block is added to the pairs, so the chain does not include the conversion of bytes to pairs.
import { highNibbles, lookup, lowNibbles } from "../swizzle";
import { firstOf, mixColumns, S_DOUBLED, S_PAIR, secondOf, shiftRows, toBytes, toPairs } from "./aes-vector-permute";

/** A linear function of the inverse, by its tables of io and jo. */
@inline
function add(ofIo: v128, io: v128, ofJo: v128, jo: v128): v128 {
  return v128.xor(lookup(ofIo, io), lookup(ofJo, jo));
}

/** Encrypts `length` bytes at `data` in place, a multiple of 16; the block at `chain` is added to the first. Round keys as in
 * `encryptBlocks`. */
export function encryptChain(keys: usize, rounds: u32, chain: usize, data: usize, length: u32): void {
  const end = data + length, last = keys + 16 * rounds;
  const onceIo = v128.load(S_PAIR), onceJo = v128.load(S_PAIR, 16), twiceIo = v128.load(S_DOUBLED), twiceJo = v128.load(S_DOUBLED, 16);
  const kIo = lowNibbles(onceIo), kJo = lowNibbles(onceJo), iIo = highNibbles(onceIo), iJo = highNibbles(onceJo);
  const twiceIIo = highNibbles(twiceIo), twiceIJo = highNibbles(twiceJo);
  let state = toPairs(v128.xor(v128.load(chain), v128.load(last)));
  let i = highNibbles(state), k = lowNibbles(state);
  for (; data < end; data += 16) {
    state = v128.xor(toPairs(v128.xor(v128.load(data), v128.load(last))), v128.load(keys));
    i = v128.xor(i, highNibbles(state));
    k = v128.xor(k, lowNibbles(state));
    for (let key = keys + 16; key < last; key += 16) {
      const io = firstOf(i, k), jo = secondOf(i, k), roundKey = v128.load(key);
      const onceI = add(iIo, io, iJo, jo), onceK = add(kIo, io, kJo, jo);
      i = mixColumns(onceI, add(twiceIIo, io, twiceIJo, jo), highNibbles(roundKey));
      k = mixColumns(onceK, onceI, lowNibbles(roundKey));
    }
    const io = firstOf(i, k), jo = secondOf(i, k);
    v128.store(data, v128.xor(shiftRows(toBytes(io, jo), 0), v128.load(last)));
    i = shiftRows(add(iIo, io, iJo, jo), 0);
    k = shiftRows(add(kIo, io, kJo, jo), 0);
  }
}
