import { LanelockError } from "../../errors.ts";
import { copyOf } from "../../shared/byte-input.ts";
import { performance } from "../../shared/timers.ts";
import type { Call } from "../core/call.ts";
import type { CachedCipherKey } from "../keys/cached-key.ts";
import type { KnownKey } from "../keys/key-directory.ts";
import { cacheId } from "../keys/key-object-rows.ts";
import { cipherKey } from "../life-cycle/key-loader.ts";
import { algorithmsOf } from "../policy/key-matrix.ts";
import { type KeyOperation, requireState } from "../policy/state-table.ts";
import { invalidCiphertext, invalidParameter } from "../ports/errors.ts";
import type { MaybePromise } from "../ports/index.ts";
import { type Blob, parseBlob } from "../wire/blob.ts";
import type { ContextBinding } from "../wire/context.ts";
import { dryRunSucceeded, isWorkedHere } from "./symmetric-encrypt.ts";

/** A blob to decrypt with whatever key and version it names. */
export interface OpenRequest {
  readonly operation: KeyOperation;
  readonly ciphertextBlob: Uint8Array;
  readonly context: ContextBinding | undefined;
  /** The key the blob must belong to, if the caller says so. */
  readonly keyId: unknown;
  readonly dryRun?: boolean;
}

export interface Opened {
  readonly keyId: string;
  readonly keyVersionId: string;
  readonly plaintext: Uint8Array;
}

/** Decrypts. Answers at once when the key is known, loaded and worked in this process. */
export function open(call: Call, request: OpenRequest): MaybePromise<Opened> {
  const { core, event } = call;
  const blob = parseBlob(request.ciphertextBlob);
  const known = core.directory.warmVersion(blob.versionId, event.at);
  if (known !== undefined && known.row.state === "Enabled" && isNamed(call, request, known) && !request.dryRun) {
    const loaded = core.cipherKeys.get(cacheId(blob.versionId, blob.mode), performance.now());
    if (loaded !== undefined) {
      const own = isWorkedHere(known.row) ? blob : parseBlob(copyOf(request.ciphertextBlob));
      return openWith(call, request, { blob: own, known, loaded });
    }
  }
  return openCold(call, { ...request, ciphertextBlob: copyOf(request.ciphertextBlob) });
}

/** Whether the blob's key is known to be the one that the request names, if it names one. */
function isNamed({ core, event }: Call, { keyId }: OpenRequest, { row }: KnownKey): boolean {
  return keyId === undefined || core.directory.warm(keyId, event.at)?.row.keyId === row.keyId;
}

async function openCold(call: Call, request: OpenRequest): Promise<Opened> {
  const { core, event, signal } = call;
  const blob = parseBlob(request.ciphertextBlob);
  event.keyVersionId = blob.versionId;
  const known = await core.directory.resolveVersion(blob.versionId);
  const { row } = known;
  event.keyId = row.keyId;
  if (request.keyId !== undefined) await requireKey(call, request.keyId, row.keyId);
  requireState(request.operation, row.state);
  if (!fits(blob, known)) throw invalidCiphertext();
  if (request.dryRun) throw dryRunSucceeded();
  const loaded = await cipherKey(core, { row, versionId: blob.versionId, mode: blob.mode, create: false, signal });
  try {
    return await openWith(call, request, { blob, known, loaded });
  } finally {
    loaded.release();
  }
}

/** A mode the key was never used in has no key object, and no blob of it can be genuine. */
function fits(blob: Blob, { row }: KnownKey): boolean {
  const algorithms = algorithmsOf(row);
  const algorithm = blob.algorithm ?? algorithms[0];
  const asAsked = algorithms.some((one) => one === algorithm);
  return asAsked && row.mode !== "NONE" && (row.mode === "ANY" || row.mode === blob.mode);
}

async function requireKey(call: Call, keyId: unknown, actual: string): Promise<void> {
  const expected = await call.core.directory.resolve(keyId);
  if (expected.row.keyId !== actual) {
    throw invalidParameter("CiphertextBlob", "It was not made with the key that KeyId names.");
  }
}

interface Chosen {
  readonly blob: Blob;
  readonly known: KnownKey;
  readonly loaded: CachedCipherKey;
}

function openWith(call: Call, request: OpenRequest, { blob, known, loaded }: Chosen): MaybePromise<Opened> {
  const { event, signal } = call;
  const { context } = request;
  const { keyId } = known.row;
  const keyVersionId = blob.versionId;
  event.keyId = keyId;
  event.keyVersionId = keyVersionId;
  if (!fits(blob, known) || (blob.mode !== "GCM" && context !== undefined)) throw invalidCiphertext();
  const { data, iv, padding } = blob;
  try {
    const plaintext = loaded.key.decrypt({ data, iv, aad: context?.aad, padding, signal });
    if (!(plaintext instanceof Promise)) return { keyId, keyVersionId, plaintext };
    return plaintext.then(
      (bytes) => ({ keyId, keyVersionId, plaintext: bytes }),
      (error) => {
        throw opaque(error);
      },
    );
  } catch (error) {
    throw opaque(error);
  }
}

const NOT_GENUINE = new Set(["ERR_AUTHENTICATION", "ERR_PADDING", "ERR_LENGTH"]);

/** Whatever is wrong with a ciphertext, the answer is one. A provider that failed is another matter. */
export function opaque(error: unknown): unknown {
  return error instanceof LanelockError && NOT_GENUINE.has(error.code) ? invalidCiphertext() : error;
}
