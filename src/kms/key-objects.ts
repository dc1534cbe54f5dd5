import { versionPrefix } from "./blob.ts";
import type { Core } from "./core.ts";
import { KmsError } from "./errors.ts";
import { InvocationCounter } from "./invocations.ts";
import type {
  AsymmetricKey,
  CipherKey,
  CipherMode,
  CreatedKeyObject,
  KeyBinding,
  KeyObjectRow,
  KeyRow,
  StoredKeyObject,
} from "./ports/index.ts";
import { rotateExhausted } from "./transitions.ts";

/** A symmetric key object in the cache, with what encrypting under it needs. */
export interface LoadedCipherKey {
  readonly versionId: string;
  readonly key: CipherKey;
  /** The version id as it stands in a blob. */
  readonly prefix: Uint8Array;
  readonly invocations: InvocationCounter;
  /** False once it was evicted; a call that finds it so loads the key again. */
  live: boolean;
  dispose(): void;
}

export interface LoadedAsymmetricKey {
  readonly versionId: string;
  readonly key: AsymmetricKey;
  /** As in {@link LoadedCipherKey}. */
  live: boolean;
  dispose(): void;
}

export type ObjectMode = CipherMode | "NONE";

/** What a key object of this key is bound to. */
export function bindingOf(row: Omit<KeyRow, "mac">, versionId: string, mode: ObjectMode): KeyBinding {
  const { keyId, keySpec, keyUsage, origin, protectionLevel } = row;
  return { purpose: "key", keyId, versionId, keySpec, keyUsage, origin, protectionLevel, mode };
}

export function storedObject(row: KeyRow, object: KeyObjectRow, signal?: AbortSignal): StoredKeyObject {
  return {
    binding: bindingOf(row, object.versionId, object.mode),
    handle: object.handle,
    publicKey: object.publicKey ?? undefined,
    signal,
  };
}

export function objectRow(versionId: string, mode: ObjectMode, created: CreatedKeyObject): Omit<KeyObjectRow, "mac"> {
  return {
    versionId,
    mode,
    handle: created.handle,
    publicKey: created.publicKey ?? null,
    custody: created.custody,
  };
}

/** Cache key of a key object. The GCM object, which almost every call uses, goes by the version id alone. */
export function cacheId(versionId: string, mode: ObjectMode): string {
  return mode === "GCM" ? versionId : `${versionId} ${mode}`;
}

interface ObjectRequest {
  readonly row: KeyRow;
  readonly versionId: string;
  readonly mode: CipherMode;
  readonly signal?: AbortSignal | undefined;
}

/** The symmetric key object of a version and mode, ready for use. One that does not exist yet is made, if `create`. */
export function cipherKey(core: Core, request: ObjectRequest & { create: boolean }): Promise<LoadedCipherKey> {
  const { row, versionId, mode, signal } = request;
  return core.cipherKeys.load(cacheId(versionId, mode), async () => {
    const object = await storedOrNew(core, request);
    const key = await core.provider(row.protectionLevel).loadCipherKey(storedObject(row, object, signal));
    const onNearLimit = () => core.inBackground(rotateExhausted(core, row.keyId, versionId));
    const invocations = new InvocationCounter({ store: core.store, versionId, mode, onNearLimit });
    const loaded: LoadedCipherKey = {
      versionId,
      key,
      prefix: versionPrefix(versionId),
      invocations,
      live: true,
      dispose() {
        loaded.live = false;
        key.dispose();
        core.inBackground(invocations.release());
      },
    };
    return loaded;
  });
}

/** The asymmetric key object of a version, ready for use. */
export function asymmetricKey(core: Core, request: Omit<ObjectRequest, "mode">): Promise<LoadedAsymmetricKey> {
  const { row, versionId, signal } = request;
  return core.asymmetricKeys.load(versionId, async () => {
    const object = await core.read((rows) => rows.keyObject({ versionId, mode: "NONE" }));
    if (object === undefined) throw missingObject(versionId);
    const key = await core.provider(row.protectionLevel).loadAsymmetricKey(storedObject(row, object, signal));
    const loaded: LoadedAsymmetricKey = {
      versionId,
      key,
      live: true,
      dispose() {
        loaded.live = false;
        key.dispose();
      },
    };
    return loaded;
  });
}

async function storedOrNew(core: Core, request: ObjectRequest & { create: boolean }): Promise<KeyObjectRow> {
  const { row, versionId, mode, create, signal } = request;
  const stored = await core.read((rows) => rows.keyObject({ versionId, mode }));
  if (stored !== undefined) return stored;
  // A mode gets its object when it is first used; imported material serves the one mode it was imported for.
  if (!create || row.mode !== "ANY") throw missingObject(versionId);
  const provider = core.provider(row.protectionLevel);
  const binding = bindingOf(row, versionId, mode);
  const created = await provider.createKey({ binding, signal });
  const event = core.systemEvent("CreateKeyObject", row.keyId);
  event.keyVersionId = versionId;
  const kept = await core.change(event, async (rows) => {
    // Another process may have been first, or the key be gone by now.
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
