import type { CipherMode } from "../../shared/algorithms.ts";
import type {
  AliasRow,
  AuditAnchorRow,
  CounterRow,
  ImportTokenRow,
  KeyObjectRow,
  KeyRow,
  MetaRow,
  TableName,
  Tables,
  TagRow,
  TakeSeal,
  VersionRow,
} from "./rows.ts";

export interface PageRequest {
  readonly offset: number;
  readonly limit: number;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** How many rows there are in all. */
  readonly total: number;
}

/** Columns ListKeys filters by; values of one column are alternatives, columns must all hold. */
export interface KeyFilter {
  readonly column:
    | "keyId"
    | "state"
    | "keySpec"
    | "keyUsage"
    | "protectionLevel"
    | "creator"
    | "aliasName"
    | "tagKey"
    | "tagValue";
  readonly values: readonly string[];
}

/** The view of a transaction: one consistent state, its own writes included. Absent rows are `undefined`. */
export interface StoreReader {
  meta(name: string): Promise<Uint8Array | undefined>;

  key(keyId: string): Promise<KeyRow | undefined>;
  /** In order of creation, then id. */
  keys(page: PageRequest, filters?: readonly KeyFilter[]): Promise<Page<KeyRow>>;
  keyByFingerprint(fingerprint: Uint8Array): Promise<KeyRow | undefined>;
  /** Keys whose deletion, material expiry or rotation is due at `now`, at most `limit`. */
  dueKeys(now: number, limit: number): Promise<readonly KeyRow[]>;

  version(versionId: string): Promise<VersionRow | undefined>;
  /** In order of `ordinal`. */
  versions(keyId: string, page: PageRequest): Promise<Page<VersionRow>>;
  keyObject(object: { versionId: string; mode: CipherMode | "NONE" }): Promise<KeyObjectRow | undefined>;
  keyObjects(versionId: string): Promise<readonly KeyObjectRow[]>;

  alias(aliasName: string): Promise<AliasRow | undefined>;
  /** In order of name. */
  aliases(page: PageRequest, keyId?: string): Promise<Page<AliasRow>>;
  /** In order of tag key. */
  tags(keyId: string): Promise<readonly TagRow[]>;

  importToken(tokenId: string): Promise<ImportTokenRow | undefined>;
  importTokens(filter: { keyId?: string; expiredAt?: number }): Promise<readonly ImportTokenRow[]>;
  anchors(): Promise<readonly AuditAnchorRow[]>;
  counter(object: CountedObject): Promise<CounterRow | undefined>;
  /** The counters of every mode of a version. */
  counters(versionId: string): Promise<readonly CounterRow[]>;

  metas(): Promise<readonly MetaRow[]>;
  /** Every row of a table, in any order. */
  all<T extends TableName>(table: T): Promise<readonly Tables[T][]>;
  /** Passes name and MAC of every row of a table to `take`, in any order. Must be fast: every opening reads them all. */
  seals(table: TableName, take: TakeSeal): Promise<void>;
}

/** `put…` inserts or replaces by primary key; `add…` inserts and returns whether it did (false: the row exists). */
export interface StoreWriter extends StoreReader {
  putMeta(name: string, value: Uint8Array): Promise<void>;
  addKey(row: KeyRow): Promise<boolean>;
  putKey(row: KeyRow): Promise<void>;
  /** Removes the key with its versions, key objects, aliases, tags, import tokens and counters. */
  deleteKey(keyId: string): Promise<void>;
  addVersion(row: VersionRow): Promise<boolean>;
  putVersion(row: VersionRow): Promise<void>;
  addKeyObject(row: KeyObjectRow): Promise<boolean>;
  putKeyObject(row: KeyObjectRow): Promise<void>;
  deleteKeyObjects(versionId: string): Promise<void>;
  addAlias(row: AliasRow): Promise<boolean>;
  putAlias(row: AliasRow): Promise<void>;
  deleteAlias(aliasName: string): Promise<void>;
  putTag(row: TagRow): Promise<void>;
  deleteTag(tag: { keyId: string; tagKey: string }): Promise<void>;
  putImportToken(row: ImportTokenRow): Promise<void>;
  deleteImportToken(tokenId: string): Promise<void>;
  putAnchor(row: AuditAnchorRow): Promise<void>;
  deleteAnchor(chainId: string): Promise<void>;
  putCounter(row: CounterRow): Promise<void>;
}

/**
 * The interface to a database. Stores know rows and transactions, but nothing about keys. They are not trusted with the contents:
 * the KMS authenticates every row, and the set of all rows.
 *
 * Failures are `LanelockError` `ERR_STORE` with a `cause` and a message that says what to do (disk full, read-only, damaged,
 * locked, unreachable). After one, everything acknowledged before it is still there.
 */
export interface KeyStore {
  /** For messages: `SQLite /var/lib/lanelock/keys.db`. Never holds a password. */
  readonly name: string;
  /** The store's file, if it is one. The default audit file is named after it. */
  readonly path?: string | undefined;

  /** Connects, and creates or migrates the tables. Safe when several processes do it at once. */
  open(): Promise<void>;
  close(): Promise<void>;

  read<T>(work: (rows: StoreReader) => Promise<T>): Promise<T>;
  /**
   * Runs `work` as the only writer of the store, across all processes, and resolves when its changes are durable. Rolls back
   * when `work` rejects, and rejects with that reason. `work` must not wait for anything slow: other writers wait for it.
   */
  write<T>(work: (rows: StoreWriter) => Promise<T>): Promise<T>;

  /**
   * Claims a name (`[a-z0-9-]+`) for this process, across all processes of the store, until it is released or the process
   * ends in any way. `undefined`: somebody else has it. A process that writes an audit file holds its claim.
   */
  claim(name: string): Promise<StoreClaim | undefined>;

  /**
   * Remembers ids until a time, for all processes of the store, and returns for each whether it was new. It need not survive a crash
   * of the machine, and does not change the change counter. No id occurs twice in `entries`. Absent in stores that only one process can use.
   */
  remember?(entries: readonly RememberedId[]): Promise<readonly boolean[]>;

  /** Of its connections, for the metrics of a server. Absent in stores that have no pool. */
  pool?(): PoolUsage | undefined;

  /** Makes deleted rows unrecoverable from the live database: truncates logs, overwrites or vacuums. */
  scrub(): Promise<void>;
}

/** A pool of connections or sessions at one time. */
export interface PoolUsage {
  readonly open: number;
  /** Callers that wait for one. */
  readonly waiting: number;
}

export interface RememberedId {
  /** 16 bytes. */
  readonly id: Uint8Array;
  /** Milliseconds since 1970. */
  readonly until: number;
}

export interface StoreClaim {
  /** True once another process may have the claim, because this one's connection broke. */
  readonly lost: boolean;
  /** Checks whether it is lost, because a connection may break without notice. Resolves within seconds, and never rejects. */
  check(): Promise<void>;
  /** Resolves within seconds, also when the connection it hung on is dead. */
  release(): Promise<void>;
}

/** The version whose key object is counted, and its mode. */
export interface CountedObject {
  readonly versionId: string;
  readonly mode: CipherMode;
}
