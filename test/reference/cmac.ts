import { type BlockCipherName, opensslEncrypt } from "./openssl-modes.ts";

// CMAC (SP 800-38B) written on OpenSSL's CBC: nothing of it is the engine's.

function double(block: Buffer): Buffer {
  const value = BigInt(`0x${block.toString("hex")}`) << 1n;
  const reduced = value >> 128n === 1n ? (value ^ 0x87n) & ((1n << 128n) - 1n) : value;
  return Buffer.from(reduced.toString(16).padStart(32, "0"), "hex");
}

function cbc(cipher: BlockCipherName, key: Uint8Array, data: Uint8Array): Buffer {
  return Buffer.from(opensslEncrypt({ cipher, mode: "cbc", key, iv: Buffer.alloc(16), data, padding: "none" }));
}

/** The tag, 16 bytes. */
export function opensslCmac(cipher: BlockCipherName, key: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  const first = double(cbc(cipher, key, Buffer.alloc(16)));
  const isWhole = message.length > 0 && message.length % 16 === 0;
  const padded = isWhole ? Buffer.from(message) : Buffer.alloc(message.length - (message.length % 16) + 16);
  if (!isWhole) {
    padded.set(message);
    padded[message.length] = 0x80;
  }
  const subkey = isWhole ? first : double(first);
  for (const [index, byte] of subkey.entries()) {
    const at = padded.length - 16 + index;
    padded[at] = (padded[at] ?? 0) ^ byte;
  }
  return Uint8Array.from(cbc(cipher, key, padded).subarray(-16));
}
