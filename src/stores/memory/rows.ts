import type {
  AliasRow,
  AuditAnchorRow,
  CipherMode,
  CountedObject,
  CounterRow,
  ImportTokenRow,
  KeyFilter,
  KeyObjectRow,
  KeyRow,
  MetaRow,
  Page,
  PageRequest,
  StoreReader,
  StoreWriter,
  TableName,
  Tables,
  TagRow,
  TakeSeal,
  VersionRow,
} from "../../kms/ports/index.ts";
import { type Journal, MemoryTable } from "./table.ts";

/** The tables of a store in memory. */
export class MemoryTables {
  readonly meta = new MemoryTable<MetaRow>((row) => row.name);
  readonly keys = new MemoryTable<KeyRow>((row) => row.keyId);
  readonly versions = new MemoryTable<VersionRow>((row) => row.versionId);
  readonly keyObjects = new MemoryTable<KeyObjectRow>((row) => `${row.versionId} ${row.mode}`);
  readonly aliases = new MemoryTable<AliasRow>((row) => row.aliasName);
  readonly tags = new MemoryTable<TagRow>((row) => `${row.keyId} ${row.tagKey}`);
  readonly importTokens = new MemoryTable<ImportTokenRow>((row) => row.tokenId);
  readonly anchors = new MemoryTable<AuditAnchorRow>((row) => row.chainId);
  readonly counters = new MemoryTable<CounterRow>((row) => `${row.versionId} ${row.mode}`);

  /** The tables by the names that the KMS has for them. */
  readonly byName: { readonly [T in TableName]: MemoryTable<Tables[T]> } = {
    ...{ key: this.keys, version: this.versions, keyObject: this.keyObjects, alias: this.aliases, tag: this.tags },
    ...{ importToken: this.importTokens, anchor: this.anchors, counter: this.counters },
  };
}

