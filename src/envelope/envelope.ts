import { LanelockError } from "../errors.ts";
import { type Bytes, callersBytes } from "../shared/byte-input.ts";
import { headerLengthWith } from "./format/header.ts";
import { layoutOfPlaintext, TAG_LENGTH } from "./format/segment-layout.ts";
import { DataKeys, WRAPPED_KEY_LENGTH } from "./keys/data-keys.ts";
import type { EnvelopeKms } from "./keys/kms-port.ts";
import type { MessageOrigin } from "./message-start.ts";
import { type CheckedOptions, checkOptions, type EnvelopeOptions } from "./options.ts";
import { checkMessageOptions, type MessageOptions } from "./progress.ts";
import { RangeOpener } from "./ranges/open-range.ts";
import type { RangeSource } from "./ranges/range-source.ts";
import { type RewrapOptions, RewrapWork, rewrapHeader, rewrapWhole } from "./rewrap.ts";
import { messageStream } from "./streams/message-stream.ts";
import { OpenWork } from "./streams/open-work.ts";
import { type SealStreamOptions, SealWork } from "./streams/seal-work.ts";
import { openWhole } from "./whole/open-whole.ts";
import { sealWhole, type WholeContext } from "./whole/seal-whole.ts";
import { WorkerChoice } from "./workers/worker-choice.ts";

