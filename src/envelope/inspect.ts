import { LanelockError } from "../errors.ts";
import { parseBlob } from "../kms/wire/blob.ts";
import { callersBytes } from "../shared/byte-input.ts";
import { headerLength, parseHeader } from "./format/header.ts";
import { layoutOfSegments } from "./format/segment-layout.ts";
import type { Suite } from "./format/suites.ts";

/** The header of a message. It is not verified: that needs the data key. */
export interface EnvelopeHeader {
  readonly suite: Suite["name"];
  /** Plaintext bytes of every segment but the last. */
  readonly segmentSize: number;
  /** Bytes of the header itself. */
  readonly headerLength: number;
  /** The version of the CMK that wrapped the data key, if it is a blob of this KMS. */
  readonly keyVersionId: string | undefined;
  /** The data key as the KMS wrapped it. */
  readonly wrappedKey: Uint8Array;
  /** 32 bytes. */
  readonly salt: Uint8Array;
  /** 32 bytes. */
  readonly commitment: Uint8Array;
}

/**
 * Reads the header at the front of a message, without any key. The first 1,096 bytes are enough.
 *
 * @throws LanelockError `ERR_AUTHENTICATION` if it is not an envelope message; `ERR_ARGUMENT`, `ERR_BUFFER`
 * @example
 * const { suite, keyVersionId } = inspectHeader(message);
 */
export function inspectHeader(message: Uint8Array): EnvelopeHeader {
  const bytes = callersBytes(message, "message");
  const end = headerLength(bytes.subarray(0, 8));
  const { suite, segmentSizeLog2, wrappedKey, salt, commitment } = parseHeader(bytes.subarray(0, end));
  return {
    suite: suite.name,
    segmentSize: 2 ** segmentSizeLog2,
    headerLength: end,
    keyVersionId: versionOf(wrappedKey),
    wrappedKey,
    salt,
    commitment,
  };
}

/** The layout that the size of a message implies. */
export interface MessageLayout {
  readonly segments: number;
  /** Bytes. */
  readonly plaintextLength: number;
}

/**
 * How much plaintext a message of `size` bytes holds, according to its header. Nothing is verified: a truncated message looks like
 * a shorter one until it is opened.
 *
 * @param start the first 1,096 bytes of the message, or all of it
 * @param size of the whole message, in bytes
 * @throws LanelockError `ERR_AUTHENTICATION` if it is not an envelope message, or no message has this size; `ERR_ARGUMENT`, `ERR_BUFFER`
 * @example
 * const { plaintextLength } = messageLayout(message.subarray(0, 1_096), message.length);
 */
export function messageLayout(start: Uint8Array, size: number): MessageLayout {
  const { headerLength: end, segmentSize } = inspectHeader(start);
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new LanelockError("ERR_ARGUMENT", "size must be a whole number of bytes, 0 or more");
  }
  const { segments, length } = layoutOfSegments(size - end, segmentSize);
  return { segments, plaintextLength: length };
}

function versionOf(wrappedKey: Uint8Array): string | undefined {
  try {
    return parseBlob(wrappedKey).versionId;
  } catch {
    return undefined;
  }
}
