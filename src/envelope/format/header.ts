import type { Bytes } from "../../shared/byte-input.ts";
import { notAuthentic } from "./not-authentic.ts";
import { type Suite, suiteOfId } from "./suites.ts";

/**
 * The header, which precedes the segments:
 * ```
 * "LLK1" 4 ‖ suite 1 ‖ log2 of the segment size 1 ‖ u16be length ‖ wrapped data key ‖ salt 32 ‖ commitment 32
 * ```
 * Every field is bound to the segments: suite, segment size and salt through the key derivation, the wrapped data key and the
 * commitment through the data key itself.
 */
export interface Header {
  readonly suite: Suite;
  readonly segmentSizeLog2: number;
  /** The data key as the KMS wrapped it, 1 to 1,024 bytes. */
  readonly wrappedKey: Uint8Array;
  /** 32 random bytes. */
  readonly salt: Uint8Array;
  /** 32 bytes. */
  readonly commitment: Uint8Array;
}

export const MAGIC = Uint8Array.of(0x4c, 0x4c, 0x4b, 0x31);
export const SALT_LENGTH = 32;
export const COMMITMENT_LENGTH = 32;
/** Magic, suite, segment size and the length of the wrapped key: enough to know how long the header is. */
export const FIXED_LENGTH = 8;
export const MAX_WRAPPED_LENGTH = 1_024;
export const MAX_HEADER_LENGTH = headerLengthWith(MAX_WRAPPED_LENGTH);
/** 4 KiB and 16 MiB. */
export const SEGMENT_SIZE_LOG2 = { least: 12, most: 24 } as const;

export function headerLengthWith(wrappedLength: number): number {
  return FIXED_LENGTH + wrappedLength + SALT_LENGTH + COMMITMENT_LENGTH;
}

/**
 * The length of the header that begins with `start`; its first 8 bytes are enough. Rejects bytes that cannot be a header before
 * any more of them are read.
 *
 * @throws LanelockError `ERR_AUTHENTICATION`
 */
export function headerLength(start: Uint8Array): number {
  const wrappedLength = ((start[6] ?? 0) << 8) | (start[7] ?? 0);
  const sizeLog2 = start[5] ?? 0;
  const valid =
    start.length >= FIXED_LENGTH &&
    MAGIC.every((byte, index) => start[index] === byte) &&
    suiteOfId(start[4]) !== undefined &&
    sizeLog2 >= SEGMENT_SIZE_LOG2.least &&
    sizeLog2 <= SEGMENT_SIZE_LOG2.most &&
    wrappedLength >= 1 &&
    wrappedLength <= MAX_WRAPPED_LENGTH;
  if (!valid) throw notAuthentic();
  return headerLengthWith(wrappedLength);
}

/**
 * Reads a header from exactly its bytes, which are copied.
 *
 * @throws LanelockError `ERR_AUTHENTICATION`
 */
export function parseHeader(bytes: Uint8Array): Header {
  const length = headerLength(bytes);
  const suite = suiteOfId(bytes[4]);
  if (bytes.length !== length || suite === undefined) throw notAuthentic();
  const copy = new Uint8Array(bytes);
  const saltAt = length - COMMITMENT_LENGTH - SALT_LENGTH;
  return {
    suite,
    segmentSizeLog2: copy[5] ?? 0,
    wrappedKey: copy.subarray(FIXED_LENGTH, saltAt),
    salt: copy.subarray(saltAt, saltAt + SALT_LENGTH),
    commitment: copy.subarray(saltAt + SALT_LENGTH),
  };
}

/** Writes a header to the front of `into`, or to a new array of just its length. Returns what was written. */
export function encodeHeader(header: Header, into?: Bytes): Bytes {
  const { suite, segmentSizeLog2, wrappedKey, salt, commitment } = header;
  const length = headerLengthWith(wrappedKey.length);
  const bytes = into === undefined ? new Uint8Array(length) : into.subarray(0, length);
  bytes.set(MAGIC);
  bytes[4] = suite.id;
  bytes[5] = segmentSizeLog2;
  bytes[6] = wrappedKey.length >> 8;
  bytes[7] = wrappedKey.length & 0xff;
  bytes.set(wrappedKey, FIXED_LENGTH);
  bytes.set(salt, FIXED_LENGTH + wrappedKey.length);
  bytes.set(commitment, FIXED_LENGTH + wrappedKey.length + SALT_LENGTH);
  return bytes;
}
