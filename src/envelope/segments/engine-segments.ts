import { aes, sm4 } from "../../ciphers/engine-binding/cipher-engine.ts";
import { Gcm } from "../../ciphers/gcm/gcm.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import { codeOf } from "../../shared/thrown.ts";
import { notAuthentic } from "../format/not-authentic.ts";
import { TAG_LENGTH } from "../format/segment-layout.ts";
import { SegmentNonces } from "../format/segment-nonce.ts";
import type { MessageKeys } from "../keys/message-keys.ts";
import { resultBuffer } from "./result-buffer.ts";
import {
  openedBatchLength,
  type SegmentBatch,
  type SegmentCipher,
  sealedBatchLength,
  segmentsIn,
  segmentsOf,
} from "./segment-cipher.ts";

const BATCH_BYTES = 2 ** 18;

/** Seals and opens segments of both suites with the WebAssembly engine, on this thread. `into` may overlap the batch. */
export class EngineSegments implements SegmentCipher {
  readonly batchSegments: number;
  readonly parallelBatches = 1;
  readonly #gcm: Gcm;
  readonly #nonces: SegmentNonces;
  readonly #size: number;

  constructor(keys: MessageKeys) {
    this.#gcm = new Gcm(keys.suite.id === 1 ? aes() : sm4(), keys.segmentKey);
    this.#nonces = new SegmentNonces(keys.noncePrefix);
    this.#size = keys.segmentSize;
    this.batchSegments = segmentsIn(BATCH_BYTES, this.#size);
  }

  reserve(): undefined {
    return undefined;
  }

  seal(batch: SegmentBatch, into?: Bytes): Bytes {
    const length = sealedBatchLength(batch.bytes.length, this.#size);
    const result = into === undefined ? resultBuffer(length) : into.subarray(0, length);
    for (const { index, last, start, end, resultStart } of segmentsOf(batch, this.#size, this.#size + TAG_LENGTH)) {
      const place = result.subarray(resultStart, resultStart + end - start + TAG_LENGTH);
      this.#gcm.seal(this.#nonces.at(index, last), batch.bytes.subarray(start, end), { into: place });
    }
    return result;
  }

  open(batch: SegmentBatch, into?: Bytes): Bytes {
    const length = openedBatchLength(batch.bytes.length, this.#size);
    if (length < 0) throw notAuthentic();
    const result = into === undefined ? resultBuffer(length) : into.subarray(0, length);
    try {
      for (const { index, last, start, end, resultStart } of segmentsOf(batch, this.#size + TAG_LENGTH, this.#size)) {
        const place = result.subarray(resultStart, resultStart + end - start - TAG_LENGTH);
        this.#gcm.open(this.#nonces.at(index, last), batch.bytes.subarray(start, end), { into: place });
      }
    } catch (error) {
      result.fill(0);
      throw codeOf(error) === "ERR_AUTHENTICATION" ? notAuthentic() : error;
    }
    return result;
  }

  dispose(): void {
    this.#gcm.dispose();
  }
}
