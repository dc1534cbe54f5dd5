import { NativeGcm, type NativeMessage } from "../../ciphers/native/gcm.ts";
import { LanelockError } from "../../errors.ts";
import { type Bytes, plain } from "../../shared/byte-input.ts";
import type { NodeCrypto } from "../../shared/node-crypto.ts";
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

const BATCH_BYTES = 2 ** 20;
const AES_256_GCM = { mode: "gcm", bits: 256, from: { encrypting: 0, decrypting: 0 } } as const;

const NOTHING = new Uint8Array(0);

/** Seals and opens AES-256-GCM segments with node:crypto (OpenSSL, which uses the processor's AES instructions), on this thread.
 * `into` may overlap the batch. */
export class NodeSegments implements SegmentCipher {
  readonly batchSegments: number;
  readonly parallelBatches = 1;
  readonly #nonces: SegmentNonces;
  readonly #size: number;
  #key: NativeGcm | undefined;

  constructor(crypto: NodeCrypto, keys: MessageKeys) {
    const object = crypto.createSecretKey(keys.segmentKey);
    this.#key = new NativeGcm({ ...AES_256_GCM, crypto, object: () => object });
    this.#nonces = new SegmentNonces(keys.noncePrefix);
    this.#size = keys.segmentSize;
    this.batchSegments = segmentsIn(BATCH_BYTES, this.#size);
  }

  reserve(): undefined {
    return undefined;
  }

  seal(batch: SegmentBatch, into?: Bytes): Bytes {
    const key = this.#liveKey();
    const bytes = plain(batch.bytes);
    const length = sealedBatchLength(batch.bytes.length, this.#size);
    const result = into === undefined ? resultBuffer(length) : into.subarray(0, length);
    for (const { index, last, start, end, resultStart } of segmentsOf(batch, this.#size, this.#size + TAG_LENGTH)) {
      const place = result.subarray(resultStart, resultStart + end - start + TAG_LENGTH);
      key.seal(this.#message(this.#nonces.at(index, last), bytes.subarray(start, end), end - start), place);
    }
    return result;
  }

  open(batch: SegmentBatch, into?: Bytes): Bytes {
    const key = this.#liveKey();
    const bytes = plain(batch.bytes);
    const length = openedBatchLength(batch.bytes.length, this.#size);
    if (length < 0) throw notAuthentic();
    const result = into === undefined ? resultBuffer(length) : into.subarray(0, length);
    for (const { index, last, start, end, resultStart } of segmentsOf(batch, this.#size + TAG_LENGTH, this.#size)) {
      const place = result.subarray(resultStart, resultStart + end - start - TAG_LENGTH);
      const message = this.#message(this.#nonces.at(index, last), bytes.subarray(start, end), place.length);
      if (key.openTo(message, place)) continue;
      result.fill(0);
      throw notAuthentic();
    }
    return result;
  }

  #message(nonce: Bytes, data: Bytes, length: number): NativeMessage {
    return { nonce, aad: NOTHING, aadLength: 0, data, length, tagLength: TAG_LENGTH };
  }

  #liveKey(): NativeGcm {
    if (this.#key === undefined) throw new LanelockError("ERR_STATE", "This message has ended: begin another");
    return this.#key;
  }

  /** OpenSSL wipes the key when the object is collected. */
  dispose(): void {
    this.#key = undefined;
  }
}
