import { copyOf } from "../../shared/byte-input.ts";
import { drawIv, lendIv } from "../../shared/random.ts";
import { performance } from "../../shared/timers.ts";
import type { Call } from "../core/call.ts";
import type { CachedCipherKey } from "../keys/cached-key.ts";
import type { KnownKey } from "../keys/key-directory.ts";
import { cacheId } from "../keys/key-object-rows.ts";
import { cipherKey } from "../life-cycle/key-loader.ts";
import { canRotate, rotateExhausted } from "../life-cycle/transitions.ts";
import { requireState } from "../policy/state-table.ts";
import { invalidParameter, KmsError } from "../ports/errors.ts";
import type { CipherMode, KeyRow, MaybePromise } from "../ports/index.ts";
import { describedBlob, GCM_IV_LENGTH, gcmBlob } from "../wire/blob.ts";
import type { ContextBinding } from "../wire/context.ts";
import { type CipherChoice, type CipherFields, chooseCipher } from "./cipher-choice.ts";

/** Something to encrypt under the primary version of a key. */
export interface SymmetricEncryption {
  /** As the caller named it. */
  readonly keyId: string;
  /** The name of `keyId` in the request; `KeyId` when absent. */
  readonly parameter?: string;
  readonly plaintext: Uint8Array;
  readonly context: ContextBinding | undefined;
  readonly cipher: CipherFields;
  readonly dryRun?: boolean;
}

export interface Encrypted {
  readonly keyId: string;
  readonly keyVersionId: string;
  readonly ciphertextBlob: Uint8Array;
  /** The IV of CBC, which the caller may want to know. */
  readonly iv?: Uint8Array;
}

/** An exhausted version is followed by a new one, which many processes may exhaust as well. */
const ATTEMPTS = 8;

/** Encrypts; synchronously if the key is known, loaded and synchronous, and has invocations reserved. */
export function symmetricEncrypt(call: Call, request: SymmetricEncryption): MaybePromise<Encrypted> {
  const { core, event } = call;
  const known = core.directory.warm(request.keyId, event.at);
  if (known !== undefined && known.row.state === "Enabled" && known.row.primaryVersionId !== null && !request.dryRun) {
    const choice = chooseFor(known.row, request);
    const loaded = core.cipherKeys.get(cacheId(known.row.primaryVersionId, choice.mode), performance.now());
    if (loaded !== undefined && (choice.mode !== "GCM" || loaded.invocations.take())) {
      const chosen = { known, choice, loaded };
      return loaded.key.synchronous ? encryptWith(call, request, chosen) : encryptCopy(call, request, chosen);
    }
  }
  return encryptCold(call, { ...request, plaintext: copyOf(request.plaintext) });
}

/** Encrypts a copy, because the caller may change the plaintext while the key is loaded. */
async function encryptCopy(call: Call, request: SymmetricEncryption, chosen: Chosen): Promise<Encrypted> {
  const plaintext = copyOf(request.plaintext);
  try {
    return await encryptWith(call, { ...request, plaintext }, chosen);
  } finally {
    plaintext.fill(0);
  }
}

async function encryptCold(call: Call, request: SymmetricEncryption): Promise<Encrypted> {
  const { core, event, signal } = call;
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = await core.directory.resolve(request.keyId, request.parameter);
      const { row } = known;
      event.keyId = row.keyId;
      requireState(call.operation, row.state);
      const choice = chooseFor(row, request);
      const versionId = row.primaryVersionId;
      if (versionId === null) throw new KmsError("InternalFailure", "The key has no primary version.");
      if (request.dryRun) throw dryRunSucceeded();
      const loaded = await cipherKey(core, { row, versionId, mode: choice.mode, create: true, signal });
      try {
        if (choice.mode === "GCM" && !(await takeInvocation(call, known, loaded))) continue;
        return await encryptWith(call, request, { known, choice, loaded });
      } finally {
        loaded.release();
      }
    }
    throw new KmsError("Rejected.LimitExceeded", "The key's versions were used up as fast as it rotated. Try again.");
  } finally {
    request.plaintext.fill(0);
  }
}

function chooseFor(row: KeyRow, { cipher, context, plaintext }: SymmetricEncryption): CipherChoice {
  const choice = chooseCipher(row, cipher);
  if (choice.mode !== "GCM" && context !== undefined) {
    throw invalidParameter(
      "EncryptionContext",
      `${choice.mode} does not authenticate, so it takes no encryption context.`,
    );
  }
  if (choice.padding === "NO_PADDING" && plaintext.length % 16 !== 0) {
    throw invalidParameter("Plaintext", "With NO_PADDING its length must be a multiple of 16.");
  }
  return choice;
}

/** False when the version was used up and the key has a new one now. */
async function takeInvocation(call: Call, known: KnownKey, loaded: CachedCipherKey): Promise<boolean> {
  try {
    await loaded.invocations.takeReserved();
    return true;
  } catch (error) {
    const usedUp = error instanceof KmsError && error.code === "Rejected.LimitExceeded";
    if (!usedUp || !canRotate(known.row)) throw error;
    await rotateExhausted(call.core, known.row.keyId, loaded.versionId);
    return false;
  }
}

interface Chosen {
  readonly known: KnownKey;
  readonly choice: CipherChoice;
  readonly loaded: CachedCipherKey;
}

function encryptWith(call: Call, request: SymmetricEncryption, chosen: Chosen): MaybePromise<Encrypted> {
  const { event, signal } = call;
  const { choice, loaded, known } = chosen;
  event.keyId = known.row.keyId;
  event.keyVersionId = loaded.versionId;
  const { mode, padding } = choice;
  const iv = choice.iv ?? ivFor(mode, loaded.key.synchronous);
  const { plaintext: data, context } = request;
  const encrypted = loaded.key.encrypt({ data, iv, aad: context?.aad, padding, signal });
  return encrypted instanceof Promise
    ? encrypted.then((bytes) => assemble(chosen, iv, bytes))
    : assemble(chosen, iv, encrypted);
}

/** An IV. With a key that is synchronous, GCM's is read before the call ends, and nobody else gets it. */
function ivFor(mode: CipherMode, synchronous = false): Uint8Array {
  if (mode === "GCM") return synchronous ? lendIv(GCM_IV_LENGTH) : drawIv(GCM_IV_LENGTH);
  return drawIv(mode === "CBC" ? 16 : 0);
}

function assemble({ known, choice, loaded }: Chosen, iv: Uint8Array, data: Uint8Array): Encrypted {
  const { algorithm, mode, padding } = choice;
  const { versionId } = loaded;
  const ciphertextBlob =
    mode === "GCM"
      ? gcmBlob(loaded.prefix, iv, data)
      : describedBlob({ versionId, algorithm, mode, padding, iv, data });
  const sealed = { keyId: known.row.keyId, keyVersionId: versionId, ciphertextBlob };
  return mode === "CBC" ? { ...sealed, iv } : sealed;
}

export function dryRunSucceeded(): KmsError {
  return new KmsError("DryRunOperationError", "The request would have succeeded, but the DryRun parameter is set.");
}
