import type { Bytes } from "../../shared/byte-input.ts";
import { isPromise } from "../../shared/maybe-promise.ts";
import { headerLength, parseHeader } from "../format/header.ts";
import { layoutOfSegments, TAG_LENGTH } from "../format/segment-layout.ts";
import { wipeMessageKeys } from "../keys/message-keys.ts";
import { type MessageOptions, ProgressCount } from "../message-options.ts";
import { startOpening } from "../message-start.ts";
import { makeSegmentCipher } from "../segments/make-segment-cipher.ts";
import { resultBuffer } from "../segments/result-buffer.ts";
import { openedBatchLength, type SegmentCipher } from "../segments/segment-cipher.ts";
import { transferredAway } from "../transferred-away.ts";
import { processWhole, type WholeWork } from "./process-whole.ts";
import type { WholeContext } from "./seal-whole.ts";

/**
 * Opens a message that is in memory.
 *
 * @throws LanelockError `ERR_AUTHENTICATION` if any part of it differs from what was sealed; nothing is returned then
 */
export async function openWhole(
  { origin, target }: WholeContext,
  message: Uint8Array,
  { signal, onProgress }: MessageOptions,
): Promise<Bytes> {
  const headerEnd = headerLength(message.subarray(0, 8));
  const header = parseHeader(message.subarray(0, headerEnd));
  const segmentSize = 2 ** header.segmentSizeLog2;
  const input = message.subarray(headerEnd);
  const sealedLength = input.length;
  const { length } = layoutOfSegments(sealedLength, segmentSize);
  const starting = startOpening(origin, header, { bytes: length, signal });
  const keys = isPromise(starting) ? await starting : starting;
  let cipher: SegmentCipher | undefined;
  let output: Bytes | undefined;
  let opened = false;
  try {
    const making = makeSegmentCipher(target, keys, length);
    cipher = isPromise(making) ? await making : making;
    if (input.length !== sealedLength) throw transferredAway();
    output = resultBuffer(length);
    const progress = new ProgressCount(onProgress, length);
    const working = processWhole(opening(cipher, segmentSize, { input, output, progress, signal }));
    if (working) await working;
    opened = true;
    return output;
  } finally {
    cipher?.dispose();
    wipeMessageKeys(keys);
    if (!opened) output?.fill(0);
  }
}

function opening(
  cipher: SegmentCipher,
  segmentSize: number,
  { input, output, progress, signal }: Pick<WholeWork, "input" | "output" | "progress" | "signal">,
): WholeWork {
  return {
    input,
    output,
    progress,
    signal,
    cipher,
    unit: segmentSize + TAG_LENGTH,
    resultUnit: segmentSize,
    process: (batch, into) => cipher.open(batch, into),
    plaintextLength: (batch) => openedBatchLength(batch.bytes.length, segmentSize),
  };
}
