/** More are not asked for at once. */
const MOST = 256;

/** GCM's counter blocks, of which the counters stay; the nonces are those of the last message. */
let blocks: { readonly words: Int32Array; readonly bytes: Uint8Array } | undefined;

function counted(): { readonly words: Int32Array; readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(16 * MOST);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < MOST; i += 1) view.setUint32(16 * i + 12, i + 1);
  return { words: new Int32Array(bytes.buffer), bytes };
}

/**
 * The first `count` ≤ 256 counter blocks of a message, from J0 (SP 800-38D §7.1), for a nonce of 12 bytes. Use them at once: the next
 * call overwrites them.
 */
export function counterBlocks(nonce: Uint8Array, count: number): Uint8Array {
  blocks ??= counted();
  const { words, bytes } = blocks;
  bytes.set(nonce);
  const [first, second, third] = [words[0] ?? 0, words[1] ?? 0, words[2] ?? 0];
  for (let i = 4; i < 4 * count; i += 4) {
    words[i] = first;
    words[i + 1] = second;
    words[i + 2] = third;
  }
  return bytes.subarray(0, 16 * count);
}
