import { LanelockError } from "../../errors.ts";
import { copyOf } from "../../shared/byte-input.ts";
import { performance } from "../../shared/timers.ts";
import type { Call } from "../core/call.ts";
import type { CachedCipherKey } from "../keys/cached-key.ts";
import type { KnownKey } from "../keys/key-directory.ts";
import { cacheId } from "../keys/key-object-rows.ts";
import { cipherKey } from "../life-cycle/key-loader.ts";
import { algorithmsOf } from "../policy/key-matrix.ts";
import { requireState } from "../policy/state-table.ts";
import { invalidCiphertext, invalidParameter, type KmsError } from "../ports/errors.ts";
import type { MaybePromise } from "../ports/index.ts";
import { type Blob, parseBlob } from "../wire/blob.ts";
import type { ContextBinding } from "../wire/context.ts";
import { dryRunSucceeded } from "./symmetric-encrypt.ts";

/** A blob to decrypt with the key and version that it names. */
export interface SymmetricDecryption {
  readonly ciphertextBlob: Uint8Array;
  readonly context: ContextBinding | undefined;
  /** The key the blob must belong to, if the caller says so. */
  readonly keyId: string | undefined;
  /** Likewise the version. */
  readonly keyVersionId?: string | undefined;
  /** Decrypts, but returns nothing. */
  readonly dryRun?: boolean;
}

export interface Decrypted {
  readonly keyId: string;
  readonly keyVersionId: string;
  readonly plaintext: Uint8Array;
}

/** Decrypts; synchronously if the key is known, loaded and synchronous. */
export function symmetricDecrypt(call: Call, request: SymmetricDecryption): MaybePromise<Decrypted> {
  const { core, event } = call;
  const blob = parseBlob(request.ciphertextBlob);
  if (request.keyVersionId !== undefined && request.keyVersionId !== blob.versionId) throw notOf("KeyVersionId");
  const known = core.directory.warmVersion(blob.versionId, event.at);
  if (known !== undefined && known.row.state === "Enabled" && isNamed(call, request, known) && !request.dryRun) {
    const loaded = core.cipherKeys.get(cacheId(blob.versionId, blob.mode), performance.now());
    if (loaded !== undefined) {
      const own = loaded.key.synchronous ? blob : parseBlob(copyOf(request.ciphertextBlob));
      return decryptWith(call, request, { blob: own, known, loaded });
    }
  }
  return decryptCold(call, { ...request, ciphertextBlob: copyOf(request.ciphertextBlob) });
}

/** Whether the blob's key is known to be the one that the request names, if it names one. */
function isNamed({ core, event }: Call, { keyId }: SymmetricDecryption, { row }: KnownKey): boolean {
  return keyId === undefined || core.directory.warm(keyId, event.at)?.row.keyId === row.keyId;
}

async function decryptCold(call: Call, request: SymmetricDecryption): Promise<Decrypted> {
  const { core, event, signal } = call;
  const blob = parseBlob(request.ciphertextBlob);
  event.keyVersionId = blob.versionId;
  const known = await core.directory.resolveVersion(blob.versionId);
  const { row } = known;
  event.keyId = row.keyId;
  if (request.keyId !== undefined) await requireKey(call, request.keyId, row.keyId);
  requireState(call.operation, row.state);
  if (!fits(blob, known)) throw invalidCiphertext();
  const loaded = await cipherKey(core, { row, versionId: blob.versionId, mode: blob.mode, create: false, signal });
  try {
    const decrypted = await decryptWith(call, request, { blob, known, loaded });
    if (!request.dryRun) return decrypted;
    decrypted.plaintext.fill(0);
    throw dryRunSucceeded();
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

async function requireKey(call: Call, keyId: string, actual: string): Promise<void> {
  const expected = await call.core.directory.resolve(keyId);
  if (expected.row.keyId !== actual) throw notOf("KeyId");
}

function notOf(parameter: string): KmsError {
  return invalidParameter("CiphertextBlob", `It was not made with the key that ${parameter} names.`);
}

interface Chosen {
  readonly blob: Blob;
  readonly known: KnownKey;
  readonly loaded: CachedCipherKey;
}

function decryptWith(
  call: Call,
  request: SymmetricDecryption,
  { blob, known, loaded }: Chosen,
): MaybePromise<Decrypted> {
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
        throw oneAnswer(error);
      },
    );
  } catch (error) {
    throw oneAnswer(error);
  }
}

const NOT_GENUINE = new Set(["ERR_AUTHENTICATION", "ERR_PADDING", "ERR_LENGTH"]);

/** Maps every fault of a ciphertext to one error. Other failures of a provider pass unchanged. */
export function oneAnswer(error: unknown): unknown {
  return error instanceof LanelockError && NOT_GENUINE.has(error.code) ? invalidCiphertext() : error;
}
