import { aes, sm4 } from "../../ciphers/cipher-engine.ts";
import { Gcm } from "../../ciphers/gcm.ts";
import { LanelockError } from "../../errors.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import { notAuthentic } from "../format/not-authentic.ts";
import { TAG_LENGTH } from "../format/segment-layout.ts";
import { SegmentNonces } from "../format/segment-nonce.ts";
import type { MessageKeys } from "../keys/message-keys.ts";
import { resultBuffer } from "./run-buffer.ts";
import {
  openedRunLength,
  type SegmentBatch,
  type SegmentCipher,
  sealedRunLength,
  segmentsIn,
  segmentsOf,
} from "./segment-cipher.ts";

const RUN_BYTES = 2 ** 18;

/** Segments by the WebAssembly engine, on this thread: both suites. `into` may overlap the run. */
export class EngineSegments implements SegmentCipher {
  readonly runSegments: number;
  readonly parallelRuns = 1;
  readonly #gcm: Gcm;
  readonly #nonces: SegmentNonces;
  readonly #size: number;

  constructor(keys: MessageKeys) {
    this.#gcm = new Gcm(keys.suite.id === 1 ? aes() : sm4(), keys.segmentKey);
    this.#nonces = new SegmentNonces(keys.noncePrefix);
    this.#size = keys.segmentSize;
    this.runSegments = segmentsIn(RUN_BYTES, this.#size);
  }

  room(): undefined {
    return undefined;
  }

  seal(run: SegmentBatch, into?: Bytes): Bytes {
    const length = sealedRunLength(run.bytes.length, this.#size);
    const result = into === undefined ? resultBuffer(length) : into.subarray(0, length);
    for (const { index, last, start, end, resultStart } of segmentsOf(run, this.#size, this.#size + TAG_LENGTH)) {
      const place = result.subarray(resultStart, resultStart + end - start + TAG_LENGTH);
      this.#gcm.seal(this.#nonces.at(index, last), run.bytes.subarray(start, end), { into: place });
    }
    return result;
  }

  open(run: SegmentBatch, into?: Bytes): Bytes {
    const length = openedRunLength(run.bytes.length, this.#size);
    if (length < 0) throw notAuthentic();
    const result = into === undefined ? resultBuffer(length) : into.subarray(0, length);
    try {
      for (const { index, last, start, end, resultStart } of segmentsOf(run, this.#size + TAG_LENGTH, this.#size)) {
        const place = result.subarray(resultStart, resultStart + end - start - TAG_LENGTH);
        this.#gcm.open(this.#nonces.at(index, last), run.bytes.subarray(start, end), { into: place });
      }
    } catch (error) {
      result.fill(0);
      throw isForgery(error) ? notAuthentic() : error;
    }
    return result;
  }

  dispose(): void {
    this.#gcm.dispose();
  }
}

function isForgery(error: unknown): boolean {
  return error instanceof LanelockError && error.code === "ERR_AUTHENTICATION";
}
