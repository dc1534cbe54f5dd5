import { ghash } from "./ghash.ts";
import { type BlockCipherName, opensslEncrypt, type SealInput } from "./openssl-modes.ts";

// GCM from the text of SP 800-38D over OpenSSL's block cipher: for SM4, of which Node has no GCM before version 26, and
// for nonces longer than the 128 bytes that OpenSSL takes. `reference.test.ts` holds it against OpenSSL's AES-GCM.

/** GCTR's input blocks: inc32 steps only the last four bytes, and wraps (SP 800-38D §6.2). */
function counterBlocks(initial: Uint8Array, count: number): Uint8Array {
  const blocks = new Uint8Array(16 * count);
  const view = new DataView(blocks.buffer);
  const start = new DataView(initial.buffer, initial.byteOffset).getUint32(12);
  for (let index = 0; index < count; index++) {
    blocks.set(initial.subarray(0, 12), 16 * index);
    view.setUint32(16 * index + 12, (start + index) >>> 0);
  }
  return blocks;
}

/** The hash key H: the encryption of the zero block. */
export function hashKey(cipher: BlockCipherName, key: Uint8Array): Uint8Array<ArrayBuffer> {
  return opensslEncrypt({ cipher, mode: "ecb", key, data: new Uint8Array(16), padding: "none" });
}

/** J0, the pre-counter block (SP 800-38D §7.1, step 2). */
export function preCounterBlock(hash: ReturnType<typeof ghash>, nonce: Uint8Array): Uint8Array {
  if (nonce.length !== 12) return hash(new Uint8Array(0), nonce);
  return Uint8Array.of(...nonce, 0, 0, 0, 1);
}

/** GCM's authenticated encryption (SP 800-38D §7.1): ciphertext ‖ tag. */
export function gcm(cipher: BlockCipherName): (input: SealInput) => Uint8Array<ArrayBuffer> {
  return ({ key, nonce, plaintext, aad = new Uint8Array(0), tagLength = 16 }) => {
    const hash = ghash(hashKey(cipher, key));
    const blocks = counterBlocks(preCounterBlock(hash, nonce), 1 + Math.ceil(plaintext.length / 16));
    const stream = opensslEncrypt({ cipher, mode: "ecb", key, data: blocks, padding: "none" });
    const ciphertext = plaintext.map((byte, index) => byte ^ (stream[16 + index] ?? 0));
    const tag = hash(aad, ciphertext).map((byte, index) => byte ^ (stream[index] ?? 0));
    return Uint8Array.from([...ciphertext, ...tag.subarray(0, tagLength)]);
  };
}
