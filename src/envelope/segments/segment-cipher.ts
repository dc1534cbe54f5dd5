import type { Bytes } from "../../shared/byte-input.ts";
import { TAG_LENGTH } from "../format/segment-layout.ts";

/** Consecutive segments of one message, all full but, in a final batch, the last. */
export interface SegmentBatch {
  /** Plaintext to seal, or ciphertext ‖ tag of every segment to open. */
  readonly bytes: Uint8Array;
  /** Index of the first segment. */
  readonly first: number;
  /** Whether the message ends with this run. */
  readonly final: boolean;
}

export type BatchResult = Bytes | Promise<Bytes>;

/**
 * Seals or opens the segments of one message, somewhere. A run is taken in before `seal` or `open` returns, so that its bytes
 * may change afterwards; the result is a new array, or the front of `into`.
 */
export interface SegmentCipher {
  /** Segments a run has best. */
  readonly batchSegments: number;
  /** Runs that may be at work at once. */
  readonly parallelBatches: number;
  /** Settles when another run can begin, and keeps its place; `undefined` when that is now. */
  reserve(): Promise<void> | undefined;
  seal(batch: SegmentBatch, into?: Bytes): BatchResult;
  /** @throws LanelockError `ERR_AUTHENTICATION`; nothing of the run is then released */
  open(batch: SegmentBatch, into?: Bytes): BatchResult;
  /** Wipes the keys. Runs that are still at work are lost. */
  dispose(): void;
}

export interface SegmentPlace {
  readonly index: number;
  readonly last: boolean;
  /** Where it stands in the batch, and where its result goes. */
  readonly start: number;
  readonly end: number;
  readonly resultStart: number;
}

/** The segments of a run whose full segments have `unit` bytes, and `resultUnit` when result. */
export function segmentsOf(batch: SegmentBatch, unit: number, resultUnit: number): SegmentPlace[] {
  const { bytes, first, final } = batch;
  const count = Math.max(1, Math.ceil(bytes.length / unit));
  const places: SegmentPlace[] = [];
  for (let i = 0; i < count; i++) {
    const start = i * unit;
    const end = Math.min(start + unit, bytes.length);
    places.push({ index: first + i, last: final && i === count - 1, start, end, resultStart: i * resultUnit });
  }
  return places;
}

export function sealedBatchLength(plaintextLength: number, segmentSize: number): number {
  return plaintextLength + Math.max(1, Math.ceil(plaintextLength / segmentSize)) * TAG_LENGTH;
}

/** Bytes of plaintext in a run to open; -1 if its last segment is shorter than a tag. */
export function openedBatchLength(sealedLength: number, segmentSize: number): number {
  const unit = segmentSize + TAG_LENGTH;
  const full = Math.max(0, Math.ceil(sealedLength / unit) - 1);
  const last = sealedLength - full * unit - TAG_LENGTH;
  return last < 0 ? -1 : full * segmentSize + last;
}

/** As many whole segments as make about `bytes`, at least one. */
export function segmentsIn(bytes: number, segmentSize: number): number {
  return Math.max(1, Math.floor(bytes / segmentSize));
}
