import type { CipherMode, KeyFilter, Page, PageRequest, StoreReader, TagRow } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { checkRow, type RowOf, type Table } from "./row-mac.ts";

/** A store's rows, each checked against its MAC before anything believes it. */
export class TrustedReader {
  readonly #rows: StoreReader;
  readonly #keys: StoreKeys;

  constructor(rows: StoreReader, keys: StoreKeys) {
    this.#rows = rows;
    this.#keys = keys;
  }

  #one<T extends Table>(table: T, row: RowOf<T> | undefined): RowOf<T> | undefined {
    return row && checkRow(this.#keys, table, row);
  }

  #all<T extends Table>(table: T, rows: readonly RowOf<T>[]): readonly RowOf<T>[] {
    for (const row of rows) checkRow(this.#keys, table, row);
    return rows;
  }

  #page<T extends Table>(table: T, page: Page<RowOf<T>>): Page<RowOf<T>> {
    this.#all(table, page.rows);
    return page;
  }

  meta(name: string): Promise<Uint8Array | undefined> {
    return this.#rows.meta(name);
  }

  async key(keyId: string): Promise<RowOf<"key"> | undefined> {
    return this.#one("key", await this.#rows.key(keyId));
  }

  async keys(page: PageRequest, filters?: readonly KeyFilter[]): Promise<Page<RowOf<"key">>> {
    return this.#page("key", await this.#rows.keys(page, filters));
  }

  async keyByFingerprint(fingerprint: Uint8Array): Promise<RowOf<"key"> | undefined> {
    return this.#one("key", await this.#rows.keyByFingerprint(fingerprint));
  }

  async dueKeys(now: number, limit: number): Promise<readonly RowOf<"key">[]> {
    return this.#all("key", await this.#rows.dueKeys(now, limit));
  }

  async version(versionId: string): Promise<RowOf<"version"> | undefined> {
    return this.#one("version", await this.#rows.version(versionId));
  }

  async versions(keyId: string, page: PageRequest): Promise<Page<RowOf<"version">>> {
    return this.#page("version", await this.#rows.versions(keyId, page));
  }

  async keyObject(object: { versionId: string; mode: CipherMode | "NONE" }): Promise<RowOf<"keyObject"> | undefined> {
    return this.#one("keyObject", await this.#rows.keyObject(object));
  }

  async keyObjects(versionId: string): Promise<readonly RowOf<"keyObject">[]> {
    return this.#all("keyObject", await this.#rows.keyObjects(versionId));
  }

  async alias(aliasName: string): Promise<RowOf<"alias"> | undefined> {
    return this.#one("alias", await this.#rows.alias(aliasName));
  }

  async aliases(page: PageRequest, keyId?: string): Promise<Page<RowOf<"alias">>> {
    return this.#page("alias", await this.#rows.aliases(page, keyId));
  }

  tags(keyId: string): Promise<readonly TagRow[]> {
    return this.#rows.tags(keyId);
  }

  async importToken(tokenId: string): Promise<RowOf<"importToken"> | undefined> {
    return this.#one("importToken", await this.#rows.importToken(tokenId));
  }

  async importTokens(filter: { keyId?: string; expiredAt?: number }): Promise<readonly RowOf<"importToken">[]> {
    return this.#all("importToken", await this.#rows.importTokens(filter));
  }

  async anchors(): Promise<readonly RowOf<"anchor">[]> {
    return this.#all("anchor", await this.#rows.anchors());
  }
}
