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
  PageRequest,
  StoreReader,
  StoreWriter,
  TableName,
  Tables,
  TagRow,
  TakeSeal,
  VersionRow,
} from "../../kms/ports/index.ts";
import { toHex } from "../../shared/encoding.ts";
import { byAge, compareTexts, isDue, keptBy, pageOf } from "../row-queries.ts";
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

const byId = (a: KeyRow, b: KeyRow) => compareTexts(a.keyId, b.keyId);

function sameBytes(a: Uint8Array | null, b: Uint8Array): boolean {
  return a !== null && a.length === b.length && a.every((byte, index) => byte === b[index]);
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
    const related = { aliases: () => this.tables.aliases.all(), tags: () => this.tables.tags.all() };
    return pageOf(this.tables.keys.select(keptBy(filters, related), byAge), request);
  }

  async keyByFingerprint(fingerprint: Uint8Array) {
    return this.tables.keys.select((row) => sameBytes(row.materialFingerprint, fingerprint), byId)[0];
  }

  async dueKeys(now: number, limit: number) {
    return this.tables.keys.select((row) => isDue(row, now), byId).slice(0, limit);
  }

  async version(versionId: string) {
    return this.tables.versions.get(versionId);
  }

  async versions(keyId: string, request: PageRequest) {
    const rows = this.tables.versions.select(
      (row) => row.keyId === keyId,
      (a, b) => a.ordinal - b.ordinal,
    );
    return pageOf(rows, request);
  }

  async keyObject({ versionId, mode }: { versionId: string; mode: CipherMode | "NONE" }) {
    return this.tables.keyObjects.get(`${versionId} ${mode}`);
  }

  async keyObjects(versionId: string) {
    return this.tables.keyObjects.select(
      (row) => row.versionId === versionId,
      (a, b) => compareTexts(a.mode, b.mode),
    );
  }

  async alias(aliasName: string) {
    return this.tables.aliases.get(aliasName);
  }

  async aliases(request: PageRequest, keyId?: string) {
    const rows = this.tables.aliases.select(
      (row) => keyId === undefined || row.keyId === keyId,
      (a, b) => compareTexts(a.aliasName, b.aliasName),
    );
    return pageOf(rows, request);
  }

  async tags(keyId: string) {
    return this.tables.tags.select(
      (row) => row.keyId === keyId,
      (a, b) => compareTexts(a.tagKey, b.tagKey),
    );
  }

  async importToken(tokenId: string) {
    return this.tables.importTokens.get(tokenId);
  }

  async importTokens({ keyId, expiredAt }: { keyId?: string; expiredAt?: number }) {
    return this.tables.importTokens.select(
      (row) => (keyId === undefined || row.keyId === keyId) && (expiredAt === undefined || row.expiresAt <= expiredAt),
      (a, b) => compareTexts(a.tokenId, b.tokenId),
    );
  }

  async anchors() {
    return this.tables.anchors.select(
      () => true,
      (a, b) => compareTexts(a.chainId, b.chainId),
    );
  }

  async counter({ versionId, mode }: CountedObject) {
    return this.tables.counters.get(`${versionId} ${mode}`);
  }

  async counters(versionId: string) {
    return this.tables.counters.select(
      (row) => row.versionId === versionId,
      (a, b) => compareTexts(a.mode, b.mode),
    );
  }

  async metas() {
    return this.tables.meta.all();
  }

  async all<T extends TableName>(table: T): Promise<readonly Tables[T][]> {
    return this.tables.byName[table].all();
  }

  async seals(table: TableName, take: TakeSeal) {
    for (const [id, { mac }] of this.tables.byName[table].entries()) take(`${table} ${id}`, toHex(mac));
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
