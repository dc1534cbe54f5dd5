import { toHex } from "../../shared/encoding.ts";
import type { CipherMode, CountedObject, KeyFilter, Page, PageRequest, StoreReader, TagRow } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { isAuthentic, metaSeal, notAsLeft, type RowOf, rowName, type Table } from "./row-mac.ts";

/** The MACs that the rows of one transaction must have. */
export interface RowView {
  /** The MAC of the named row, in hex; `null` when there must be no such row. */
  macOf(name: string): string | null;
  /** How many rows there are in a group: `alias `, or `tag KEYID `. */
  count(group: string): number;
}

/** All rows in one page. */
export const EVERYTHING = { offset: 0, limit: Number.MAX_SAFE_INTEGER };

const MODES = ["GCM", "CBC", "ECB", "NONE"] as const;

/** A store's rows. Each is checked before use: it must be authentic, and the latest of its name. */
export class TrustedReader {
  readonly #rows: StoreReader;
  readonly #keys: StoreKeys;
  readonly #view: RowView;

  constructor(rows: StoreReader, keys: StoreKeys, view: RowView) {
    this.#rows = rows;
    this.#keys = keys;
    this.#view = view;
  }

  /** A row that was looked up by its name. It may be absent only if the store must have no such row. */
  #one<T extends Table>(table: T, row: RowOf<T> | undefined, name: string): RowOf<T> | undefined {
    if (row !== undefined) return this.#checked(table, row);
    if (this.#view.macOf(name) === null) return undefined;
    throw notAsLeft(`the row "${name}" is gone`);
  }

  #checked<T extends Table>(table: T, row: RowOf<T>): RowOf<T> {
    const name = rowName(table, row);
    const expected = this.#view.macOf(name);
    if (expected === null) throw notAsLeft(`the row "${name}" was added`);
    if (!isAuthentic(this.#keys, table, row)) throw notAsLeft(`the row "${name}" is not what was written there`);
    if (expected !== toHex(row.mac)) throw notAsLeft(`the row "${name}" is an older one, put back`);
    return row;
  }

  #all<T extends Table>(table: T, rows: readonly RowOf<T>[]): readonly RowOf<T>[] {
    for (const row of rows) this.#checked(table, row);
    return rows;
  }

