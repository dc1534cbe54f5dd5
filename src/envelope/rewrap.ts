import { LanelockError } from "../errors.ts";
import { abortable } from "../shared/abortable.ts";
import type { Bytes } from "../shared/byte-input.ts";
import { encodeHeader, headerLength, MAX_WRAPPED_LENGTH, parseHeader } from "./format/header.ts";
import { notAuthentic } from "./format/not-authentic.ts";
import { type DataKeyOptions, refusesTheBlob } from "./keys/data-keys.ts";
import { answered, answeredBytes } from "./keys/kms-answer.ts";
import { HeadBuffer } from "./streams/head-buffer.ts";
import type { StreamWork } from "./streams/message-stream.ts";
import type { OrderedResults } from "./streams/ordered-results.ts";

export interface RewrapOptions {
  /** Key id, alias or ARN of the CMK the message moves to. */
  readonly keyId: string;
  readonly signal?: AbortSignal | undefined;
}

export type RewrapKeys = Pick<DataKeyOptions, "kms" | "encryptionContext" | "allowedKeyIds">;

/** The same header with the data key wrapped by another CMK. The data key itself stays inside the KMS. */
export async function rewrapHeader(
  { kms, encryptionContext, allowedKeyIds }: RewrapKeys,
  bytes: Uint8Array,
  { keyId, signal }: RewrapOptions,
): Promise<Bytes> {
  const header = parseHeader(bytes);
  const request = {
    ciphertextBlob: header.wrappedKey,
    destinationKeyId: keyId,
    sourceEncryptionContext: encryptionContext,
    destinationEncryptionContext: encryptionContext,
  };
  signal?.throwIfAborted();
  const asking = kms.reEncrypt(request, { signal }).catch(async (error) => {
    if (!refusesTheBlob(error)) throw error;
    // A destination that is not there is refused in the same words as a blob that is not; this says which it was.
    await kms.describeKey({ keyId }, { signal });
    throw error.code === "InvalidParameter" || error.code === "Forbidden.KeyNotFound" ? notAuthentic(error) : error;
  });
  const { ciphertextBlob: moved, keyId: sourceKeyId } = answered(await abortable(asking, signal), "ReEncrypt");
  if (allowedKeyIds && !allowedKeyIds.includes(sourceKeyId)) throw notAuthentic();
  const ciphertextBlob = answeredBytes(moved, "ciphertextBlob");
  if (ciphertextBlob.length < 1 || ciphertextBlob.length > MAX_WRAPPED_LENGTH) {
    throw new LanelockError("ERR_UNSUPPORTED", `The CMK wrapped the data key in ${ciphertextBlob.length} bytes`);
  }
  return encodeHeader({ ...header, wrappedKey: ciphertextBlob });
}

/** A message that is in memory, under another CMK. */
export async function rewrapWhole(keys: RewrapKeys, message: Uint8Array, options: RewrapOptions): Promise<Bytes> {
  const end = headerLength(message.subarray(0, 8));
  const segments = new Uint8Array(message.subarray(end));
  const header = await rewrapHeader(keys, message.subarray(0, end), options);
  const result = new Uint8Array(header.length + segments.length);
  result.set(header);
  result.set(segments, header.length);
  return result;
}

/** Replaces the header of what is written and passes the segments on. */
export class RewrapWork implements StreamWork {
  readonly #rewrap: (header: Bytes) => Promise<Bytes>;
  #head: HeadBuffer | undefined = new HeadBuffer();

  constructor(rewrap: (header: Bytes) => Promise<Bytes>) {
    this.#rewrap = rewrap;
  }

  async write(chunk: Uint8Array, results: OrderedResults): Promise<void> {
    let rest = chunk;
    if (this.#head) {
      rest = chunk.subarray(this.#head.take(chunk));
      const header = this.#head.complete();
      if (header === undefined) return;
      this.#head = undefined;
      results.put(await this.#rewrap(header));
    }
    await results.space();
    if (rest.length > 0) results.put(new Uint8Array(rest));
  }

  async end(): Promise<void> {
    if (this.#head) throw notAuthentic();
  }

  dispose(): void {}
}
