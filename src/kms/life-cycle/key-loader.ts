import { abortable } from "../../shared/abortable.ts";
import type { KmsContext } from "../core/kms-context.ts";
import { CachedAsymmetricKey, CachedCipherKey, type CachedKey } from "../keys/cached-key.ts";
import { InvocationCounter } from "../keys/invocations.ts";
import { bindingOf, cacheId, objectRow, storedObject } from "../keys/key-object-rows.ts";
import { invalidCiphertext, KmsError } from "../ports/errors.ts";
import type { CipherMode, KeyObjectRow, KeyRow } from "../ports/index.ts";
import { versionPrefix } from "../wire/blob.ts";
import { rotateExhausted } from "./transitions.ts";

interface ObjectRequest {
  readonly row: KeyRow;
  readonly versionId: string;
  readonly mode: CipherMode;
  /** Ends the caller's wait. The load continues, because other callers may wait for it. */
  readonly signal?: AbortSignal | undefined;
}

/** The symmetric key object of a version and mode, ready for use and held: release it. With `create` a missing one is made. */
export async function cipherKey(
  core: KmsContext,
  request: ObjectRequest & { create: boolean },
): Promise<CachedCipherKey> {
  const { row, versionId, mode, signal } = request;
  // Before the load, which callers share: a blob of a mode that was never used must not fail those who begin to use it.
  if (!request.create) await storedOrNew(core, request);
  const loading = core.cipherKeys.load(cacheId(versionId, mode), async () => {
    const object = await storedOrNew(core, request);
    const key = await core.provider(row.protectionLevel).loadCipherKey(storedObject(row, object));
    const onNearLimit = () => core.inBackground(rotateExhausted(core, row.keyId, versionId));
    const invocations = new InvocationCounter({ store: core.rows, versionId, mode, onNearLimit });
    const release = (counter: InvocationCounter) => core.inBackground(counter.release());
    return new CachedCipherKey({ versionId, key, prefix: versionPrefix(versionId), invocations, release });
  });
  return unlessAborted(loading, signal);
}

/** The asymmetric key object of a version, ready for use and held: release it. */
export function asymmetricKey(core: KmsContext, request: Omit<ObjectRequest, "mode">): Promise<CachedAsymmetricKey> {
  const { row, versionId, signal } = request;
  const loading = core.asymmetricKeys.load(versionId, async () => {
    const object = await core.read((rows) => rows.keyObject({ versionId, mode: "NONE" }));
    if (object === undefined) throw missingObject(versionId);
    const key = await core.provider(row.protectionLevel).loadAsymmetricKey(storedObject(row, object));
    return new CachedAsymmetricKey(versionId, key);
  });
  return unlessAborted(loading, signal);
}

/** A loaded key is held for its caller. If the caller has given up, the key is released as soon as it is loaded. */
async function unlessAborted<K extends CachedKey>(loading: Promise<K>, signal: AbortSignal | undefined): Promise<K> {
  try {
    return await abortable(loading, signal);
  } catch (error) {
    loading.then((loaded) => loaded.release()).catch(() => undefined);
    throw error;
  }
}

async function storedOrNew(
  core: KmsContext,
  request: Omit<ObjectRequest, "signal"> & { create: boolean },
): Promise<KeyObjectRow> {
  const { row, versionId, mode, create } = request;
  const stored = await core.read((rows) => rows.keyObject({ versionId, mode }));
  if (stored !== undefined) return stored;
  // A mode gets its object when it is first used; imported material has only the mode it was imported for.
  if (row.mode !== "ANY") throw missingObject(versionId);
  // Nothing was ever encrypted in this mode, so the blob cannot be one of this key.
  if (!create) throw invalidCiphertext();
  const provider = core.provider(row.protectionLevel);
  const binding = bindingOf(row, versionId, mode);
  const created = await provider.createKey({ binding });
  const event = core.systemEvent("CreateKeyObject", row.keyId);
  event.keyVersionId = versionId;
  const kept = await core.change(event, async (rows) => {
    // Another process may have made it first, or deleted the key.
    if ((await rows.key(row.keyId)) !== undefined) await rows.addKeyObject(objectRow(versionId, mode, created));
    return rows.keyObject({ versionId, mode });
  });
  if (kept === undefined || !sameHandle(kept.handle, created.handle)) {
    await provider.destroyKey({ binding, handle: created.handle });
  }
  if (kept === undefined) throw missingObject(versionId);
  return kept;
}

function sameHandle(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function missingObject(versionId: string): KmsError {
  return new KmsError(
    "Rejected.PendingImport",
    `The request was rejected because version ${versionId} has no material.`,
  );
}
