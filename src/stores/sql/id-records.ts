import { crc32 } from "node:zlib";
import type { RememberedId } from "../../kms/ports/index.ts";

/**
 * A batch of ids in a file that several processes append to:
 *
 * ```
 * magic (8) ‖ CRC-32 of the rest (4) ‖ how many ids (4) ‖ writer (8) ‖ batch (4) ‖ time, f64be (8) ‖ ids
 * each id: id (16) ‖ until, f64be (8)
 * ```
 * A disk that is full, or a process that is killed, can leave a part of a batch in the file. The next batch is found by its magic.
 */
const MAGIC = Buffer.from("896964730d0a1a0a", "hex");
const CRC_AT = 8;
const CHECKED_FROM = 12;
const WRITER_AT = 16;
const BATCH_AT = 24;
const TIME_AT = 28;
const HEADER_BYTES = 36;
export const WRITER_BYTES = 8;

const ID_BYTES = 16;
const ENTRY_BYTES = ID_BYTES + 8;

/** Ids of one record. What claims to have more is not a record, so that no file can make a reader sum up the same bytes without end. */
export const MAX_RECORD_IDS = 1_000;

interface Origin {
  /** 8 bytes, random for each opening of the store. */
  readonly writer: Uint8Array;
  /** The writer's own numbers: see {@link batchAfter}. */
  readonly batch: number;
  /** By the writer's clock, in milliseconds since 1970. */
  readonly at: number;
}

export interface IdRecord extends Origin {
  /** Where the next record begins. */
  readonly end: number;
  /** Calls `take` with the first 64 bits of each id. */
  each(take: (high: number, low: number, until: number) => void): void;
}

/** The number of a writer's next batch: from 1 up, and after 2^32 − 1 from 0 again. A busy server takes weeks to get there. */
export function batchAfter(batch: number): number {
  return (batch + 1) % 2 ** 32;
}

export function encodeRecord({ writer, batch, at, entries }: Origin & { entries: readonly RememberedId[] }): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + entries.length * ENTRY_BYTES);
  bytes.set(MAGIC);
  bytes.writeUInt32BE(entries.length, CHECKED_FROM);
  bytes.set(writer, WRITER_AT);
  bytes.writeUInt32BE(batch, BATCH_AT);
  bytes.writeDoubleBE(at, TIME_AT);
  let place = HEADER_BYTES;
  for (const { id, until } of entries) {
    bytes.set(id, place);
    bytes.writeDoubleBE(until, place + ID_BYTES);
    place += ENTRY_BYTES;
  }
  bytes.writeUInt32BE(crc32(bytes.subarray(CHECKED_FROM)), CRC_AT);
  return bytes;
}

/** The complete records in a part of a file, in their order. */
export function* records(bytes: Buffer): Generator<IdRecord> {
  for (let at = bytes.indexOf(MAGIC); at >= 0; at = bytes.indexOf(MAGIC, at)) {
    const record = recordAt(bytes, at);
    if (record === undefined) {
      at++;
    } else {
      yield record;
      at = record.end;
    }
  }
}

function recordAt(bytes: Buffer, start: number): IdRecord | undefined {
  if (start + HEADER_BYTES > bytes.length) return undefined;
  const first = start + HEADER_BYTES;
  const count = bytes.readUInt32BE(start + CHECKED_FROM);
  const end = first + count * ENTRY_BYTES;
  if (count > MAX_RECORD_IDS || end > bytes.length) return undefined;
  if (crc32(bytes.subarray(start + CHECKED_FROM, end)) !== bytes.readUInt32BE(start + CRC_AT)) return undefined;
  return {
    writer: bytes.subarray(start + WRITER_AT, start + BATCH_AT),
    batch: bytes.readUInt32BE(start + BATCH_AT),
    at: bytes.readDoubleBE(start + TIME_AT),
    end,
    each(take) {
      for (let at = first; at < end; at += ENTRY_BYTES) {
        take(bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4), bytes.readDoubleBE(at + ID_BYTES));
      }
    },
  };
}
