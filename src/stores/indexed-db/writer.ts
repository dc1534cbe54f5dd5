import type {
  AliasRow,
  AuditAnchorRow,
  CounterRow,
  ImportTokenRow,
  KeyObjectRow,
  KeyRow,
  StoreWriter,
  TagRow,
  VersionRow,
} from "../../kms/ports/index.ts";
import { copyOf } from "../row-queries.ts";
import { IndexedDbReader } from "./reader.ts";
import { META } from "./schema.ts";

/** Rows are copied first: the browser would keep the whole buffer that an array is part of, and other secrets in it. */
export class IndexedDbWriter extends IndexedDbReader implements StoreWriter {
  async #put(store: string, row: object): Promise<void> {
    const copy = copyOf(row);
    await this.requests.request(store, (rows) => rows.put(copy));
  }

  #add(store: string, row: object): Promise<boolean> {
    return this.requests.add(store, copyOf(row));
  }

  async #delete(store: string, key: IDBValidKey | IDBKeyRange): Promise<void> {
    await this.requests.request(store, (rows) => rows.delete(key));
  }

  putMeta(name: string, value: Uint8Array) {
    return this.#put(META, { name, value });
  }

  addKey(row: KeyRow) {
    return this.#add("key", row);
  }

  putKey(row: KeyRow) {
    return this.#put("key", row);
  }

  async deleteKey(keyId: string) {
    const everything = { offset: 0, limit: Number.MAX_SAFE_INTEGER };
    for (const { versionId } of (await this.versions(keyId, everything)).rows) {
      await this.deleteKeyObjects(versionId);
      for (const { mode } of await this.counters(versionId)) await this.#delete("counter", [versionId, mode]);
      await this.#delete("version", versionId);
    }
    for (const { aliasName } of (await this.aliases(everything, keyId)).rows) await this.deleteAlias(aliasName);
    for (const { tagKey } of await this.tags(keyId)) await this.deleteTag({ keyId, tagKey });
    for (const { tokenId } of await this.importTokens({ keyId })) await this.deleteImportToken(tokenId);
    await this.#delete("key", keyId);
  }

  addVersion(row: VersionRow) {
    return this.#add("version", row);
  }

  putVersion(row: VersionRow) {
    return this.#put("version", row);
  }

  addKeyObject(row: KeyObjectRow) {
    return this.#add("keyObject", row);
  }

  putKeyObject(row: KeyObjectRow) {
    return this.#put("keyObject", row);
  }

  async deleteKeyObjects(versionId: string) {
    for (const { mode } of await this.keyObjects(versionId)) await this.#delete("keyObject", [versionId, mode]);
  }

  addAlias(row: AliasRow) {
    return this.#add("alias", row);
  }

  putAlias(row: AliasRow) {
    return this.#put("alias", row);
  }

  deleteAlias(aliasName: string) {
    return this.#delete("alias", aliasName);
  }

  putTag(row: TagRow) {
    return this.#put("tag", row);
  }

  deleteTag({ keyId, tagKey }: { keyId: string; tagKey: string }) {
    return this.#delete("tag", [keyId, tagKey]);
  }

  putImportToken(row: ImportTokenRow) {
    return this.#put("importToken", row);
  }

  deleteImportToken(tokenId: string) {
    return this.#delete("importToken", tokenId);
  }

  putAnchor(row: AuditAnchorRow) {
    return this.#put("anchor", row);
  }

  deleteAnchor(chainId: string) {
    return this.#delete("anchor", chainId);
  }

  putCounter(row: CounterRow) {
    return this.#put("counter", row);
  }
}
