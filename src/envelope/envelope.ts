import { LanelockError } from "../errors.ts";
import { type Bytes, callersBytes } from "../shared/byte-input.ts";
import { headerLengthWith } from "./format/header.ts";
import { layoutOfPlaintext, TAG_LENGTH } from "./format/segment-layout.ts";
import { DataKeys, wrappedKeyLengthOf } from "./keys/data-keys.ts";
import type { EnvelopeKms } from "./keys/kms-port.ts";
import { checkLength } from "./length.ts";
import { type MessageOptions, readMessageOptions } from "./message-options.ts";
import type { MessageOrigin } from "./message-start.ts";
import { type CheckedOptions, checkOptions, type EnvelopeOptions } from "./options.ts";
import { RangeOpener } from "./ranges/open-range.ts";
import type { RangeSource } from "./ranges/range-source.ts";
import { type RewrapOptions, RewrapWork, readRewrapOptions, rewrapHeader, rewrapWhole } from "./rewrap.ts";
import { messageStream } from "./streams/message-stream.ts";
import { OpenWork } from "./streams/open-work.ts";
import { readSealStreamOptions, type SealStreamOptions } from "./streams/seal-stream-options.ts";
import { SealWork } from "./streams/seal-work.ts";
import { openWhole } from "./whole/open-whole.ts";
import { sealWhole, type WholeContext } from "./whole/seal-whole.ts";
import { WorkerChoice } from "./workers/worker-choice.ts";

/**
 * Seals data of any size under data keys of a KMS, and opens it again. It never releases a byte that it has not verified: a message
 * that was changed, cut, reordered or put together from others fails with `ERR_AUTHENTICATION`.
 *
 * @example
 * const files = envelope(kms, { keyId: "alias/orders", encryptionContext: { table: "orders" } });
 * const message = await files.seal(bytes);
 * const same = await files.open(message);
 * await source.pipeThrough(files.sealStream()).pipeTo(sink);
 * const page = await files.openRange(handle, 1_000_000, 4_096);
 */
export class Envelope implements AsyncDisposable {
  readonly #kms: EnvelopeKms;
  readonly #options: CheckedOptions;
  readonly #origin: MessageOrigin;
  readonly #workers: WorkerChoice;
  readonly #context: WholeContext;
  readonly #ranges: RangeOpener;
  #closed = false;

  /** As {@link envelope}. */
  constructor(kms: EnvelopeKms, options: EnvelopeOptions = {}) {
    checkKms(kms);
    const checked = checkOptions(options);
    this.#kms = kms;
    this.#options = checked;
    const { contextDigest, segmentSizeLog2, backend } = checked;
    const dataKeys = new DataKeys({ ...checked, kms, wrappedKeyLength: wrappedKeyLengthOf(kms) });
    this.#origin = { dataKeys, contextDigest, segmentSizeLog2 };
    this.#workers = new WorkerChoice(checked.workers);
    this.#context = { origin: this.#origin, target: { backend, workers: this.#workers } };
    this.#ranges = new RangeOpener(this.#context);
  }