  #page<T extends Table>(table: T, page: Page<RowOf<T>>): Page<RowOf<T>> {
    this.#all(table, page.rows);
    return page;
  }

  #requireCount(prefix: string, found: number): void {
    const missing = this.#view.count(prefix) - found;
    if (missing !== 0) throw notAsLeft(`of the rows "${prefix}…" ${missing} are gone`);
  }

  /**
   * A filter does not show what it failed to find: a row that is gone, or that was put back as it was when the filter did not match it.
   * So the whole table must be as expected. It takes some 2 µs a row.
   */
  async requireWhole(table: Table): Promise<void> {
    let found = 0;
    await this.#rows.seals(table, (name, mac) => {
      const expected = this.#view.macOf(name);
      if (expected !== mac)
        throw notAsLeft(`the row "${name}" ${expected === null ? "was added" : "is not the latest"}`);
      found++;
    });
    this.#requireCount(`${table} `, found);
  }

  async meta(name: string): Promise<Uint8Array | undefined> {
    const value = await this.#rows.meta(name);
    const expected = this.#view.macOf(`meta ${name}`);
    const found = value === undefined ? null : metaSeal(this.#keys, { name, value });
    if (expected === found) return value;
    throw notAsLeft(`the row "meta ${name}" is not what was written there`);
  }

  async key(keyId: string): Promise<RowOf<"key"> | undefined> {
    return this.#one("key", await this.#rows.key(keyId), rowName("key", { keyId }));
  }

  async keys(page: PageRequest, filters?: readonly KeyFilter[]): Promise<Page<RowOf<"key">>> {
    const found = this.#page("key", await this.#rows.keys(page, filters));
    if (filters === undefined || filters.length === 0) this.#requireCount("key ", found.total);
    else await this.requireWhole("key");
    return found;
  }

  async keyByFingerprint(fingerprint: Uint8Array): Promise<RowOf<"key"> | undefined> {
    const row = await this.#rows.keyByFingerprint(fingerprint);
    if (row !== undefined) return this.#checked("key", row);
    await this.requireWhole("key");
    return undefined;
  }

  async dueKeys(now: number, limit: number): Promise<readonly RowOf<"key">[]> {
    return this.#all("key", await this.#rows.dueKeys(now, limit));
  }

  async version(versionId: string): Promise<RowOf<"version"> | undefined> {
    return this.#one("version", await this.#rows.version(versionId), rowName("version", { versionId }));
  }

  /** Versions are numbered without gaps, so that a missing one is noticed. */
  async versions(keyId: string, page: PageRequest): Promise<Page<RowOf<"version">>> {
    const { rows, total } = this.#page("version", await this.#rows.versions(keyId, page));
    if (rows.every((row, index) => row.ordinal === page.offset + index + 1)) return { rows, total };
    throw notAsLeft(`a version of the key ${keyId} is gone`);
  }

  async keyObject(object: { versionId: string; mode: CipherMode | "NONE" }): Promise<RowOf<"keyObject"> | undefined> {
    return this.#one("keyObject", await this.#rows.keyObject(object), rowName("keyObject", object));
  }

  async keyObjects(versionId: string): Promise<readonly RowOf<"keyObject">[]> {
    const rows = this.#all("keyObject", await this.#rows.keyObjects(versionId));
    const expected = MODES.map((mode) => rowName("keyObject", { versionId, mode }));
    const missing = expected.filter((name) => this.#view.macOf(name) !== null).length - rows.length;
    if (missing === 0) return rows;
    throw notAsLeft(`a key object of the version ${versionId} is gone`);
  }

  async alias(aliasName: string): Promise<RowOf<"alias"> | undefined> {
    return this.#one("alias", await this.#rows.alias(aliasName), rowName("alias", { aliasName }));
  }

  async aliases(page: PageRequest, keyId?: string): Promise<Page<RowOf<"alias">>> {
    const found = this.#page("alias", await this.#rows.aliases(page, keyId));
    if (keyId === undefined) this.#requireCount("alias ", found.total);
    else await this.requireWhole("alias");
    return found;
  }

  /** The aliases of a key that is about to be deleted. One that is gone is noticed when it is used. */
  protected async aliasesOf(keyId: string): Promise<readonly RowOf<"alias">[]> {
    return this.#page("alias", await this.#rows.aliases(EVERYTHING, keyId)).rows;
  }

  async tags(keyId: string): Promise<readonly Omit<TagRow, "mac">[]> {
    const rows = this.#all("tag", await this.#rows.tags(keyId));
    this.#requireCount(`tag ${keyId} `, rows.length);
    return rows.map(({ keyId, tagKey, tagValue }) => ({ keyId, tagKey, tagValue }));
  }

  async importToken(tokenId: string): Promise<RowOf<"importToken"> | undefined> {
    return this.#one("importToken", await this.#rows.importToken(tokenId), rowName("importToken", { tokenId }));
  }

  async importTokens(filter: { keyId?: string; expiredAt?: number }): Promise<readonly RowOf<"importToken">[]> {
    const found = this.#all("importToken", await this.#rows.importTokens(filter));
    await this.requireWhole("importToken");
    return found;
  }

  async anchors(): Promise<readonly RowOf<"anchor">[]> {
    return this.#all("anchor", await this.#rows.anchors());
  }

  async anchor(chainId: string): Promise<RowOf<"anchor"> | undefined> {
    const row = (await this.#rows.anchors()).find((anchor) => anchor.chainId === chainId);
    return this.#one("anchor", row, rowName("anchor", { chainId }));
  }

  async counter(object: CountedObject): Promise<RowOf<"counter"> | undefined> {
    return this.#one("counter", await this.#rows.counter(object), rowName("counter", object));
  }
}
