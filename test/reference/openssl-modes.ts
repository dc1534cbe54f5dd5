import { createCipheriv, createDecipheriv } from "node:crypto";

// What the engine is compared with: OpenSSL, through node:crypto.

export type BlockCipherName = "aes" | "sm4";
export type ModeName = "ecb" | "cbc" | "ctr" | "cfb" | "ofb";

export interface ModeInput {
  readonly cipher: BlockCipherName;
  readonly mode: ModeName;
  readonly key: Uint8Array;
  /** The IV or counter block; ECB has none. */
  readonly iv?: Uint8Array | undefined;
  readonly data: Uint8Array;
  readonly padding?: "pkcs7" | "none" | undefined;
}

/** OpenSSL's name: `aes-256-cbc`, `sm4-cbc`. */
export function opensslName(cipher: BlockCipherName, mode: string, key: Uint8Array): string {
  return cipher === "aes" ? `aes-${key.length * 8}-${mode}` : `sm4-${mode}`;
}

export function opensslEncrypt({ cipher, mode, key, iv, data, padding = "pkcs7" }: ModeInput): Uint8Array<ArrayBuffer> {
  const encryption = createCipheriv(opensslName(cipher, mode, key), key, iv ?? null);
  encryption.setAutoPadding(padding === "pkcs7");
  return Uint8Array.from(Buffer.concat([encryption.update(data), encryption.final()]));
}

export function opensslDecrypt({ cipher, mode, key, iv, data, padding = "pkcs7" }: ModeInput): Uint8Array<ArrayBuffer> {
  const decryption = createDecipheriv(opensslName(cipher, mode, key), key, iv ?? null);
  decryption.setAutoPadding(padding === "pkcs7");
  return Uint8Array.from(Buffer.concat([decryption.update(data), decryption.final()]));
}

export interface SealInput {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly aad?: Uint8Array | undefined;
  /** Bytes; 16 if left out. */
  readonly tagLength?: number | undefined;
}

/** AES-GCM: ciphertext ‖ tag. OpenSSL takes nonces of 1 to 128 bytes. */
export function opensslAesGcm({ key, nonce, plaintext, aad, tagLength = 16 }: SealInput): Uint8Array<ArrayBuffer> {
  const name = key.length === 16 ? "aes-128-gcm" : key.length === 24 ? "aes-192-gcm" : "aes-256-gcm";
  const encryption = createCipheriv(name, key, nonce, { authTagLength: tagLength });
  if (aad) encryption.setAAD(aad);
  const ciphertext = Buffer.concat([encryption.update(plaintext), encryption.final()]);
  return Uint8Array.from(Buffer.concat([ciphertext, encryption.getAuthTag()]));
}

export function opensslAesCcm({ key, nonce, plaintext, aad, tagLength = 16 }: SealInput): Uint8Array<ArrayBuffer> {
  const name = key.length === 16 ? "aes-128-ccm" : key.length === 24 ? "aes-192-ccm" : "aes-256-ccm";
  const encryption = createCipheriv(name, key, nonce, { authTagLength: tagLength });
  if (aad) encryption.setAAD(aad, { plaintextLength: plaintext.length });
  const ciphertext = Buffer.concat([encryption.update(plaintext), encryption.final()]);
  return Uint8Array.from(Buffer.concat([ciphertext, encryption.getAuthTag()]));
}

/** AES-KW, or with `padded` AES-KWP. */
export function opensslWrap(key: Uint8Array, material: Uint8Array, padded: boolean): Uint8Array<ArrayBuffer> {
  const name = `id-aes${key.length * 8}-wrap${padded ? "-pad" : ""}`;
  const initial = padded ? "a65959a6" : "a6a6a6a6a6a6a6a6";
  const encryption = createCipheriv(name, key, Buffer.from(initial, "hex"));
  return Uint8Array.from(Buffer.concat([encryption.update(material), encryption.final()]));
}
