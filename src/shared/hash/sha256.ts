import { sha256 as portable } from "@noble/hashes/sha2.js";
import { toHex, utf8 } from "../encoding.ts";

const node = globalThis.process?.getBuiltinModule?.("node:crypto");

/** Whether the host has a synchronous SHA-256 of its own, as Node has. */
export const hasOwnSha256: boolean = node !== undefined;

/**
 * SHA-256 on the warm path of calls with an encryption context: Node's own where there is one, which hashes 32 bytes three
 * times as fast as JavaScript. Browsers have no synchronous hash.
 */
export const sha256: (data: Uint8Array) => Uint8Array = node
  ? (data) => fromLatin1(node.hash("sha256", data, "binary"))
  : (data) => portable(data);

/** SHA-256 of a text's UTF-8 bytes. */
export const sha256OfText: (text: string) => Uint8Array = node
  ? (text) => fromLatin1(node.hash("sha256", text, "binary"))
  : (text) => portable(utf8(text));

/** SHA-256 in hexadecimal, of bytes or of a text's UTF-8. */
export const sha256Hex: (data: Uint8Array | string) => string = node
  ? (data) => node.hash("sha256", data, "hex")
  : (data) => toHex(portable(typeof data === "string" ? utf8(data) : data));

/** Through a string: a `Buffer` for the digest would be memory outside the heap, which costs more than hashing. */
function fromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const BLOCK = 64;

/**
 * HMAC-SHA-256 (RFC 2104) under one key of at most 64 bytes, which is padded once. Two one-shot hashes cost a fifth of setting up a
 * library's HMAC object, and the audit log makes an HMAC for every new encryption context.
 */
export class HmacSha256 {
  /** The padded key, with space for the message after it. */
  #message: Uint8Array = new Uint8Array(BLOCK + 32).fill(0x36, 0, BLOCK);
  readonly #outer = new Uint8Array(BLOCK + 32).fill(0x5c, 0, BLOCK);

  constructor(key: Uint8Array) {
    key.forEach((byte, index) => {
      this.#message[index] = byte ^ 0x36;
      this.#outer[index] = byte ^ 0x5c;
    });
  }

  digest(data: Uint8Array): Uint8Array {
    return sha256(this.#outerMessage(data));
  }

  /** In hexadecimal. */
  hexDigest(data: Uint8Array): string {
    return sha256Hex(this.#outerMessage(data));
  }

  #outerMessage(data: Uint8Array): Uint8Array {
    if (this.#message.length < BLOCK + data.length) this.#message = this.#grown(data.length);
    this.#message.set(data, BLOCK);
    const message = this.#message.subarray(0, BLOCK + data.length);
    this.#outer.set(sha256(message), BLOCK);
    // It may be key material, whose fingerprint this is.
    message.fill(0, BLOCK);
    return this.#outer;
  }

  #grown(length: number): Uint8Array {
    const message = new Uint8Array(BLOCK + length);
    message.set(this.#message.subarray(0, BLOCK));
    this.#message.fill(0);
    return message;
  }

  dispose(): void {
    this.#message.fill(0);
    this.#outer.fill(0);
  }
}
