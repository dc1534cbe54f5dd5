import { type CipherGCMTypes, createCipheriv, createDecipheriv, createSecretKey, getCiphers } from "node:crypto";
import type { Contender } from "../case.ts";

export const NODE = "node:crypto";

export interface GcmInput {
  /** As node:crypto calls it, such as `aes-256-gcm`. */
  readonly algorithm: string;
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly data: Uint8Array;
}

export interface BlockInput {
  readonly algorithm: string;
  readonly key: Uint8Array;
  readonly iv: Uint8Array | null;
  readonly data: Uint8Array;
}

/** Whether this Node has the algorithm: SM4-GCM is in Node 26. */
export function nodeHas(algorithm: string): boolean {
  return getCiphers().includes(algorithm);
}

/** Seals with a KeyObject, since some versions of Node take ten times as long with a raw key. */
export function nodeSeal({ algorithm, key, nonce, aad, data }: GcmInput): Contender {
  const secret = createSecretKey(key);
  return {
    name: NODE,
    run: () => {
      const cipher = createCipheriv(algorithm as CipherGCMTypes, secret, nonce);
      cipher.setAAD(aad);
      cipher.update(data);
      cipher.final();
      cipher.getAuthTag();
      return undefined;
    },
  };
}

export function nodeOpen({ algorithm, key, nonce, aad, data }: GcmInput): Contender {
  const secret = createSecretKey(key);
  const ciphertext = data.subarray(0, -16);
  const tag = data.subarray(-16);
  return {
    name: NODE,
    run: () => {
      const cipher = createDecipheriv(algorithm as CipherGCMTypes, secret, nonce);
      cipher.setAAD(aad);
      cipher.setAuthTag(tag);
      const plaintext = cipher.update(ciphertext);
      cipher.final();
      return plaintext;
    },
  };
}

export function nodeEncrypt({ algorithm, key, iv, data }: BlockInput): Contender {
  const secret = createSecretKey(key);
  return {
    name: NODE,
    run: () => {
      const cipher = createCipheriv(algorithm, secret, iv);
      cipher.setAutoPadding(false);
      const ciphertext = cipher.update(data);
      cipher.final();
      return ciphertext;
    },
  };
}

export function nodeDecrypt({ algorithm, key, iv, data }: BlockInput): Contender {
  const secret = createSecretKey(key);
  return {
    name: NODE,
    run: () => {
      const cipher = createDecipheriv(algorithm, secret, iv);
      cipher.setAutoPadding(false);
      const plaintext = cipher.update(data);
      cipher.final();
      return plaintext;
    },
  };
}
