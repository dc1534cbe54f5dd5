import type { Layout, Run } from "./recorder.ts";

const BLOCK = 16;

/**
 * The attack that constant time prevents, on the first block: the first round looks up the S-box at each byte of text ⊕ key, in the
 * order of ShiftRows (FIPS 197 §5.1), so that anyone who sees the addresses and knows the text also knows the key.
 *
 * @returns the key of 16 bytes, or nothing if the run does not begin with 16 look-ups in its constants
 */
export function keyFromTrace({ trace, encryptionAt }: Run, { constants }: Layout, text: Uint8Array) {
  const [table, end] = constants;
  const key = new Uint8Array(BLOCK);
  let found = 0;
  for (let index = encryptionAt; index < trace.length && found < BLOCK; index++) {
    const address = trace.value(index);
    if (!trace.isAddress(index) || address < table || address >= end) continue;
    const index256 = address - table;
    if (index256 > 255) return undefined;
    const place = (5 * found) % BLOCK;
    key[place] = index256 ^ text[place]!;
    found += 1;
  }
  return found === BLOCK ? key : undefined;
}
