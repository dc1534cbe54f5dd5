import { LanelockError } from "../../errors.ts";
import type { KmsErrorCode } from "../../kms/ports/errors.ts";
import type { EncryptionContext } from "../../kms/wire/context.ts";
import { copyOf } from "../../shared/byte-input.ts";
import { decodeBase64 } from "../../shared/constant-time-base64.ts";
import { toHex } from "../../shared/encoding.ts";
import { sha256 } from "../../shared/hash/sha256.ts";
import type { MaybePromise } from "../../shared/maybe-promise.ts";
import { whenReady } from "../../shared/maybe-promise.ts";
import { codeOf } from "../../shared/thrown.ts";
import { type Header, MAX_WRAPPED_LENGTH } from "../format/header.ts";
import { notAuthentic } from "../format/not-authentic.ts";
import { type Suite, suiteOfKeySpec } from "../format/suites.ts";
import type { DataKey, Load } from "./data-key.ts";
import type { DataKeyCache, DataKeyRequest } from "./data-key-cache.ts";
import { answered, answeredBytes, answeredName } from "./kms-answer.ts";
import type { EnvelopeKms } from "./kms-port.ts";
import { DATA_KEY_LENGTH } from "./message-keys.ts";
import { SingleFlight } from "./single-flight.ts";
import { useOnce } from "./use-once.ts";

/** Of a wrapped 32-byte data key under any CMK that uses GCM: version id 36 ‖ IV 12 ‖ ciphertext 32 ‖ tag 16. */
const WRAPPED_KEY_LENGTH = 96;

/**
 * The length of data keys that a KMS wraps, in bytes. Sealing relies on it to compute the length of a message in advance.
 *
 * @throws LanelockError `ERR_ARGUMENT`
 */
export function wrappedKeyLengthOf({ wrappedKeyLength = WRAPPED_KEY_LENGTH }: EnvelopeKms): number {
  const isLength =
    Number.isInteger(wrappedKeyLength) && wrappedKeyLength >= 1 && wrappedKeyLength <= MAX_WRAPPED_LENGTH;
  if (isLength) return wrappedKeyLength;
  throw new LanelockError("ERR_ARGUMENT", `The wrappedKeyLength of kms must be 1 to ${MAX_WRAPPED_LENGTH} bytes`);
}

export interface DataKeyOptions {
  readonly kms: EnvelopeKms;
  /** From {@link wrappedKeyLengthOf}. */
  readonly wrappedKeyLength: number;
  readonly keyId: string | undefined;
  readonly encryptionContext: EncryptionContext | undefined;
  /** 32 bytes. */
  readonly contextDigest: Uint8Array;
  readonly allowedKeyIds: readonly string[] | undefined;
  readonly cache: DataKeyCache | undefined;
}

export interface SealingKey extends DataKey {
  readonly suite: Suite;
}

interface Cmk {
  /** Its id, even if the envelope names it by alias or ARN. */
  readonly keyId: string;
  readonly suite: Suite;
  /** The cache's id for its data keys for sealing. */
  readonly sealingId: string;
}

export interface KeyUse<Key, T> {
  /** Plaintext bytes of the message; `undefined` if not known. Then no cached data key seals it, and {@link DataKeys.chargeOf} counts
   * the bytes that are opened. */
  readonly bytes: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Takes what it needs: the data key may be wiped as soon as this returns. */
  use(key: Key): T;
}

/** Gets data keys from the KMS, or from the cache in front of it. */
export class DataKeys {
  readonly #options: DataKeyOptions;
  readonly #contextId: string;
  /** Never evicted: the KeySpec of a CMK does not change. */
  readonly #cmks = new Map<string, Cmk>();
  readonly #describing = new SingleFlight<Cmk>();

  /** Of every data key for sealing, wrapped, in bytes. */
  readonly wrappedKeyLength: number;

  constructor(options: DataKeyOptions) {
    this.#options = options;
    this.wrappedKeyLength = options.wrappedKeyLength;
    this.#contextId = toHex(options.contextDigest);
  }

