import type { KeyStore, StoreWriter } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import type { Tables } from "../../../src/kms/ports/index.ts";
import { StoreKeys } from "../../../src/kms/root/store-keys.ts";
import type { RowIndex } from "../../../src/kms/rows/row-index.ts";
import { sealRow, type Unsealed } from "../../../src/kms/rows/row-mac.ts";
import { indexOf } from "../../../src/kms/rows/scan.ts";
import { materialCipher } from "../../../src/providers/software/index.ts";
import { rootKey } from "../open-kms.ts";

// Rows of every table as a store under `rootKey` seals them.

export const keys = new StoreKeys("store", rootKey, materialCipher);
export const ALL = { offset: 0, limit: 100 };
export const fingerprint = (id: string) => new Uint8Array(32).fill(id.charCodeAt(0));
export const seal = <T extends keyof Tables>(table: T, row: Unsealed<T>) => sealRow(keys, table, row);

export const key = (id: string, changes: Partial<Unsealed<"key">> = {}) =>
  seal("key", {
    ...{ keyId: id, creator: "me", createdAt: 1, description: "", keySpec: "Aliyun_AES_256", mode: "GCM" },
    ...{ keyUsage: "ENCRYPT/DECRYPT", origin: "EXTERNAL", protectionLevel: "SOFTWARE", state: "Enabled" },
    ...{ primaryVersionId: `${id}-1`, deleteAt: null, materialExpiresAt: 5_000, lastRotatedAt: 1 },
    ...{ rotationEnabled: false, rotationSeconds: null, deletionProtected: false, deletionProtectionDescription: "" },
    ...{ materialFingerprint: fingerprint(id), seeded: false },
    ...changes,
  });
export const version = (keyId: string, ordinal: number, createdAt = 1) =>
  seal("version", { versionId: `${keyId}-${ordinal}`, keyId, createdAt, ordinal });
export const object = (versionId: string, mode: "GCM" | "CBC", byte = 1) =>
  seal("keyObject", { versionId, mode, handle: Uint8Array.of(byte), publicKey: null, custody: "software" });
export const alias = (aliasName: string, keyId: string) => seal("alias", { aliasName, keyId, createdAt: 1 });
export const tag = (keyId: string, tagKey: string, tagValue = "v") => seal("tag", { keyId, tagKey, tagValue });
export const token = (tokenId: string, keyId: string, failures = 0) =>
  seal("importToken", {
    ...{ tokenId, keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256", failures },
    ...{ handle: Uint8Array.of(1), publicKey: Uint8Array.of(2), expiresAt: 100 },
  });
export const anchor = (chainId: string, sequence: number) =>
  seal("anchor", { chainId, location: "/x", sequence, head: Uint8Array.of(1), length: 1, at: 1 });
export const counter = (versionId: string, count: number) => seal("counter", { versionId, mode: "GCM", count });

/** Two keys, a and b, with a row of every table. */
export async function fill(rows: StoreWriter): Promise<void> {
  for (const id of ["a", "b"]) {
    await rows.putKey(key(id));
    for (const ordinal of [1, 2]) await rows.putVersion(version(id, ordinal));
    for (const mode of ["GCM", "CBC"] as const) await rows.putKeyObject(object(`${id}-1`, mode));
    await rows.putAlias(alias(`alias/${id}`, id));
    for (const name of ["x", "y"]) await rows.putTag(tag(id, name));
    await rows.putImportToken(token(`token-${id}`, id));
    await rows.putAnchor(anchor(`chain-${id}`, 1));
    await rows.putCounter(counter(`${id}-1`, 64));
    await rows.putMeta(`fact-${id}`, Uint8Array.of(1));
  }
}

/** A store with those rows, and the index of what it was left with. */
export async function filledStore(): Promise<{ store: KeyStore; index: RowIndex }> {
  const store = memoryStore();
  await store.open();
  await store.write(fill);
  return { store, index: await store.read((rows) => indexOf(rows, keys)) };
}
