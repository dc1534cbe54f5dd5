import type { KeyObject } from "node:crypto";
import { LanelockError } from "../../errors.ts";
import type { Bytes } from "../../shared/byte-input.ts";
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

type NodeCrypto = typeof import("node:crypto");

const BATCH_BYTES = 2 ** 20;
const ALGORITHM = "aes-256-gcm";

let found: { readonly crypto: NodeCrypto | undefined } | undefined;

/** node:crypto, if the host has it. A Node built without it throws; other hosts have only a part of it. */
export function nodeCrypto(): NodeCrypto | undefined {
  found ??= { crypto: findCrypto() };
  return found.crypto;
}

function findCrypto(): NodeCrypto | undefined {
  try {
    const crypto = globalThis.process?.getBuiltinModule?.("node:crypto");
    return typeof crypto?.createCipheriv === "function" ? crypto : undefined;
  } catch {
    return undefined;
  }
}

/** Seals and opens AES-256-GCM segments with node:crypto (OpenSSL, which uses the processor's AES instructions), on this thread.
 * `into` may overlap the batch. */
export class NodeSegments implements SegmentCipher {
  readonly batchSegments: number;
  readonly parallelBatches = 1;
  readonly #crypto: NodeCrypto;
  readonly #nonces: SegmentNonces;
  readonly #size: number;
  #key: KeyObject | undefined;

  constructor(crypto: NodeCrypto, keys: MessageKeys) {
    this.#crypto = crypto;
    this.#key = crypto.createSecretKey(keys.segmentKey);
    this.#nonces = new SegmentNonces(keys.noncePrefix);
    this.#size = keys.segmentSize;
    this.batchSegments = segmentsIn(BATCH_BYTES, this.#size);
  }

  reserve(): undefined {
    return undefined;
  }

  seal(batch: SegmentBatch, into?: Bytes): Bytes {
    const key = this.#liveKey();
    const length = sealedBatchLength(batch.bytes.length, this.#size);
    const result = into === undefined ? resultBuffer(length) : into.subarray(0, length);
    for (const { index, last, start, end, resultStart } of segmentsOf(batch, this.#size, this.#size + TAG_LENGTH)) {
      const cipher = this.#crypto.createCipheriv(ALGORITHM, key, this.#nonces.at(index, last));
      if (end > start) result.set(cipher.update(batch.bytes.subarray(start, end)), resultStart);
      cipher.final();
      result.set(cipher.getAuthTag(), resultStart + end - start);
    }
    return result;
  }

  open(batch: SegmentBatch, into?: Bytes): Bytes {
    const length = openedBatchLength(batch.bytes.length, this.#size);
    if (length < 0) throw notAuthentic();
    const result = into === undefined ? resultBuffer(length) : into.subarray(0, length);
    for (const { index, last, start, end, resultStart } of segmentsOf(batch, this.#size + TAG_LENGTH, this.#size)) {
      const opened = this.#openOne(this.#nonces.at(index, last), batch.bytes.subarray(start, end));
      if (opened === undefined) {
        result.fill(0);
        throw notAuthentic();
      }
      result.set(opened, resultStart);
    }
    return result;
  }

  /** The plaintext of a segment; `undefined`, with the decrypted bytes wiped, if it is not authentic. */
  #openOne(nonce: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const tagAt = sealed.length - TAG_LENGTH;
    const decipher = this.#crypto.createDecipheriv(ALGORITHM, this.#liveKey(), nonce, { authTagLength: TAG_LENGTH });
    decipher.setAuthTag(sealed.subarray(tagAt));
    const unverified = tagAt > 0 ? decipher.update(sealed.subarray(0, tagAt)) : new Uint8Array(0);
    try {
      decipher.final();
      return unverified;
    } catch {
      unverified.fill(0);
      return undefined;
    }
  }

  #liveKey(): KeyObject {
    if (this.#key === undefined) throw new LanelockError("ERR_STATE", "This message has ended: begin another");
    return this.#key;
  }

  /** OpenSSL wipes the key when the object is collected. */
  dispose(): void {
    this.#key = undefined;
  }
}
