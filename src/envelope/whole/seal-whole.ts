import type { Bytes } from "../../shared/byte-input.ts";
import { encodeHeader, headerLengthWith } from "../format/header.ts";
import { layoutOfPlaintext, TAG_LENGTH } from "../format/segment-layout.ts";
import { wipeMessageKeys } from "../keys/message-keys.ts";
import { type MessageOrigin, startSealing } from "../message-start.ts";
import { type MessageOptions, ProgressCount } from "../progress.ts";
import { type ExecutionTarget, makeSegmentCipher } from "../segments/make-segment-cipher.ts";
import { resultBuffer } from "../segments/result-buffer.ts";
import type { SegmentCipher } from "../segments/segment-cipher.ts";
import { processWhole, type WholeWork } from "./process-whole.ts";

export interface WholeContext {
  readonly origin: MessageOrigin;
  readonly target: ExecutionTarget;
}

/**
 * Seals bytes that are in memory. Where that takes more than this turn of the event loop, it works on a copy of them, so that the
 * caller may change or wipe them as soon as this returns. A small message under a cached data key is done in this turn.
 */
export async function sealWhole(
  { origin, target }: WholeContext,
  plaintext: Uint8Array,
  { signal, onProgress }: MessageOptions,
): Promise<Bytes> {
  const segmentSize = 2 ** origin.segmentSizeLog2;
  const { length, segments } = layoutOfPlaintext(plaintext.length, segmentSize);
  const starting = startSealing(origin, { bytes: length, signal });
  let input = segments > 1 || starting instanceof Promise ? new Uint8Array(plaintext) : plaintext;
  const { header, keys } = starting instanceof Promise ? await starting : starting;
  let cipher: SegmentCipher | undefined;
  try {
    const making = makeSegmentCipher(target, keys, length);
    if (making instanceof Promise && input === plaintext) input = new Uint8Array(plaintext);
    cipher = making instanceof Promise ? await making : making;
    const headerEnd = headerLengthWith(header.wrappedKey.length);
    const message = resultBuffer(headerEnd + length + segments * TAG_LENGTH);
    encodeHeader(header, message);
    const output = message.subarray(headerEnd);
    const progress = new ProgressCount(onProgress, length);
    const working = processWhole(sealing(cipher, segmentSize, { input, output, progress, signal }));
    if (working) await working;
    return message;
  } finally {
    cipher?.dispose();
    wipeMessageKeys(keys);
    if (input !== plaintext) input.fill(0);
  }
}

function sealing(
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
    unit: segmentSize,
    resultUnit: segmentSize + TAG_LENGTH,
    work: (batch, into) => cipher.seal(batch, into),
    plaintextLength: (batch) => batch.bytes.length,
  };
}
