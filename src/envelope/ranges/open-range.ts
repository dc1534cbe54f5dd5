import { LanelockError } from "../../errors.ts";
import { throwIfAborted } from "../../shared/abortable.ts";
import { type Bytes, checkBytes } from "../../shared/byte-input.ts";
import { equalInConstantTime } from "../../shared/encoding.ts";
import { pause } from "../../shared/pause.ts";
import { FIXED_LENGTH, type Header, headerLength, parseHeader } from "../format/header.ts";
import { notAuthentic } from "../format/not-authentic.ts";
import { type Layout, layoutOfSegments, TAG_LENGTH } from "../format/segment-layout.ts";
import { wipeMessageKeys } from "../keys/message-keys.ts";
import { type MessageOptions, ProgressCount } from "../message-options.ts";
import { startOpening } from "../message-start.ts";
import { makeSegmentCipher } from "../segments/make-segment-cipher.ts";
import type { SegmentCipher } from "../segments/segment-cipher.ts";
import { transferredAway } from "../transferred-away.ts";
import type { WholeContext } from "../whole/seal-whole.ts";
import { type RangeSource, type Reader, readerOf } from "./range-source.ts";

/** Part of the plaintext, in bytes. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** A message as it was when its last segment was verified, and so its length. */
interface Verified {
  readonly header: Uint8Array;
  readonly size: number;
}

interface OpenMessage extends Layout {
  readonly reader: Reader;
  readonly segmentSize: number;
  readonly headerEnd: number;
  readonly size: number;
  readonly cipher: SegmentCipher;
}

/** Reads ranges of messages. Remembers for which sources it has verified the last segment, but no secrets. */
export class RangeOpener {
  readonly #context: WholeContext;
  readonly #verified = new WeakMap<object, Verified>();

  constructor(context: WholeContext) {
    this.#context = context;
  }

  /** @throws LanelockError `ERR_AUTHENTICATION`, `ERR_BUFFER`, `ERR_RANGE`, `ERR_STORE`, `ERR_LIMIT` */
  async open(source: RangeSource, range: Range, options: MessageOptions): Promise<Bytes> {
    const length = lengthInMemory(source);
    try {
      return await this.#open(source, range, options);
    } catch (error) {
      // A transferred buffer looks like a truncated message.
      throw lengthInMemory(source) === length ? error : transferredAway(error);
    }
  }

  async #open(source: RangeSource, range: Range, { signal, onProgress }: MessageOptions): Promise<Bytes> {
    throwIfAborted(signal);
    const reader = readerOf(source, signal);
    const size = await reader.size();
    const { header, bytes: headerBytes } = await readHeader(reader, size);
    const segmentSize = 2 ** header.segmentSizeLog2;
    const layout = layoutOfSegments(size - headerBytes.length, segmentSize);
    const keys = await startOpening(this.#context.origin, header, { bytes: range.length, signal });
    let cipher: SegmentCipher | undefined;
    try {
      // A range of one byte costs a whole segment.
      const work = Math.min(Math.max(range.length, segmentSize), layout.length);
      cipher = await makeSegmentCipher(this.#context.target, keys, work);
      const message = { ...layout, reader, segmentSize, headerEnd: headerBytes.length, size, cipher };
      await this.#verifyEnd(source, headerBytes, message);
      checkRange(range, layout.length);
      return await openSegments(message, range, { signal, onProgress });
    } finally {
      cipher?.dispose();
      wipeMessageKeys(keys);
    }
  }

  /**
   * Opens the last segment, with the index that follows from the source's length. Only the real last segment was sealed with the
   * flag, so success proves the length of the message.
   */
  async #verifyEnd(source: object, header: Uint8Array, message: OpenMessage): Promise<void> {
    const known = this.#verified.get(source);
    if (known?.size === message.size && equalInConstantTime(known.header, header)) return;
    await openBatch(message, message.segments - 1, message.segments);
    this.#verified.set(source, { header, size: message.size });
  }
}

/** The length of a source in memory; `undefined` for any other source. */
function lengthInMemory(source: RangeSource): number | undefined {
  try {
    return ArrayBuffer.isView(source) ? checkBytes(source, "source") : undefined;
  } catch {
    return undefined;
  }
}

async function readHeader(reader: Reader, size: number): Promise<{ header: Header; bytes: Uint8Array }> {
  if (size < FIXED_LENGTH) throw notAuthentic();
  const end = headerLength(await reader.read(0, FIXED_LENGTH));
  if (size < end) throw notAuthentic();
  const bytes = new Uint8Array(await reader.read(0, end));
  return { header: parseHeader(bytes), bytes };
}

function checkRange({ offset, length }: Range, total: number): void {
  if (offset + length <= total) return;
  throw new LanelockError(
    "ERR_RANGE",
    `The message has ${total} bytes, not ${length} bytes at offset ${offset}: ask for a range inside it`,
  );
}

async function openSegments(
  message: OpenMessage,
  { offset, length }: Range,
  { signal, onProgress }: MessageOptions,
): Promise<Bytes> {
  const result = allocate(length);
  const progress = new ProgressCount(onProgress, length);
  const { segmentSize, cipher } = message;
  const end = offset + length;
  const lastSegment = Math.ceil(end / segmentSize);
  try {
    for (
      let first = Math.floor(offset / segmentSize);
      first < lastSegment && length > 0;
      first += cipher.batchSegments
    ) {
      const wait = pause();
      if (wait) await wait;
      throwIfAborted(signal);
      const opened = await openBatch(message, first, Math.min(first + cipher.batchSegments, lastSegment));
      const from = first * segmentSize;
      const part = opened.subarray(Math.max(0, offset - from), end - from);
      result.set(part, Math.max(offset, from) - offset);
      progress.add(part.length);
      opened.fill(0);
    }
    return result;
  } catch (error) {
    result.fill(0);
    throw error;
  }
}

/** The plaintext of the segments from `first` up to, not including, `after`. */
async function openBatch(message: OpenMessage, first: number, after: number): Promise<Bytes> {
  const { reader, segmentSize, headerEnd, size, segments, cipher } = message;
  const unit = segmentSize + TAG_LENGTH;
  const bytes = await reader.read(headerEnd + first * unit, Math.min(headerEnd + after * unit, size));
  const place = cipher.reserve();
  if (place) await place;
  return cipher.open({ bytes, first, final: after === segments });
}

function allocate(length: number): Bytes {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new LanelockError("ERR_LIMIT", `There is not enough memory for ${length} bytes: read the range in parts`, {
      cause,
    });
  }
}
