import { LanelockError } from "../errors.ts";
import { contextDigest, copyOfContext, type EncryptionContext } from "../kms/wire/context.ts";
import { SEGMENT_SIZE_LOG2 } from "./format/header.ts";
import type { CacheLimits } from "./keys/cache-limits.ts";
import { DataKeyCache } from "./keys/data-key-cache.ts";
import { CONTEXT_DIGEST_LENGTH } from "./keys/message-keys.ts";
import { checkOptionsObject, isOptionsObject } from "./message-options.ts";
import type { Backend } from "./segments/choose-backend.ts";
import { MAX_WORKERS, type Workers } from "./workers/worker-choice.ts";

export interface EnvelopeOptions {
  /** The CMK that new messages are sealed under: key id, alias or ARN. Without one, messages can only be opened. */
  readonly keyId?: string | undefined;
  /** Bound to every message and never stored in it: a message opens only under an equal context. */
  readonly encryptionContext?: EncryptionContext | undefined;
  /** Plaintext bytes of a segment, a power of two from 4 KiB to 16 MiB; 64 KiB by default. */
  readonly segmentSize?: number | undefined;
  /** The implementation that seals and opens segments; `"auto"` by default. All produce the same bytes. */
  readonly backend?: Backend | undefined;
  /** Threads for long messages; `"auto"` by default. */
  readonly workers?: Workers | undefined;
  /** Lets messages share data keys within limits; `true` takes the default limits. Off by default. */
  readonly cache?: boolean | CacheLimits | undefined;
  /** Key ids of the CMKs whose messages may be opened; every CMK of the KMS by default. */
  readonly allowedKeyIds?: readonly string[] | undefined;
}

export interface CheckedOptions {
  readonly keyId: string | undefined;
  readonly encryptionContext: EncryptionContext | undefined;
  readonly contextDigest: Uint8Array;
  readonly segmentSizeLog2: number;
  readonly backend: Backend;
  readonly workers: Workers;
  readonly cache: DataKeyCache | undefined;
  readonly allowedKeyIds: readonly string[] | undefined;
}

const DEFAULT_SEGMENT_SIZE = 2 ** 16;
const BACKENDS: readonly unknown[] = ["auto", "native", "wasm"];

const NAMES = ["keyId", "encryptionContext", "segmentSize", "backend", "workers", "cache", "allowedKeyIds"] as const;

/** Reads each option once. @throws LanelockError `ERR_ARGUMENT`; `InvalidParameter` for an encryption context that the KMS would refuse */
export function checkOptions(options: EnvelopeOptions): CheckedOptions {
  checkOptionsObject(options, NAMES, "envelope()");
  const { keyId, backend = "auto", workers = "auto", cache = false } = options;
  const { segmentSize = DEFAULT_SEGMENT_SIZE } = options;
  if (keyId !== undefined && (typeof keyId !== "string" || keyId === ""))
    throw argument("keyId must be a string, not empty");
  if (!BACKENDS.includes(backend)) throw argument('backend must be "auto", "native" or "wasm"');
  // One copy: the digest and the KMS must get the same context.
  const encryptionContext = copyOfContext(options.encryptionContext);
  return {
    keyId,
    contextDigest: contextDigest(encryptionContext) ?? new Uint8Array(CONTEXT_DIGEST_LENGTH),
    encryptionContext,
    segmentSizeLog2: segmentSizeLog2(segmentSize),
    backend,
    workers: checkWorkers(workers),
    cache: cacheOf(cache),
    allowedKeyIds: checkKeyIds(options.allowedKeyIds),
  };
}

function segmentSizeLog2(size: number): number {
  // Math.log2 throws a bare TypeError for a BigInt or a symbol.
  const log2 = typeof size === "number" ? Math.log2(size) : Number.NaN;
  const { least, most } = SEGMENT_SIZE_LOG2;
  if (Number.isInteger(log2) && log2 >= least && log2 <= most) return log2;
  throw argument(`segmentSize must be a power of two from ${2 ** least} to ${2 ** most} bytes`);
}

function checkWorkers(workers: Workers): Workers {
  if (workers === "auto") return workers;
  if (Number.isInteger(workers) && workers >= 0 && workers <= MAX_WORKERS) return workers;
  throw argument(`workers must be "auto" or a whole number from 0 to ${MAX_WORKERS}`);
}

function cacheOf(cache: boolean | CacheLimits): DataKeyCache | undefined {
  if (cache === false) return undefined;
  if (cache === true) return new DataKeyCache({});
  if (isOptionsObject(cache)) return new DataKeyCache(cache);
  throw argument("cache must be true, false or limits, such as { maxAge: 60_000 }");
}

function checkKeyIds(ids: readonly string[] | undefined): readonly string[] | undefined {
  if (ids === undefined) return undefined;
  const copy: readonly unknown[] = Array.isArray(ids) ? Array.from({ length: ids.length }, (_, at) => ids[at]) : [null];
  if (copy.every(isKeyId)) return copy;
  throw argument("allowedKeyIds must be a list of key ids (no aliases, which may move, and no ARNs)");
}

function isKeyId(id: unknown): id is string {
  return typeof id === "string" && !/[/:]/.test(id);
}

function argument(message: string): LanelockError {
  return new LanelockError("ERR_ARGUMENT", message);
}
