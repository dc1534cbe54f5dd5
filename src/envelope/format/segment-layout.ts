import { LanelockError } from "../../errors.ts";
import { notAuthentic } from "./not-authentic.ts";

export const TAG_LENGTH = 16;
/** The index of a segment is a u32; its largest value is not used. */
export const MAX_SEGMENTS = 2 ** 32 - 1;

/**
 * How a plaintext is divided into segments of ciphertext ‖ tag. All have the same size except the last, which holds at least
 * 1 byte of plaintext unless the message is empty.
 */
export interface Layout {
  readonly segments: number;
  /** Bytes of plaintext. */
  readonly length: number;
}

/** @throws LanelockError `ERR_LIMIT` for more than 2^32 − 1 segments */
export function layoutOfPlaintext(length: number, segmentSize: number): Layout {
  const segments = Math.max(1, Math.ceil(length / segmentSize));
  if (segments > MAX_SEGMENTS || !Number.isSafeInteger(length + segments * TAG_LENGTH)) throw tooLong(segmentSize);
  return { segments, length };
}

export function tooLong(segmentSize: number): LanelockError {
  return new LanelockError(
    "ERR_LIMIT",
    `A message has at most ${MAX_SEGMENTS} segments, here of ${segmentSize} bytes: choose a larger segmentSize`,
  );
}

/**
 * The layout of a message whose segments have `sealedLength` bytes in all.
 *
 * @throws LanelockError `ERR_AUTHENTICATION` for a length that no plaintext produces
 */
export function layoutOfSegments(sealedLength: number, segmentSize: number): Layout {
  const segments = Math.max(1, Math.ceil(sealedLength / (segmentSize + TAG_LENGTH)));
  const length = sealedLength - segments * TAG_LENGTH;
  const least = segments === 1 ? 0 : (segments - 1) * segmentSize + 1;
  if (!(length >= least) || segments > MAX_SEGMENTS) throw notAuthentic();
  return { segments, length };
}
