import type { StoreWriter, TagRow } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { sealRow, type Unsealed } from "./row-mac.ts";
import { TrustedReader } from "./trusted-reader.ts";

/** A store's rows in a write transaction: checked when read, given their MAC when written. */
export class TrustedWriter extends TrustedReader {
  readonly #rows: StoreWriter;
  readonly #keys: StoreKeys;

  constructor(rows: StoreWriter, keys: StoreKeys) {
    super(rows, keys);
    this.#rows = rows;
    this.#keys = keys;
  }

  putMeta(name: string, value: Uint8Array): Promise<void> {
    return this.#rows.putMeta(name, value);
  }

  addKey(row: Unsealed<"key">): Promise<boolean> {
    return this.#rows.addKey(sealRow(this.#keys, "key", row));
  }

  putKey(row: Unsealed<"key">): Promise<void> {
    return this.#rows.putKey(sealRow(this.#keys, "key", row));
  }

  deleteKey(keyId: string): Promise<void> {
    return this.#rows.deleteKey(keyId);
  }

  addVersion(row: Unsealed<"version">): Promise<boolean> {
    return this.#rows.addVersion(sealRow(this.#keys, "version", row));
  }

  putVersion(row: Unsealed<"version">): Promise<void> {
    return this.#rows.putVersion(sealRow(this.#keys, "version", row));
  }

  addKeyObject(row: Unsealed<"keyObject">): Promise<boolean> {
    return this.#rows.addKeyObject(sealRow(this.#keys, "keyObject", row));
  }

  putKeyObject(row: Unsealed<"keyObject">): Promise<void> {
    return this.#rows.putKeyObject(sealRow(this.#keys, "keyObject", row));
  }

  deleteKeyObjects(versionId: string): Promise<void> {
    return this.#rows.deleteKeyObjects(versionId);
  }

  addAlias(row: Unsealed<"alias">): Promise<boolean> {
    return this.#rows.addAlias(sealRow(this.#keys, "alias", row));
  }

  putAlias(row: Unsealed<"alias">): Promise<void> {
    return this.#rows.putAlias(sealRow(this.#keys, "alias", row));
  }

  deleteAlias(aliasName: string): Promise<void> {
    return this.#rows.deleteAlias(aliasName);
  }

  putTag(row: TagRow): Promise<void> {
    return this.#rows.putTag(row);
  }

  deleteTag(tag: { keyId: string; tagKey: string }): Promise<void> {
    return this.#rows.deleteTag(tag);
  }

  putImportToken(row: Unsealed<"importToken">): Promise<void> {
    return this.#rows.putImportToken(sealRow(this.#keys, "importToken", row));
  }

  deleteImportToken(tokenId: string): Promise<void> {
    return this.#rows.deleteImportToken(tokenId);
  }
}
