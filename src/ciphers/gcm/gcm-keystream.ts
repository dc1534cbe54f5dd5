// GCM messages of middle length by both implementations: node:crypto encrypts the counter blocks, with an object that it keeps for the
// key instead of one for each message; the engine hashes. For nonces of 12 bytes. In the engine's IO stands the state of a message
// (assembly/mode/gcm.ts), and behind it what GHASH takes:
//
//     offset 32    the hash
//     offset 80    the tag to compare with
//     offset 96    the additional data and zeros to a multiple of 16, the text and zeros, their lengths in bits, 8 bytes each
//
// The keystream begins with E(J0), which masks the tag.
import { enter, failed } from "../../engine/call.ts";
import type { Engine } from "../../engine/load.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import type { GcmCipher } from "../engine-binding/cipher-engine.ts";
import { taken } from "../engine-binding/result.ts";
import type { NativeGcm, NativeMessage } from "../native/gcm.ts";
import { giveBack } from "../native/pieces.ts";

const HASH = 32;
const EXPECTED = 80;
const HASHED = 96;

/** A key as both hold it. */
export interface SharedKey {
  readonly cipher: GcmCipher;
  /** In the engine's memory. */
  readonly slot: number;
  readonly native: NativeGcm;
}

function roundedUp(length: number): number {
  return (length + 15) & ~15;
}

/** Blocks of keystream for a text, and for the tag. */
function blocksFor(length: number): number {
  return 1 + (roundedUp(length) >> 4);
}

/** Copies additional data and text to IO; returns where the text begins. */
function place({ bytes, io }: Engine, { aad, aadLength, data }: NativeMessage): number {
  const text = io + HASHED + roundedUp(aadLength);
  if (aadLength > 0) bytes.set(aad, io + HASHED);
  bytes.set(data, text);
  return text;
}

/** Adds keystream to the text in IO, rounded up to whole blocks. Unrolled: faster by a third in Node 20. */
function addKeystream({ buffer }: Engine, text: number, keystream: Bytes): void {
  const count = (keystream.length - 16) >> 2;
  const words = new Int32Array(buffer, text, count);
  const added = new Int32Array(keystream.buffer, 16, count);
  for (let i = 0; i < count; i += 4) {
    words[i] = (words[i] ?? 0) ^ (added[i] ?? 0);
    words[i + 1] = (words[i + 1] ?? 0) ^ (added[i + 1] ?? 0);
    words[i + 2] = (words[i + 2] ?? 0) ^ (added[i + 2] ?? 0);
    words[i + 3] = (words[i + 3] ?? 0) ^ (added[i + 3] ?? 0);
  }
}

/** Hashes additional data and ciphertext in IO. What stands behind the ciphertext is overwritten. */
function hash(host: Engine, { cipher, slot }: SharedKey, { aadLength, length }: NativeMessage): void {
  const { bytes, buffer, io } = host;
  const text = io + HASHED + roundedUp(aadLength);
  const end = text + roundedUp(length);
  bytes.fill(0, text + length, end + 16);
  const view = new DataView(buffer, end);
  view.setUint32(4, 8 * aadLength);
  view.setUint32(12, 8 * length);
  cipher.gcmHashText(slot, io, io + HASHED, end + 16 - (io + HASHED));
}

/** Ends the call: wipes IO and the keystream, unless that became the result. */
function finish(host: Engine, text: number, length: number, keystream: Bytes | undefined): void {
  const { exports, io } = host;
  exports.wipe(io, text + roundedUp(length) + 32 - io);
  if (keystream !== undefined) {
    keystream.fill(0);
    giveBack(keystream);
  }
  host.busy = false;
}

/** Ciphertext ‖ tag, in `into` if it is given: of exactly their length, and it may overlap the plaintext. */
export function sealWithKeystream(key: SharedKey, message: NativeMessage, into: Bytes | undefined): Bytes {
  const { nonce, length, tagLength } = message;
  const host = enter();
  let keystream: Bytes | undefined;
  try {
    const { bytes, io } = host;
    keystream = key.native.keystream(nonce, blocksFor(length));
    const text = place(host, message);
    addKeystream(host, text, keystream);
    hash(host, key, message);
    for (let i = 0; i < 16; i += 1) {
      bytes[text + length + i] = (bytes[io + HASH + i] ?? 0) ^ (keystream[i] ?? 0);
    }
    const fits = keystream.length === length + tagLength;
    const sealed = taken(host, text, length + tagLength, into ?? (fits ? keystream : undefined));
    finish(host, text, length, sealed === keystream ? undefined : keystream);
    return sealed;
  } catch (error) {
    // With the ciphertext it would give the text.
    keystream?.fill(0);
    throw failed(host, error);
  }
}

/** The plaintext, or undefined if the message is not authentic: then `into` stays as it is. It may overlap the message. */
export function openWithKeystream(key: SharedKey, message: NativeMessage, into: Bytes | undefined): Bytes | undefined {
  const { nonce, length, tagLength } = message;
  const host = enter();
  let keystream: Bytes | undefined;
  try {
    const { bytes, io } = host;
    const text = place(host, message);
    bytes.copyWithin(io + EXPECTED, text + length, text + length + tagLength);
    hash(host, key, message);
    keystream = key.native.keystream(nonce, blocksFor(length));
    let difference = 0;
    for (let i = 0; i < tagLength; i += 1) {
      difference |= (bytes[io + EXPECTED + i] ?? 0) ^ (bytes[io + HASH + i] ?? 0) ^ (keystream[i] ?? 0);
    }
    let opened: Bytes | undefined;
    if (difference === 0) {
      addKeystream(host, text, keystream);
      opened = taken(host, text, length, into);
    }
    finish(host, text, length, keystream);
    return opened;
  } catch (error) {
    // With the ciphertext it would give the text.
    keystream?.fill(0);
    throw failed(host, error);
  }
}
