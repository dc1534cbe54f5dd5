import type { Bytes } from "../../shared/byte-input.ts";
import { TAG_LENGTH } from "../format/segment-layout.ts";

/** Consecutive segments of one message. All are full, except the last one of a final batch. */
export interface SegmentBatch {
  /** Plaintext to seal, or ciphertext ‖ tag of every segment to open. */
  readonly bytes: Uint8Array;
  /** Index of the first segment. */
  readonly first: number;
  /** Whether the message ends with this batch. */
  readonly final: boolean;
}

export type BatchResult = Bytes | Promise<Bytes>;

/**
 * Seals or opens the segments of one message, on this or another thread. `seal` and `open` read the whole batch before they return,
 * so the caller may change its bytes afterwards. The result is a new array, or the front of `into`.
 */
export interface SegmentCipher {
  /** The best number of segments for a batch. */
  readonly batchSegments: number;
  /** Batches that may be in progress at once. */
  readonly parallelBatches: number;
  /** Reserves a place for one batch. Returns `undefined` if it has one now, or else a promise. */
  reserve(): Promise<void> | undefined;
  seal(batch: SegmentBatch, into?: Bytes): BatchResult;
  /** @throws LanelockError `ERR_AUTHENTICATION`; no part of the batch is released then */
  open(batch: SegmentBatch, into?: Bytes): BatchResult;
  /** Wipes the keys. Batches still in progress are lost. */
  dispose(): void;
}

export interface SegmentPlace {
  readonly index: number;
  readonly last: boolean;
  /** Its offset in the batch, and that of its result. */
  readonly start: number;
  readonly end: number;
  readonly resultStart: number;
}

/** The segments of a batch. Full ones have `unit` bytes, and `resultUnit` in the result. */
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

/** Bytes of plaintext in a batch to open; -1 if its last segment is shorter than a tag. */
export function openedBatchLength(sealedLength: number, segmentSize: number): number {
  const unit = segmentSize + TAG_LENGTH;
  const full = Math.max(0, Math.ceil(sealedLength / unit) - 1);
  const last = sealedLength - full * unit - TAG_LENGTH;
  return last < 0 ? -1 : full * segmentSize + last;
}

/** The number of whole segments that fit into `bytes`, at least one. */
export function segmentsIn(bytes: number, segmentSize: number): number {
  return Math.max(1, Math.floor(bytes / segmentSize));
}