  /**
   * Seals a whole value. You may change or wipe the bytes as soon as the call returns its promise.
   *
   * @returns a message of `sealedLength(bytes.length)` bytes
   * @throws LanelockError `ERR_ARGUMENT`, `ERR_BUFFER`, `ERR_LIMIT`, `ERR_STATE`, `ERR_UNSUPPORTED`, `ERR_WASM`, `ERR_WORKER`; the
   *   KMS's own refusal; `ERR_PROVIDER` if the KMS's answer has the wrong form
   */
  async seal(bytes: Uint8Array, options?: MessageOptions): Promise<Bytes> {
    const checked = this.#read(readMessageOptions, options, "seal()");
    return sealWhole(this.#context, callersBytes(bytes, "bytes"), checked);
  }

  /**
   * Opens a whole message.
   *
   * @throws LanelockError `ERR_AUTHENTICATION` if any part of the message differs from what was sealed under this context; then
   *   nothing is returned. Otherwise as `seal`
   */
  async open(message: Uint8Array, options?: MessageOptions): Promise<Bytes> {
    const checked = this.#read(readMessageOptions, options, "open()");
    return openWhole(this.#context, callersBytes(message, "message"), checked);
  }

  /**
   * A pair of streams: plaintext is written to one, and the message read from the other. `pipeThrough` takes it, and so do Node's
   * streams (see docs/envelope.md).
   *
   * @throws LanelockError `ERR_ARGUMENT`, `ERR_STATE`, `ERR_LIMIT`; `ERR_UNSUPPORTED` if the host has no web streams. The streams fail
   *   as `seal` does, and with `ERR_LENGTH` if the number of bytes differs from `length`
   */
  sealStream(options?: SealStreamOptions): TransformStream<Uint8Array, Bytes> {
    const checked = this.#read(readSealStreamOptions, options, "sealStream()");
    const context = this.#context;
    return messageStream((signal) => new SealWork({ ...context, signal }, checked), checked.signal);
  }

  /**
   * A pair of streams: a message is written to one, and its plaintext read from the other. Segments leave as soon as they are
   * verified. Do not act on them before the stream has ended without an error: only the end shows that nothing was cut off.
   *
   * @throws LanelockError `ERR_ARGUMENT`, `ERR_STATE`, `ERR_UNSUPPORTED`. The streams fail as `open` does
   */
  openStream(options?: MessageOptions): TransformStream<Uint8Array, Bytes> {
    const checked = this.#read(readMessageOptions, options, "openStream()");
    const context = this.#context;
    return messageStream((signal) => new OpenWork({ ...context, signal }, checked), checked.signal);
  }

  /**
   * The length of the message that `length` bytes are sealed to, in bytes.
   *
   * @throws LanelockError `ERR_ARGUMENT`; `ERR_LIMIT` for more than 2^32 − 1 segments
   */
  sealedLength(length: number): number {
    checkLength(length, "length");
    const { segments } = layoutOfPlaintext(length, 2 ** this.#origin.segmentSizeLog2);
    return headerLengthWith(this.#origin.dataKeys.wrappedKeyLength) + length + segments * TAG_LENGTH;
  }

  /**
   * Opens part of a message. It reads the segments of the range and, once per source, the last segment, which shows that nothing was
   * cut off.
   *
   * @param offset of the first byte, in the plaintext
   * @param length in bytes
   * @throws LanelockError `ERR_RANGE` for bytes past the end of the message; `ERR_STORE` if the source cannot be read; otherwise as
   *   `open`
   */
  async openRange(source: RangeSource, offset: number, length: number, options?: MessageOptions): Promise<Bytes> {
    const checked = this.#read(readMessageOptions, options, "openRange()");
    checkLength(offset, "offset");
    checkLength(length, "length");
    return this.#ranges.open(source, { offset, length }, checked);
  }

  /**
   * Moves a message to another CMK: a new header, the same segments. The encryption context stays the same. The segments are not
   * verified; `open` does that.
   *
   * @throws LanelockError `ERR_AUTHENTICATION` if it is not an envelope message, if the KMS refuses the wrapped data key, or if
   *   `allowedKeyIds` leaves out the CMK of that key; `ERR_ARGUMENT`, `ERR_BUFFER`, `ERR_STATE`, `ERR_UNSUPPORTED`; the KMS's own
   *   refusal; `ERR_PROVIDER` if the KMS's answer has the wrong form
   */
  async rewrap(message: Uint8Array, options: RewrapOptions): Promise<Bytes> {
    const checked = this.#read(readRewrapOptions, options, "rewrap()");
    return rewrapWhole({ ...this.#options, kms: this.#kms }, callersBytes(message, "message"), checked);
  }

  /** As {@link rewrap}, for a message that comes as a stream. */
  rewrapStream(options: RewrapOptions): TransformStream<Uint8Array, Bytes> {
    const { keyId, signal: given } = this.#read(readRewrapOptions, options, "rewrapStream()");
    const keys = { ...this.#options, kms: this.#kms };
    return messageStream((signal) => new RewrapWork((header) => rewrapHeader(keys, header, { keyId, signal })), given);
  }

  /** Wipes cached data keys, lets worker threads finish the batches they have, and ends the threads. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#options.cache?.close();
    await this.#workers.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #read<Given, Checked>(read: (options: Given, whose: string) => Checked, options: Given, whose: string): Checked {
    if (this.#closed) throw new LanelockError("ERR_STATE", "This envelope is closed: make a new one");
    return read(options, whose);
  }
}

/**
 * An envelope over a KMS. It makes no call to the KMS before the first message.
 *
 * @throws LanelockError `ERR_ARGUMENT`; `InvalidParameter` for an encryption context that the KMS would refuse
 * @example
 * const files = envelope(kms, { keyId: "alias/orders", encryptionContext: { table: "orders" } });
 */
export function envelope(kms: EnvelopeKms, options?: EnvelopeOptions): Envelope {
  return new Envelope(kms, options);
}

const KMS_METHODS = ["describeKey", "generateDataKey", "decrypt", "reEncrypt"] as const;

/** Checks methods, not the class: the KMS may belong to another copy of this package, or be the application's own client. */
function checkKms(kms: EnvelopeKms): void {
  const isKms = typeof kms === "object" && kms !== null && KMS_METHODS.every((name) => typeof kms[name] === "function");
  if (isKms) return;
  throw new LanelockError("ERR_ARGUMENT", `kms must be a Kms, or an object with its methods ${KMS_METHODS.join(", ")}`);
}
