import type { Bytes } from "../../shared/byte-input.ts";
import { isPromise } from "../../shared/maybe-promise.ts";
import { encodeHeader, headerLengthWith } from "../format/header.ts";
import { layoutOfPlaintext, TAG_LENGTH } from "../format/segment-layout.ts";
import { wipeMessageKeys } from "../keys/message-keys.ts";
import { type MessageOptions, ProgressCount } from "../message-options.ts";
import { type MessageOrigin, type SealingStart, startSealing } from "../message-start.ts";
import { type ExecutionTarget, makeSegmentCipher } from "../segments/make-segment-cipher.ts";
import { privateCopy, resultBuffer } from "../segments/result-buffer.ts";
import type { SegmentCipher } from "../segments/segment-cipher.ts";
import { processWhole, type WholeWork } from "./process-whole.ts";

export interface WholeContext {
  readonly origin: MessageOrigin;
  readonly target: ExecutionTarget;
}

/**
 * Seals bytes in memory. A small message under a cached data key is sealed synchronously. Otherwise it seals a copy, so that the
 * caller may change or wipe the bytes at once.
 */
export async function sealWhole(
  { origin, target }: WholeContext,
  plaintext: Uint8Array,
  { signal, onProgress }: MessageOptions,
): Promise<Bytes> {
  const segmentSize = 2 ** origin.segmentSizeLog2;
  const { length, segments } = layoutOfPlaintext(plaintext.length, segmentSize);
  const headerEnd = headerLengthWith(origin.dataKeys.wrappedKeyLength);
  // Allocated first, so that a lack of memory costs no call to the KMS.
  const message = resultBuffer(headerEnd + length + segments * TAG_LENGTH);
  let input = segments > 1 ? privateCopy(plaintext) : plaintext;
  const starting = startSealing(origin, { bytes: length, signal });
  if (isPromise(starting) && input === plaintext) input = copyOrDrop(plaintext, starting);
  let cipher: SegmentCipher | undefined;
  let started: SealingStart | undefined;
  try {
    started = isPromise(starting) ? await starting : starting;
    const { header, keys } = started;
    const making = makeSegmentCipher(target, keys, length);
    if (isPromise(making) && input === plaintext) input = privateCopy(plaintext);
    cipher = isPromise(making) ? await making : making;
    encodeHeader(header, message);
    const output = message.subarray(headerEnd);
    const progress = new ProgressCount(onProgress, length);
    const working = processWhole(sealing(cipher, segmentSize, { input, output, progress, signal }));
    if (working) await working;
    return message;
  } finally {
    cipher?.dispose();
    if (started) wipeMessageKeys(started.keys);
    if (input !== plaintext) input.fill(0);
  }
}

/** A copy of the plaintext. If there is no memory for it, the keys that are still loading are wiped when they arrive. */
function copyOrDrop(plaintext: Uint8Array, starting: Promise<SealingStart>): Bytes {
  try {
    return privateCopy(plaintext);
  } catch (error) {
    starting.then(({ keys }) => wipeMessageKeys(keys)).catch(() => {});
    throw error;
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
    process: (batch, into) => cipher.seal(batch, into),
    plaintextLength: (batch) => batch.bytes.length,
  };
}
