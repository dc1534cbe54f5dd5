import { LanelockError } from "../../errors.ts";
import type { Bytes } from "../byte-input.ts";
import { BLOCK_LENGTH, begin, compress, DIGEST_LENGTH, wipeSchedule } from "./sha256-block.ts";

export interface HkdfInput {
  /** At most 64 bytes. */
  readonly key: Uint8Array;
  /** At most 64 bytes. */
  readonly salt: Uint8Array;
  /** At most 64 bytes. */
  readonly info: Uint8Array;
  /** Bytes to derive. */
  readonly length: number;
}

/** The text that is hashed after a padded key: at most a digest, 64 bytes of info, a counter, and the padding of SHA-256. */
const text = new Uint8Array(3 * BLOCK_LENGTH);
const textView = new DataView(text.buffer);
const pad = new Uint8Array(BLOCK_LENGTH);
const padView = new DataView(pad.buffer);
/** The states after the two padded keys of an HMAC, and the working state. */
const inner = new Int32Array(8);
const outer = new Int32Array(8);
const state = new Int32Array(8);
const scratch = [text, pad, inner, outer, state];

/**
 * HKDF with SHA-256 (RFC 5869), extract and expand, for short input: every message derives its keys. It takes 14 blocks of
 * SHA-256 and little else, and wipes its scratch memory.
 *
 * @throws LanelockError `ERR_ARGUMENT` for longer input
 */
export function hkdfSha256({ key, salt, info, length }: HkdfInput): Bytes {
  if (Math.max(key.length, salt.length, info.length) > BLOCK_LENGTH) {
    throw new LanelockError("ERR_ARGUMENT", `key, salt and info have at most ${BLOCK_LENGTH} bytes here`);
  }
  const output = new Uint8Array(length);
  setKey(salt);
  text.set(key);
  hmac(key.length);
  setKey(text.subarray(0, DIGEST_LENGTH));
  for (let at = 0, counter = 1; at < length; at += DIGEST_LENGTH, counter++) {
    // The previous digest is already at the front.
    const infoAt = counter === 1 ? 0 : DIGEST_LENGTH;
    text.set(info, infoAt);
    text[infoAt + info.length] = counter;
    hmac(infoAt + info.length + 1);
    const part = Math.min(DIGEST_LENGTH, length - at);
    for (let i = 0; i < part; i++) output[at + i] = text[i] as number;
  }
  for (const secret of scratch) secret.fill(0);
  wipeSchedule();
  return output;
}

/** RFC 2104: both halves of the padded key, hashed once for all messages under it. */
function setKey(key: Uint8Array): void {
  padded(inner, key, 0x36);
  padded(outer, key, 0x5c);
}

function padded(half: Int32Array, key: Uint8Array, byte: number): void {
  pad.fill(byte);
  for (let i = 0; i < key.length; i++) pad[i] = (key[i] as number) ^ byte;
  begin(half);
  compress(half, padView, 0);
}

/** Replaces the first `length` bytes of the text by their HMAC. */
function hmac(length: number): void {
  finish(inner, length);
  finish(outer, DIGEST_LENGTH);
}

/** Ends a hash after its first block with the first `length` bytes of the text, and replaces them by the digest. */
function finish(from: Int32Array, length: number): void {
  state.set(from);
  const end = Math.ceil((length + 9) / BLOCK_LENGTH) * BLOCK_LENGTH;
  text.fill(0, length, end);
  text[length] = 0x80;
  textView.setUint32(end - 4, 8 * (BLOCK_LENGTH + length));
  for (let at = 0; at < end; at += BLOCK_LENGTH) compress(state, textView, at);
  for (let i = 0; i < 8; i++) textView.setInt32(4 * i, state[i] as number);
}
