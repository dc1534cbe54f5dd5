import { LanelockError } from "../errors.ts";
import { abortable, throwIfAborted } from "../shared/abortable.ts";
import type { Bytes } from "../shared/byte-input.ts";
import { codeOf } from "../shared/thrown.ts";
import { encodeHeader, headerLength, MAX_WRAPPED_LENGTH, parseHeader } from "./format/header.ts";
import { notAuthentic } from "./format/not-authentic.ts";
import { type DataKeyOptions, refusesTheBlob } from "./keys/data-keys.ts";
import { answered, answeredBytes } from "./keys/kms-answer.ts";
import { checkedMessageOptions, checkOptionsObject } from "./message-options.ts";
import { HeadBuffer } from "./streams/head-buffer.ts";
import type { StreamWork } from "./streams/message-stream.ts";
import type { OrderedResults } from "./streams/ordered-results.ts";

export interface RewrapOptions {
  /** Key id, alias or ARN of the CMK that the message moves to. */
  readonly keyId: string;
  /** As in {@link MessageOptions}. */
  readonly signal?: AbortSignal | undefined;
}

/** Reads the options of `rewrap`, each once. @throws LanelockError `ERR_ARGUMENT` */
export function readRewrapOptions(options: RewrapOptions, whose: string): RewrapOptions {
  checkOptionsObject(options, ["keyId", "signal"], whose);
  const { keyId, signal } = options;
  if (typeof keyId !== "string" || keyId === "") {
    throw new LanelockError("ERR_ARGUMENT", `${whose} needs { keyId }, the CMK that the message moves to`);
  }
  return { keyId, ...checkedMessageOptions({ signal }) };
}

export type RewrapKeys = Pick<DataKeyOptions, "kms" | "encryptionContext" | "allowedKeyIds">;

/** The same header with the data key wrapped by another CMK. The data key itself never leaves the KMS. */
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
  throwIfAborted(signal);
  const ask = async () => {
    try {
      return await kms.reEncrypt(request, { signal });
    } catch (error) {
      if (!refusesTheBlob(error)) throw error;
      // The KMS gives the same error for an unknown destination and for a bad blob; DescribeKey distinguishes them.
      await kms.describeKey({ keyId }, { signal });
      throw ["InvalidParameter", "Forbidden.KeyNotFound"].includes(codeOf(error) ?? "") ? notAuthentic(error) : error;
    }
  };
  const { ciphertextBlob: moved, keyId: sourceKeyId } = answered(await abortable(ask(), signal), "ReEncrypt");
  if (allowedKeyIds && !allowedKeyIds.includes(sourceKeyId)) throw notAuthentic();
  const ciphertextBlob = answeredBytes(moved, "ciphertextBlob");
  if (ciphertextBlob.length < 1 || ciphertextBlob.length > MAX_WRAPPED_LENGTH) {
    throw new LanelockError(
      "ERR_UNSUPPORTED",
      `The CMK wrapped the data key in ${ciphertextBlob.length} bytes, but a message has room for ${MAX_WRAPPED_LENGTH}`,
    );
  }
  return encodeHeader({ ...header, wrappedKey: ciphertextBlob });
}

/** Moves a message that is in memory to another CMK. */
export async function rewrapWhole(keys: RewrapKeys, message: Uint8Array, options: RewrapOptions): Promise<Bytes> {
  const end = headerLength(message.subarray(0, 8));
  const segments = new Uint8Array(message.subarray(end));
  const header = await rewrapHeader(keys, message.subarray(0, end), options);
  const result = new Uint8Array(header.length + segments.length);
  result.set(header);
  result.set(segments, header.length);
  return result;
}

/** Replaces the header of the message that is written, and passes its segments on. */
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
