import type {
  CipherMode,
  CreatedKeyObject,
  KeyBinding,
  KeyObjectRow,
  KeyRow,
  StoredKeyObject,
} from "../ports/index.ts";

export type ObjectMode = CipherMode | "NONE";

/** The binding of a key object of this key. */
export function bindingOf(row: Omit<KeyRow, "mac">, versionId: string, mode: ObjectMode): KeyBinding {
  const { keyId, keySpec, keyUsage, origin, protectionLevel } = row;
  return { purpose: "key", keyId, versionId, keySpec, keyUsage, origin, protectionLevel, mode };
}

export function storedObject(row: KeyRow, object: KeyObjectRow): StoredKeyObject {
  return {
    binding: bindingOf(row, object.versionId, object.mode),
    handle: object.handle,
    publicKey: object.publicKey ?? undefined,
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
