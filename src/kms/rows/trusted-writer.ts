import { toHex } from "../../shared/encoding.ts";
import type { StoreWriter } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { groupOf } from "./row-index.ts";
import { metaSeal, type RowOf, rowName, sealRow, type Table, type Unsealed } from "./row-mac.ts";
import { EVERYTHING, type RowView, TrustedReader } from "./trusted-reader.ts";

/** The changes of a transaction so far, in front of the view before it. */
class ChangedView implements RowView {
  readonly changes = new Map<string, string | null>();
  readonly #before: RowView;

  constructor(before: RowView) {
    this.#before = before;
  }

  macOf(name: string): string | null {
    const changed = this.changes.get(name);
    return changed === undefined ? this.#before.macOf(name) : changed;
  }

  count(group: string): number {
    let count = this.#before.count(group);
    for (const [name, mac] of this.changes) {
      if (groupOf(name) === group) count += Number(mac !== null) - Number(this.#before.macOf(name) !== null);
    }
    return count;
  }
}

/** A store's rows in a write transaction. Checks rows that are read, adds the MAC to rows that are written, and records every change. */
export class TrustedWriter extends TrustedReader {
  readonly #rows: StoreWriter;
  readonly #keys: StoreKeys;
  readonly #view: ChangedView;

  constructor(rows: StoreWriter, keys: StoreKeys, before: RowView) {
    const view = new ChangedView(before);
    super(rows, keys, view);
    this.#rows = rows;
    this.#keys = keys;
    this.#view = view;
  }

  /** The current MAC of every row changed so far. */
  get changes(): ReadonlyMap<string, string | null> {
    return this.#view.changes;
  }

  async #put<T extends Table>(table: T, row: Unsealed<T>, put: (sealed: RowOf<T>) => Promise<void>): Promise<void> {
    const sealed = sealRow(this.#keys, table, row);
    await put(sealed);
    this.#view.changes.set(rowName(table, row), toHex(sealed.mac));
  }

  async #add<T extends Table>(table: T, row: Unsealed<T>, add: (sealed: RowOf<T>) => Promise<boolean>) {
    const sealed = sealRow(this.#keys, table, row);
    const added = await add(sealed);
    if (added) this.#view.changes.set(rowName(table, row), toHex(sealed.mac));
    return added;
  }

  #forget(name: string): void {
    if (this.#view.macOf(name) !== null) this.#view.changes.set(name, null);
  }

  async putMeta(name: string, value: Uint8Array): Promise<void> {
    await this.#rows.putMeta(name, value);
    this.#view.changes.set(`meta ${name}`, metaSeal(this.#keys, { name, value }));
  }

  addKey(row: Unsealed<"key">): Promise<boolean> {
    return this.#add("key", row, (sealed) => this.#rows.addKey(sealed));
  }

  putKey(row: Unsealed<"key">): Promise<void> {
    return this.#put("key", row, (sealed) => this.#rows.putKey(sealed));
  }

  /** Removes a key with all that belongs to it. */
  async deleteKey(keyId: string): Promise<void> {
    for (const { versionId } of (await this.versions(keyId, EVERYTHING)).rows) {
      for (const object of await this.keyObjects(versionId)) this.#forget(rowName("keyObject", object));
      for (const counter of await this.#rows.counters(versionId)) this.#forget(rowName("counter", counter));
      this.#forget(rowName("version", { versionId }));
    }
    for (const alias of await this.aliasesOf(keyId)) this.#forget(rowName("alias", alias));
    for (const tag of await this.tags(keyId)) this.#forget(rowName("tag", tag));
    for (const token of await this.importTokens({ keyId })) this.#forget(rowName("importToken", token));
    this.#forget(rowName("key", { keyId }));
    await this.#rows.deleteKey(keyId);
  }

  addVersion(row: Unsealed<"version">): Promise<boolean> {
    return this.#add("version", row, (sealed) => this.#rows.addVersion(sealed));
  }

  addKeyObject(row: Unsealed<"keyObject">): Promise<boolean> {
    return this.#add("keyObject", row, (sealed) => this.#rows.addKeyObject(sealed));
  }

  putKeyObject(row: Unsealed<"keyObject">): Promise<void> {
    return this.#put("keyObject", row, (sealed) => this.#rows.putKeyObject(sealed));
  }

  async deleteKeyObjects(versionId: string): Promise<void> {
    for (const object of await this.keyObjects(versionId)) this.#forget(rowName("keyObject", object));
    await this.#rows.deleteKeyObjects(versionId);
  }

  addAlias(row: Unsealed<"alias">): Promise<boolean> {
    return this.#add("alias", row, (sealed) => this.#rows.addAlias(sealed));
  }

  putAlias(row: Unsealed<"alias">): Promise<void> {
    return this.#put("alias", row, (sealed) => this.#rows.putAlias(sealed));
  }

  async deleteAlias(aliasName: string): Promise<void> {
    await this.#rows.deleteAlias(aliasName);
    this.#forget(rowName("alias", { aliasName }));
  }

  putTag(row: Unsealed<"tag">): Promise<void> {
    return this.#put("tag", row, (sealed) => this.#rows.putTag(sealed));
  }

  async deleteTag(tag: { keyId: string; tagKey: string }): Promise<void> {
    await this.#rows.deleteTag(tag);
    this.#forget(rowName("tag", tag));
  }

  putImportToken(row: Unsealed<"importToken">): Promise<void> {
    return this.#put("importToken", row, (sealed) => this.#rows.putImportToken(sealed));
  }

  async deleteImportToken(tokenId: string): Promise<void> {
    await this.#rows.deleteImportToken(tokenId);
    this.#forget(rowName("importToken", { tokenId }));
  }

  putAnchor(row: Unsealed<"anchor">): Promise<void> {
    return this.#put("anchor", row, (sealed) => this.#rows.putAnchor(sealed));
  }

  putCounter(row: Unsealed<"counter">): Promise<void> {
    return this.#put("counter", row, (sealed) => this.#rows.putCounter(sealed));
  }
}
