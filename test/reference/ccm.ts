import { type BlockCipherName, opensslEncrypt, type SealInput } from "./openssl-modes.ts";

// CCM over OpenSSL's CBC and CTR, because it has none for SM4 here. Written from SP 800-38C, appendix A, and RFC 3610, §2.

function numberBytes(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes.subarray(8 - length);
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((16 - (bytes.length % 16)) % 16)]);
}

function encodedAad(aad: Uint8Array): Buffer {
  if (aad.length === 0) return Buffer.alloc(0);
  const prefix = aad.length < 0xff00 ? numberBytes(aad.length, 2) : [0xff, 0xfe, ...numberBytes(aad.length, 4)];
  return padded(Buffer.concat([Buffer.from(prefix), aad]));
}

/** Ciphertext ‖ tag. */
export function ccm(cipher: BlockCipherName): (input: SealInput) => Uint8Array<ArrayBuffer> {
  return ({ key, nonce, plaintext, aad = new Uint8Array(0), tagLength = 16 }) => {
    const size = 15 - nonce.length;
    const flags = (aad.length > 0 ? 64 : 0) + ((tagLength - 2) / 2) * 8 + size - 1;
    const first = Buffer.concat([Buffer.of(flags), nonce, numberBytes(plaintext.length, size)]);
    const counter = Buffer.concat([Buffer.of(size - 1), nonce, Buffer.alloc(size)]);
    const blocks = Buffer.concat([first, encodedAad(aad), padded(plaintext)]);
    const none = { cipher, key, padding: "none" } as const;
    const chain = opensslEncrypt({ ...none, mode: "cbc", iv: Buffer.alloc(16), data: blocks });
    const text = Buffer.concat([chain.subarray(-16), plaintext]);
    const stream = opensslEncrypt({ ...none, mode: "ctr", iv: counter, data: text });
    return Uint8Array.from([...stream.subarray(16), ...stream.subarray(0, tagLength)]);
  };
}
