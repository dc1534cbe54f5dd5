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
  TableName,
  Tables,
  TagRow,
  TakeSeal,
  VersionRow,
} from "../../kms/ports/index.ts";
import { toHex } from "../../shared/encoding.ts";
import { byAge, isDue, keptBy, pageOf } from "../row-queries.ts";
import { BY_AGE, BY_FINGERPRINT, BY_KEY, META, PRIMARY_KEYS } from "./schema.ts";
import type { Requests } from "./transaction.ts";

/** Rows whose primary key begins with a text: an array sorts after every text. */
function beginningWith(text: string): IDBKeyRange {
  return IDBKeyRange.bound([text], [text, []]);
}

/** A key of the database. The bytes are copied: a key on part of a buffer is refused by some browsers. */
function bytesKey(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

const MAC_LENGTH = 32;
const NO_MAC = new Uint8Array(MAC_LENGTH);

// The browser keeps values of any type, and a script may have put them there. What the KMS authenticates has the type that it expects.

function bytesOf(value: unknown): Uint8Array {
  return Object.prototype.toString.call(value) === "[object Uint8Array]" ? (value as Uint8Array) : new Uint8Array();
}

/** A key `["a"]` must not have the name of the key `"a"`. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : `(${typeof value})`;
}

export class IndexedDbReader implements StoreReader {
  protected readonly requests: Requests;

  constructor(requests: Requests) {
    this.requests = requests;
  }

  #one<Row>(store: string, key: IDBValidKey): Promise<Row | undefined> {
    return this.requests.request(store, (rows) => rows.get(key) as IDBRequest<Row | undefined>);
  }

  #all<Row>(store: string, range?: IDBKeyRange): Promise<Row[]> {
    return this.requests.request(store, (rows) => rows.getAll(range) as IDBRequest<Row[]>);
  }

  #ofKey<Row>(store: string, keyId: string): Promise<Row[]> {
    return this.requests.request(store, (rows) => rows.index(BY_KEY).getAll(keyId) as IDBRequest<Row[]>);
  }

  async meta(name: string) {
    const row = await this.#one<MetaRow>(META, name);
    return row && bytesOf(row.value);
  }

  key(keyId: string) {
    return this.#one<KeyRow>("key", keyId);
  }

  async keys(page: PageRequest, filters: readonly KeyFilter[] = []): Promise<Page<KeyRow>> {
    if (filters.length === 0) return this.#keysByAge(page);
    const columns = filters.map(({ column }) => column);
    const aliases = columns.includes("aliasName") ? await this.#all<AliasRow>("alias") : [];
    const tags = columns.some((column) => column.startsWith("tag")) ? await this.#all<TagRow>("tag") : [];
    const keep = keptBy(filters, { aliases: () => aliases, tags: () => tags });
    return pageOf((await this.#all<KeyRow>("key")).filter(keep).sort(byAge), page);
  }

  async #keysByAge({ offset, limit }: PageRequest): Promise<Page<KeyRow>> {
    const upTo = Math.min(offset + limit, 0xffffffff);
    const [total, rows] = await Promise.all([
      // Of the index: a row that a script gave another type of time is not in it, and must not be counted.
      this.requests.request("key", (keys) => keys.index(BY_AGE).count()),
      upTo === 0
        ? []
        : this.requests.request("key", (keys) => keys.index(BY_AGE).getAll(null, upTo) as IDBRequest<KeyRow[]>),
    ]);
    return { rows: rows.slice(offset), total };
  }

  keyByFingerprint(fingerprint: Uint8Array) {
    return this.requests.request(
      "key",
      (keys) => keys.index(BY_FINGERPRINT).get(bytesKey(fingerprint)) as IDBRequest<KeyRow | undefined>,
    );
  }

  async dueKeys(now: number, limit: number) {
    return (await this.#all<KeyRow>("key")).filter((row) => isDue(row, now)).slice(0, limit);
  }

  version(versionId: string) {
    return this.#one<VersionRow>("version", versionId);
  }

  async versions(keyId: string, page: PageRequest) {
    const rows = await this.#ofKey<VersionRow>("version", keyId);
    return pageOf(
      rows.sort((a, b) => a.ordinal - b.ordinal),
      page,
    );
  }

  keyObject({ versionId, mode }: { versionId: string; mode: CipherMode | "NONE" }) {
    return this.#one<KeyObjectRow>("keyObject", [versionId, mode]);
  }

  keyObjects(versionId: string) {
    return this.#all<KeyObjectRow>("keyObject", beginningWith(versionId));
  }

  alias(aliasName: string) {
    return this.#one<AliasRow>("alias", aliasName);
  }

  async aliases(page: PageRequest, keyId?: string) {
    const rows = await (keyId === undefined ? this.#all<AliasRow>("alias") : this.#ofKey<AliasRow>("alias", keyId));
    return pageOf(rows, page);
  }

  tags(keyId: string) {
    return this.#all<TagRow>("tag", beginningWith(keyId));
  }

  importToken(tokenId: string) {
    return this.#one<ImportTokenRow>("importToken", tokenId);
  }

  async importTokens({ keyId, expiredAt }: { keyId?: string; expiredAt?: number }) {
    const rows = await (keyId === undefined
      ? this.#all<ImportTokenRow>("importToken")
      : this.#ofKey<ImportTokenRow>("importToken", keyId));
    return rows.filter((row) => expiredAt === undefined || row.expiresAt <= expiredAt);
  }

  anchors() {
    return this.#all<AuditAnchorRow>("anchor");
  }

  counter({ versionId, mode }: CountedObject) {
    return this.#one<CounterRow>("counter", [versionId, mode]);
  }

  counters(versionId: string) {
    return this.#all<CounterRow>("counter", beginningWith(versionId));
  }

  async metas() {
    return (await this.#all<MetaRow>(META)).map(({ name, value }) => ({ name: textOf(name), value: bytesOf(value) }));
  }

  all<T extends TableName>(table: T) {
    return this.#all<Tables[T]>(table);
  }

  async seals(table: TableName, take: TakeSeal) {
    const columns = PRIMARY_KEYS[table];
    for (const row of await this.#all<Readonly<Record<string, unknown>>>(table)) {
      const mac = bytesOf(row.mac);
      const name = [table, ...columns.map((column) => textOf(row[column]))].join(" ");
      take(name, toHex(mac.length === MAC_LENGTH ? mac : NO_MAC));
    }
  }
}
