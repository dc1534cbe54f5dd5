import { type Bytes, plain } from "../../shared/byte-input.ts";
import type { NodeCipher } from "../../shared/node-crypto.ts";
import { algorithmOf } from "./backend.ts";
import { counterBlocks } from "./counter-blocks.ts";
import { NativeKey, nativeAes } from "./native-key.ts";
import { extended, giveBack, ownBytes, PIECE, resultFor, transformPieces, transformWhole } from "./pieces.ts";

/** OpenSSL takes no longer nonces. */
const LONGEST_NONCE = 128;

/** Additional data goes to node:crypto in one call, which takes no more. */
const LONGEST_AAD = 2 ** 31 - 1;

/** One message. Its arrays are checked, and have these lengths in bytes. */
export interface NativeMessage {
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly aadLength: number;
  /** Plaintext, or ciphertext ‖ tag. */
  readonly data: Uint8Array;
  /** Of the text, without the tag. */
  readonly length: number;
  readonly tagLength: number;
}

/** A key for AES-GCM by node:crypto. */
export class NativeGcm extends NativeKey {
  #encryptor: NodeCipher | undefined;
  #isWanted = false;

  /** Whether `keystream` is worth its object: not for the first message that asks, which may be the key's only one. */
  servesKeystream(): boolean {
    const before = this.#isWanted;
    this.#isWanted = true;
    return before;
  }

  /**
   * E(J0), then keystream (SP 800-38D §7.1), for a nonce of 12 bytes.
   *
   * @param count blocks of 16 bytes, at most 256
   */
  keystream(nonce: Uint8Array, count: number): Bytes {
    this.#encryptor ??= this.#newEncryptor();
    return ownBytes(this.#encryptor.update(counterBlocks(nonce, count)));
  }

  /** It holds back nothing of whole blocks, so one object serves all messages. */
  #newEncryptor(): NodeCipher {
    const cipher = this.crypto.createCipheriv(algorithmOf("ecb", this.bits), this.object, null);
    cipher.setAutoPadding(false);
    return cipher;
  }

  override drop(): void {
    this.#encryptor = undefined;
    super.drop();
  }

  /** Whether OpenSSL takes a nonce and additional data of these lengths in bytes. */
  takes(nonceLength: number, aadLength: number): boolean {
    return nonceLength <= LONGEST_NONCE && aadLength <= LONGEST_AAD;
  }

  /** Ciphertext ‖ tag, in `into` if it is given: of exactly their length, and it may overlap the plaintext. */
  seal({ nonce, aad, aadLength, data, length, tagLength }: NativeMessage, into: Bytes | undefined): Bytes {
    const cipher = this.crypto.createCipheriv(this.algorithm, this.object, nonce);
    if (aadLength > 0) cipher.setAAD(aad);
    let output = into;
    if (output === undefined && length <= PIECE) {
      output = extended(cipher.update(data), length, tagLength);
    } else {
      output ??= resultFor(length + tagLength);
      transformPieces(cipher, { input: data, length, output, secret: false });
    }
    cipher.final();
    const tag = cipher.getAuthTag();
    output.set(tagLength < 16 ? tag.subarray(0, tagLength) : tag, length);
    return output;
  }

  /** An object that decrypts the message; its text is to come. */
  #decipher(nonce: Uint8Array, tag: Bytes): NodeCipher {
    const options = { authTagLength: tag.length };
    const decipher = this.crypto.createDecipheriv(this.algorithm, this.object, nonce, options);
    decipher.setAuthTag(tag);
    return decipher;
  }

  /** Writes the plaintext to `opened`, of exactly its length. If the message is not authentic, or anything fails, `opened` is wiped. */
  openTo({ nonce, aad, aadLength, data, length, tagLength }: NativeMessage, opened: Bytes): boolean {
    const input = plain(data, length + tagLength);
    let authentic = false;
    try {
      const decipher = this.#decipher(nonce, input.subarray(length));
      if (aadLength > 0) decipher.setAAD(aad);
      transformPieces(decipher, { input: input.subarray(0, length), length, output: opened, secret: true });
      authentic = isFinal(decipher);
    } finally {
      if (!authentic) opened.fill(0);
    }
    return authentic;
  }

  /** The plaintext, or undefined if the message is not authentic: then `into` stays as it is. It may overlap the message. */
  open({ nonce, aad, aadLength, data, length, tagLength }: NativeMessage, into: Bytes | undefined): Bytes | undefined {
    const input = plain(data, length + tagLength);
    const decipher = this.#decipher(nonce, input.subarray(length));
    if (aadLength > 0) decipher.setAAD(aad);
    const opened = transformWhole(decipher, input.subarray(0, length), length);
    let authentic = false;
    try {
      authentic = isFinal(decipher);
      if (authentic) into?.set(opened);
    } finally {
      if (!authentic || into !== undefined) opened.fill(0);
    }
    if (authentic && into === undefined) return opened;
    giveBack(opened);
    return authentic ? into : undefined;
  }
}

/** Whether the tag is right, which is the only thing that can be wrong at the end. */
function isFinal(decipher: { final(): unknown }): boolean {
  try {
    decipher.final();
    return true;
  } catch (error) {
    // An exhausted stack says nothing of the message. The error is of Node's realm.
    if (Object(error).name === "RangeError") throw error;
    return false;
  }
}

export const nativeAesGcm = nativeAes("gcm", (source) => new NativeGcm(source));