/**
 * Seals data of any size under data keys of a KMS, and opens it again. Nothing that was not verified is ever released: a
 * message that was changed, cut, reordered or put together from others fails with `ERR_AUTHENTICATION`.
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
    this.#origin = { dataKeys: new DataKeys({ ...checked, kms }), contextDigest, segmentSizeLog2 };
    this.#workers = new WorkerChoice(checked.workers);
    this.#context = { origin: this.#origin, target: { backend, workers: this.#workers } };
    this.#ranges = new RangeOpener(this.#context);
  }

  /**
   * Seals a whole value. The bytes may be changed or wiped as soon as this returns.
   *
   * @returns a message of `sealedLength(bytes.length)` bytes
   * @throws LanelockError `ERR_ARGUMENT`, `ERR_BUFFER`, `ERR_LIMIT`, `ERR_STATE`, `ERR_UNSUPPORTED`, `ERR_WORKER`; what the KMS
   *   refuses with, or `ERR_PROVIDER` if its answer is none
   */
  async seal(bytes: Uint8Array, options?: MessageOptions): Promise<Bytes> {
    const checked = this.#begin(options);
    return sealWhole(this.#context, callersBytes(bytes, "bytes"), checked);
  }

  /**
   * Opens a whole message.
   *
   * @throws LanelockError `ERR_AUTHENTICATION` if any of it is not what was sealed under this context, whatever it is; nothing
   *   is returned then. Otherwise as `seal`
   */
  async open(message: Uint8Array, options?: MessageOptions): Promise<Bytes> {
    const checked = this.#begin(options);
    return openWhole(this.#context, callersBytes(message, "message"), checked);
  }

  /** A pair of streams that seals what is written to it. Node's `pipeline` and `Duplex.fromWeb` take it too. */
  sealStream(options?: SealStreamOptions): TransformStream<Uint8Array, Bytes> {
    const checked: SealStreamOptions = this.#begin(options);
    const { length } = checked;
    if (length !== undefined) checkLength(length, "length");
    const context = this.#context;
    return messageStream((signal) => new SealWork({ ...context, signal }, checked), checked.signal);
  }

  /**
   * A pair of streams that opens the message written to it. Segments leave as soon as they are verified: do not act on them
   * before the stream has ended without an error, since only the end shows that nothing was cut off.
   */
  openStream(options?: MessageOptions): TransformStream<Uint8Array, Bytes> {
    const checked = this.#begin(options);
    const context = this.#context;
    return messageStream((signal) => new OpenWork({ ...context, signal }, checked), checked.signal);
  }

  /**
   * Bytes of the message that `length` bytes are sealed to.
   *
   * @throws LanelockError `ERR_ARGUMENT`; `ERR_LIMIT` for more than 2^32 − 1 segments
   */
  sealedLength(length: number): number {
    checkLength(length, "length");
    const { segments } = layoutOfPlaintext(length, 2 ** this.#origin.segmentSizeLog2);
    return headerLengthWith(WRAPPED_KEY_LENGTH) + length + segments * TAG_LENGTH;
  }

  /**
   * Opens part of a message, reading the segments it lies in and, once for every source, the last one, which shows that
   * nothing was cut off.
   *
   * @param offset of the first byte, in the plaintext
   * @param length in bytes
   * @throws LanelockError `ERR_RANGE` for bytes past the end of the message; `ERR_STORE` if the source fails to be read; otherwise
   *   as `open`
   */
  async openRange(source: RangeSource, offset: number, length: number, options?: MessageOptions): Promise<Bytes> {
    const checked = this.#begin(options);
    checkLength(offset, "offset");
    checkLength(length, "length");
    return this.#ranges.open(source, { offset, length }, checked);
  }

  /**
   * Moves a message to another CMK: a new header, the same segments. The encryption context stays. The segments are not
   * verified; `open` does that.
   *
   * @throws LanelockError `ERR_AUTHENTICATION` for what is no envelope message, and if the KMS does not take the wrapped data key or it
   *   is one of a CMK that `allowedKeyIds` leaves out; `ERR_ARGUMENT`, `ERR_BUFFER`, `ERR_STATE`, `ERR_UNSUPPORTED`; what else the
   *   KMS refuses with, or `ERR_PROVIDER` if its answer is none
   */
  async rewrap(message: Uint8Array, options: RewrapOptions): Promise<Bytes> {
    const checked = checkRewrap(this.#begin(options));
    return rewrapWhole({ ...this.#options, kms: this.#kms }, callersBytes(message, "message"), checked);
  }

  /** As {@link rewrap}, for a message that comes as a stream. */
  rewrapStream(options: RewrapOptions): TransformStream<Uint8Array, Bytes> {
    const { keyId, signal: given } = checkRewrap(this.#begin(options));
    const keys = { ...this.#options, kms: this.#kms };
    return messageStream((signal) => new RewrapWork((header) => rewrapHeader(keys, header, { keyId, signal })), given);
  }

  /** Wipes cached data keys, lets worker threads finish the runs they have, and ends them. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#options.cache?.close();
    await this.#workers.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #begin<Options extends MessageOptions>(options: Options | undefined): Options | MessageOptions {
    if (this.#closed) throw new LanelockError("ERR_STATE", "This envelope is closed: make a new one");
    return checkMessageOptions(options);
  }
}

/**
 * An envelope over a KMS. It asks the KMS for nothing before the first message.
 *
 * @throws LanelockError `ERR_ARGUMENT`; `InvalidParameter` for an encryption context that the KMS would not take
 * @example
 * const files = envelope(kms, { keyId: "alias/orders", encryptionContext: { table: "orders" } });
 */
export function envelope(kms: EnvelopeKms, options?: EnvelopeOptions): Envelope {
  return new Envelope(kms, options);
}

const KMS_METHODS = ["describeKey", "generateDataKey", "decrypt", "reEncrypt"] as const;

function checkKms(kms: EnvelopeKms): void {
  const isKms = typeof kms === "object" && kms !== null && KMS_METHODS.every((name) => typeof kms[name] === "function");
  if (!isKms) throw new LanelockError("ERR_ARGUMENT", `kms must be a Kms, or have ${KMS_METHODS.join(", ")} as it has`);
}

function checkLength(value: number, name: string): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new LanelockError("ERR_ARGUMENT", `${name} must be a whole number of bytes, 0 or more`);
}

function checkRewrap(options: MessageOptions | RewrapOptions): RewrapOptions {
  if ("keyId" in options && typeof options.keyId === "string") return options;
  throw new LanelockError("ERR_ARGUMENT", "rewrap needs { keyId }, the CMK the message moves to");
}
