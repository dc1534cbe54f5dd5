import { LanelockError } from "../../errors.ts";
import { type Bytes, copyOf } from "../../shared/byte-input.ts";
import { notAuthentic } from "../format/not-authentic.ts";
import { TAG_LENGTH } from "../format/segment-layout.ts";
import { SegmentNonces } from "../format/segment-nonce.ts";
import type { MessageKeys } from "../keys/message-keys.ts";
import {
  openedBatchLength,
  type SegmentBatch,
  type SegmentCipher,
  type SegmentPlace,
  sealedBatchLength,
  segmentsIn,
  segmentsOf,
} from "./segment-cipher.ts";

const BATCH_BYTES = 2 ** 16;
const NAME = "AES-GCM";

type Direction = "encrypt" | "decrypt";

/** Seals and opens AES-256-GCM segments with WebCrypto, which has threads of its own. */
export class WebSegments implements SegmentCipher {
  readonly batchSegments: number;
  readonly parallelBatches = 8;
  readonly #nonces: SegmentNonces;
  readonly #size: number;
  #key: CryptoKey | undefined;

  private constructor(key: CryptoKey, keys: MessageKeys) {
    this.#key = key;
    this.#nonces = new SegmentNonces(keys.noncePrefix);
    this.#size = keys.segmentSize;
    this.batchSegments = segmentsIn(BATCH_BYTES, this.#size);
  }

  /** The keys may be wiped as soon as this has returned. */
  static async create(keys: MessageKeys): Promise<WebSegments> {
    const { noncePrefix, ...others } = keys;
    const kept = { ...others, noncePrefix: copyOf(noncePrefix) };
    const raw = copyOf(keys.segmentKey);
    try {
      const key = await crypto.subtle.importKey("raw", raw, NAME, false, ["encrypt", "decrypt"]);
      return new WebSegments(key, kept);
    } finally {
      raw.fill(0);
    }
  }

  reserve(): undefined {
    return undefined;
  }

  seal(batch: SegmentBatch, into?: Bytes): Promise<Bytes> {
    const length = sealedBatchLength(batch.bytes.length, this.#size);
    const places = segmentsOf(batch, this.#size, this.#size + TAG_LENGTH);
    return this.#work("encrypt", { batch, places, length, into });
  }

  async open(batch: SegmentBatch, into?: Bytes): Promise<Bytes> {
    const length = openedBatchLength(batch.bytes.length, this.#size);
    if (length < 0) throw notAuthentic();
    const places = segmentsOf(batch, this.#size + TAG_LENGTH, this.#size);
    return this.#work("decrypt", { batch, places, length, into }).catch((error: unknown) => {
      throw isForgery(error) ? notAuthentic() : error;
    });
  }

  /** Every segment is handed to WebCrypto, which copies it, before this returns. */
  async #work(
    direction: Direction,
    {
      batch,
      places,
      length,
      into,
    }: { batch: SegmentBatch; places: SegmentPlace[]; length: number; into: Bytes | undefined },
  ): Promise<Bytes> {
    const key = this.#key;
    if (key === undefined) throw new LanelockError("ERR_STATE", "This message has ended: begin another");
    const bytes = mayChangeSize(batch.bytes) ? copyOf(batch.bytes) : batch.bytes;
    const working = places.map(({ index, last, start, end }) => {
      const algorithm = { name: NAME, iv: copyOf(this.#nonces.at(index, last)) };
      return crypto.subtle[direction](algorithm, key, bytes.subarray(start, end) as Bytes);
    });
    if (bytes !== batch.bytes) bytes.fill(0);
    const pieces = await Promise.all(working);
    const [only] = pieces;
    if (into === undefined && pieces.length === 1 && only) return new Uint8Array(only);
    const result = into === undefined ? new Uint8Array(length) : into.subarray(0, length);
    for (const [i, piece] of pieces.entries()) result.set(new Uint8Array(piece), places[i]?.resultStart);
    return result;
  }

  dispose(): void {
    this.#key = undefined;
  }
}

/** By name, not by class: under jsdom, WebCrypto's DOMException is not an instance of the global one. */
function isForgery(error: unknown): boolean {
  return typeof error === "object" && error !== null && "name" in error && error.name === "OperationError";
}

/** WebCrypto refuses resizable buffers, wherever in them the bytes lie. */
function mayChangeSize({ buffer }: Uint8Array): boolean {
  return "resizable" in buffer && buffer.resizable === true;
}