  /** A data key for a new message. @throws the KMS's refusal */
  forSealing<T>({ bytes, signal, use }: KeyUse<SealingKey, T>): MaybePromise<T> {
    const { cache, keyId } = this.#options;
    if (keyId === undefined) {
      throw new LanelockError("ERR_ARGUMENT", "Sealing needs a CMK: give envelope() a keyId");
    }
    if (cache === undefined || bytes === undefined) {
      return useOnce({ load: this.#loadForSealing(keyId), use, signal });
    }
    return whenReady(this.#cmk(keyId, signal), ({ keyId: resolved, suite, sealingId }) =>
      cache.use({
        id: sealingId,
        bytes,
        signal,
        load: (flight) => this.#generate(resolved, flight),
        use: ({ dataKey, wrappedKey, keyId: usedId }) => use({ dataKey, wrappedKey, keyId: usedId, suite }),
      }),
    );
  }

  /** The data key of a message. @throws LanelockError `ERR_AUTHENTICATION` if the KMS refuses the wrapped key */
  forOpening<T>(header: Header, { bytes, signal, use }: KeyUse<DataKey, T>): MaybePromise<T> {
    const { cache, allowedKeyIds } = this.#options;
    const { wrappedKey } = header;
    const request: DataKeyRequest<T> = {
      id: this.#openingId(header),
      bytes: bytes ?? 0,
      signal,
      load: (flight) => this.#unwrap(wrappedKey, flight),
      use: (dataKey) => {
        if (allowedKeyIds && !allowedKeyIds.includes(dataKey.keyId)) throw notAuthentic();
        return use(dataKey);
      },
    };
    return cache ? cache.use(request) : useOnce(request);
  }

  /** Counts the plaintext of a message whose length was not known when it was opened. */
  chargeOf(header: Header): (bytes: number) => void {
    const { cache } = this.#options;
    if (cache === undefined) return () => {};
    const id = this.#openingId(header);
    return (bytes) => cache.charge(id, bytes);
  }

  #openingId({ suite, wrappedKey }: Header): string {
    return `open ${toHex(sha256(wrappedKey))} ${this.#contextId} ${suite.id}`;
  }

  /** Makes one call to the KMS; for the first message under a CMK, two. */
  #loadForSealing(keyId: string): Load<SealingKey> {
    return async (signal) => {
      const dataKey = await this.#generate(keyId, signal);
      try {
        return { ...dataKey, suite: (await this.#cmk(dataKey.keyId, signal)).suite };
      } catch (error) {
        dataKey.dataKey.fill(0);
        throw error;
      }
    };
  }

  /** The CMK that a name refers to. An alias may move, so every message resolves it; concurrent messages share one call. */
  #cmk(keyId: string, signal: AbortSignal | undefined): MaybePromise<Cmk> {
    const known = this.#cmks.get(keyId);
    if (known) return known;
    const describe = (flight: AbortSignal) => this.#describe(keyId, flight);
    return this.#describing.join(keyId, signal) ?? this.#describing.lead(keyId, signal, describe);
  }

  async #describe(keyId: string, signal: AbortSignal): Promise<Cmk> {
    const { keyMetadata } = answered(await this.#options.kms.describeKey({ keyId }, { signal }), "DescribeKey");
    const { keyId: id, keySpec } = answered(keyMetadata, "DescribeKey");
    const resolved = answeredName(id, "keyId");
    const suite = suiteOfKeySpec(answeredName(keySpec, "keySpec"));
    const cmk = { keyId: resolved, suite, sealingId: `seal ${resolved} ${this.#contextId} ${suite.id}` };
    this.#cmks.set(resolved, cmk);
    return cmk;
  }

  async #generate(keyId: string, signal: AbortSignal | undefined): Promise<DataKey> {
    const { kms, encryptionContext } = this.#options;
    const request = { keyId, numberOfBytes: DATA_KEY_LENGTH, encryptionContext };
    const answer = answered(await kms.generateDataKey(request, { signal }), "GenerateDataKey");
    const { keyId: resolved, plaintext, ciphertextBlob } = answer;
    const dataKey = answeredBytes(plaintext, "plaintext");
    try {
      // A copy: messages under a cached data key carry it long after the answer.
      const wrappedKey = copyOf(answeredBytes(ciphertextBlob, "ciphertextBlob"));
      if (dataKey.length !== DATA_KEY_LENGTH || wrappedKey.length !== this.wrappedKeyLength) {
        throw wrongWrapping(wrappedKey, this.wrappedKeyLength);
      }
      return { dataKey, wrappedKey, keyId: resolved };
    } catch (error) {
      dataKey.fill(0);
      throw error;
    }
  }

  async #unwrap(wrappedKey: Uint8Array, signal: AbortSignal | undefined): Promise<DataKey> {
    const { kms, encryptionContext } = this.#options;
    try {
      const request = { ciphertextBlob: wrappedKey, encryptionContext };
      const { keyId, plaintext } = answered(await kms.decrypt(request, { signal }), "Decrypt");
      return { dataKey: outOfBase64(answeredBytes(plaintext, "plaintext")), wrappedKey, keyId };
    } catch (error) {
      throw refusesTheBlob(error) ? notAuthentic(error) : error;
    }
  }
}

/** A data key that was made over HTTP is wrapped as its Base64 text, which is what a KMS in this process decrypts it to. */
function outOfBase64(plaintext: Uint8Array): Uint8Array {
  const dataKey = plaintext.length === DATA_KEY_LENGTH ? undefined : decodeBase64(plaintext);
  if (dataKey?.length !== DATA_KEY_LENGTH) return plaintext;
  plaintext.fill(0);
  return dataKey;
}

function wrongWrapping({ length }: Uint8Array, expected: number): LanelockError {
  return new LanelockError(
    "ERR_UNSUPPORTED",
    `The KMS wrapped a data key of ${DATA_KEY_LENGTH} bytes in ${length} bytes instead of ${expected}: ` +
      "seal with a CMK that encrypts with GCM",
  );
}

/** Codes that blame the wrapped key itself: those with status 400 and 404, except limits. */
const BLOB_REFUSALS: ReadonlySet<string | undefined> = new Set<KmsErrorCode>([
  "InvalidParameter",
  "MissingParameter",
  "Forbidden.KeyNotFound",
  "Forbidden.AliasNotFound",
  "UnsupportedOperation",
  "Rejected.UnsupportedOperation",
  "Unsupported.Origin",
  "Unsupported.ProtectionLevel",
]);

/**
 * Whether the KMS refused the wrapped key itself. A refusal because of a key state or a permission, and a failure, are something
 * else. The code decides, not the class: the KMS may belong to another copy of this package, or to the application.
 */
export function refusesTheBlob(error: unknown): boolean {
  return BLOB_REFUSALS.has(codeOf(error));
}