function text(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function page<Row>(rows: readonly Row[], { offset, limit }: PageRequest): Page<Row> {
  return { rows: rows.slice(offset, offset + limit), total: rows.length };
}

function sameBytes(a: Uint8Array | null, b: Uint8Array): boolean {
  return a !== null && a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class MemoryReader implements StoreReader {
  protected readonly tables: MemoryTables;

  constructor(tables: MemoryTables) {
    this.tables = tables;
  }

  async meta(name: string) {
    return this.tables.meta.get(name)?.value;
  }

  async key(keyId: string) {
    return this.tables.keys.get(keyId);
  }

  async keys(request: PageRequest, filters: readonly KeyFilter[] = []) {
    const keep = (row: KeyRow) => filters.every((filter) => this.#matches(row, filter));
    const byAge = (a: KeyRow, b: KeyRow) => a.createdAt - b.createdAt || text(a.keyId, b.keyId);
    return page(this.tables.keys.select(keep, byAge), request);
  }

  #matches(row: KeyRow, { column, values }: KeyFilter): boolean {
    if (column === "aliasName") {
      return this.tables.aliases.has((alias) => alias.keyId === row.keyId && values.includes(alias.aliasName));
    }
    if (column === "tagKey" || column === "tagValue") {
      return this.tables.tags.has((tag) => tag.keyId === row.keyId && values.includes(tag[column]));
    }
    return values.includes(row[column]);
  }

  async keyByFingerprint(fingerprint: Uint8Array) {
    return this.tables.keys.select(
      (row) => sameBytes(row.materialFingerprint, fingerprint),
      (a, b) => text(a.keyId, b.keyId),
    )[0];
  }

  async dueKeys(now: number, limit: number) {
    const due = (row: KeyRow) =>
      (row.deleteAt !== null && row.deleteAt <= now) ||
      (row.materialExpiresAt !== null && row.materialExpiresAt <= now) ||
      (row.rotationEnabled && row.state === "Enabled" && row.lastRotatedAt + (row.rotationSeconds ?? 0) * 1_000 <= now);
    return this.tables.keys.select(due, (a, b) => text(a.keyId, b.keyId)).slice(0, limit);
  }

  async version(versionId: string) {
    return this.tables.versions.get(versionId);
  }

  async versions(keyId: string, request: PageRequest) {
    const rows = this.tables.versions.select(
      (row) => row.keyId === keyId,
      (a, b) => a.ordinal - b.ordinal,
    );
    return page(rows, request);
  }

  async keyObject({ versionId, mode }: { versionId: string; mode: CipherMode | "NONE" }) {
    return this.tables.keyObjects.get(`${versionId} ${mode}`);
  }

  async keyObjects(versionId: string) {
    return this.tables.keyObjects.select(
      (row) => row.versionId === versionId,
      (a, b) => text(a.mode, b.mode),
    );
  }

  async alias(aliasName: string) {
    return this.tables.aliases.get(aliasName);
  }

  async aliases(request: PageRequest, keyId?: string) {
    const rows = this.tables.aliases.select(
      (row) => keyId === undefined || row.keyId === keyId,
      (a, b) => text(a.aliasName, b.aliasName),
    );
    return page(rows, request);
  }

  async tags(keyId: string) {
    return this.tables.tags.select(
      (row) => row.keyId === keyId,
      (a, b) => text(a.tagKey, b.tagKey),
    );
  }

  async importToken(tokenId: string) {
    return this.tables.importTokens.get(tokenId);
  }

  async importTokens({ keyId, expiredAt }: { keyId?: string; expiredAt?: number }) {
    return this.tables.importTokens.select(
      (row) => (keyId === undefined || row.keyId === keyId) && (expiredAt === undefined || row.expiresAt <= expiredAt),
      (a, b) => text(a.tokenId, b.tokenId),
    );
  }

  async anchors() {
    return this.tables.anchors.select(
      () => true,
      (a, b) => text(a.chainId, b.chainId),
    );
  }

  async counter({ versionId, mode }: CountedObject) {
    return this.tables.counters.get(`${versionId} ${mode}`);
  }

  async counters(versionId: string) {
    return this.tables.counters.select(
      (row) => row.versionId === versionId,
      (a, b) => text(a.mode, b.mode),
    );
  }

  async metas() {
    return this.tables.meta.all();
  }

  async all<T extends TableName>(table: T): Promise<readonly Tables[T][]> {
    return this.tables.byName[table].all();
  }

  async seals(table: TableName, take: TakeSeal) {
    for (const [id, { mac }] of this.tables.byName[table].entries()) take(`${table} ${id}`, hex(mac));
  }
}

export class MemoryWriter extends MemoryReader implements StoreWriter {
  readonly #journal: Journal;

  constructor(tables: MemoryTables, journal: Journal) {
    super(tables);
    this.#journal = journal;
  }

  async putMeta(name: string, value: Uint8Array) {
    this.tables.meta.put({ name, value }, this.#journal);
  }

  async addKey(row: KeyRow) {
    return this.tables.keys.add(row, this.#journal);
  }

  async putKey(row: KeyRow) {
    this.tables.keys.put(row, this.#journal);
  }

  async deleteKey(keyId: string) {
    const ofKey = (row: { keyId: string }) => row.keyId === keyId;
    const versions = new Set(this.tables.versions.select(ofKey, () => 0).map((row) => row.versionId));
    const ofVersions = (row: { versionId: string }) => versions.has(row.versionId);
    this.tables.keyObjects.delete(ofVersions, this.#journal);
    this.tables.counters.delete(ofVersions, this.#journal);
    this.tables.versions.delete(ofKey, this.#journal);
    this.tables.aliases.delete(ofKey, this.#journal);
    this.tables.tags.delete(ofKey, this.#journal);
    this.tables.importTokens.delete(ofKey, this.#journal);
    this.tables.keys.delete(ofKey, this.#journal);
  }

  async addVersion(row: VersionRow) {
    return this.tables.versions.add(row, this.#journal);
  }

  async putVersion(row: VersionRow) {
    this.tables.versions.put(row, this.#journal);
  }

  async addKeyObject(row: KeyObjectRow) {
    return this.tables.keyObjects.add(row, this.#journal);
  }

  async putKeyObject(row: KeyObjectRow) {
    this.tables.keyObjects.put(row, this.#journal);
  }

  async deleteKeyObjects(versionId: string) {
    this.tables.keyObjects.delete((row) => row.versionId === versionId, this.#journal);
  }

  async addAlias(row: AliasRow) {
    return this.tables.aliases.add(row, this.#journal);
  }

  async putAlias(row: AliasRow) {
    this.tables.aliases.put(row, this.#journal);
  }

  async deleteAlias(aliasName: string) {
    this.tables.aliases.delete((row) => row.aliasName === aliasName, this.#journal);
  }

  async putTag(row: TagRow) {
    this.tables.tags.put(row, this.#journal);
  }

  async deleteTag({ keyId, tagKey }: { keyId: string; tagKey: string }) {
    this.tables.tags.delete((row) => row.keyId === keyId && row.tagKey === tagKey, this.#journal);
  }

  async putImportToken(row: ImportTokenRow) {
    this.tables.importTokens.put(row, this.#journal);
  }

  async deleteImportToken(tokenId: string) {
    this.tables.importTokens.delete((row) => row.tokenId === tokenId, this.#journal);
  }

  async putAnchor(row: AuditAnchorRow) {
    this.tables.anchors.put(row, this.#journal);
  }

  async deleteAnchor(chainId: string) {
    this.tables.anchors.delete((row) => row.chainId === chainId, this.#journal);
  }

  async putCounter(row: CounterRow) {
    this.tables.counters.put(row, this.#journal);
  }
}
