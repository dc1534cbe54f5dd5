import { type Kysely, sql } from "kysely";
import type {
  AliasRow,
  AuditAnchorRow,
  CounterRow,
  ImportTokenRow,
  KeyObjectRow,
  KeyRow,
  MetaRow,
  TagRow,
  VersionRow,
} from "../../kms/ports/index.ts";

/** A row as SQL holds it: integers for booleans. */
type SqlRow<Row> = { [Column in keyof Row]: Row[Column] extends boolean ? number : Row[Column] };

/** Columns are named as the fields of the rows they keep. */
export interface Database {
  /** One row: the schema's version, and a count of write transactions, whose lock makes their writer the only one. */
  lanelock_store: { id: number; version: number; changes: number };
  lanelock_meta: MetaRow;
  lanelock_keys: SqlRow<KeyRow>;
  lanelock_versions: SqlRow<VersionRow>;
  lanelock_key_objects: SqlRow<KeyObjectRow>;
  lanelock_aliases: SqlRow<AliasRow>;
  lanelock_tags: SqlRow<TagRow>;
  lanelock_import_tokens: SqlRow<ImportTokenRow>;
  lanelock_anchors: SqlRow<AuditAnchorRow>;
  lanelock_counters: CounterRow;
}

export type BytesType = "blob" | "bytea";

interface Columns {
  readonly texts?: readonly string[];
  readonly bytes?: readonly string[];
  /** 64 bits in PostgreSQL too: times in milliseconds, counts to 2^32. */
  readonly integers?: readonly string[];
  /** Those of the above that may be null. */
  readonly nullable?: readonly string[];
  readonly primaryKey: readonly string[];
}

/** As schema version 1 made them. */
const TABLES: Readonly<Record<string, Columns>> = {
  lanelock_meta: { texts: ["name"], bytes: ["value"], primaryKey: ["name"] },
  lanelock_keys: {
    texts: [
      ...["keyId", "creator", "description", "keySpec", "keyUsage", "origin", "protectionLevel", "mode", "state"],
      ...["primaryVersionId", "deletionProtectionDescription"],
    ],
    integers: [
      ...["createdAt", "deleteAt", "materialExpiresAt", "lastRotatedAt", "rotationEnabled", "rotationSeconds"],
      ...["deletionProtected", "seeded"],
    ],
    bytes: ["materialFingerprint", "mac"],
    nullable: ["primaryVersionId", "deleteAt", "materialExpiresAt", "rotationSeconds", "materialFingerprint"],
    primaryKey: ["keyId"],
  },
  lanelock_versions: {
    texts: ["versionId", "keyId"],
    integers: ["createdAt", "ordinal"],
    bytes: ["mac"],
    primaryKey: ["versionId"],
  },
  lanelock_key_objects: {
    texts: ["versionId", "mode", "custody"],
    bytes: ["handle", "publicKey", "mac"],
    nullable: ["publicKey"],
    primaryKey: ["versionId", "mode"],
  },
  lanelock_aliases: {
    texts: ["aliasName", "keyId"],
    integers: ["createdAt"],
    bytes: ["mac"],
    primaryKey: ["aliasName"],
  },
  lanelock_tags: { texts: ["keyId", "tagKey", "tagValue"], primaryKey: ["keyId", "tagKey"] },
  lanelock_import_tokens: {
    texts: ["tokenId", "keyId", "wrappingKeySpec", "wrappingAlgorithm"],
    integers: ["expiresAt", "failures"],
    bytes: ["handle", "publicKey", "mac"],
    primaryKey: ["tokenId"],
  },
  lanelock_anchors: {
    texts: ["chainId", "location"],
    integers: ["sequence", "length", "at"],
    bytes: ["head", "mac"],
    primaryKey: ["chainId"],
  },
  lanelock_counters: { texts: ["versionId", "mode"], integers: ["count"], primaryKey: ["versionId", "mode"] },
};

const INDEXES: readonly (readonly [table: string, ...columns: string[]])[] = [
  ["lanelock_keys", "createdAt", "keyId"],
  ["lanelock_keys", "deleteAt"],
  ["lanelock_keys", "materialExpiresAt"],
  ["lanelock_keys", "materialFingerprint"],
  ["lanelock_versions", "keyId", "ordinal"],
  ["lanelock_aliases", "keyId"],
  ["lanelock_import_tokens", "keyId"],
];

async function createTable(db: Kysely<Database>, table: string, bytes: BytesType): Promise<void> {
  const columns = TABLES[table];
  if (!columns) return;
  const kinds = [
    ...(columns.texts ?? []).map((name) => [name, sql`text`] as const),
    ...(columns.integers ?? []).map((name) => [name, sql`bigint`] as const),
    ...(columns.bytes ?? []).map((name) => [name, bytes === "blob" ? sql`blob` : sql`bytea`] as const),
  ];
  let builder = db.schema.createTable(table);
  for (const [name, type] of kinds) {
    builder = builder.addColumn(name, type, (column) => (columns.nullable?.includes(name) ? column : column.notNull()));
  }
  await builder.addPrimaryKeyConstraint(`${table}_key`, columns.primaryKey as never[]).execute();
}

type Migration = (db: Kysely<Database>, bytes: BytesType) => Promise<void>;

/** Schema version n is reached by the first n of these; one that shipped never changes. */
const MIGRATIONS: readonly Migration[] = [
  async (db, bytes) => {
    for (const table of Object.keys(TABLES)) await createTable(db, table, bytes);
    for (const [table, ...columns] of INDEXES) {
      await db.schema
        .createIndex(`${table}_${columns.join("_")}`)
        .on(table)
        .columns(columns)
        .execute();
    }
  },
  // The KMS gives the rows that are there their MAC when it upgrades the store.
  async (db, bytes) => {
    const none = sql.raw(bytes === "blob" ? "x''" : "''::bytea");
    const type = bytes === "blob" ? sql`blob` : sql`bytea`;
    for (const table of ["lanelock_tags", "lanelock_counters"]) {
      await db.schema
        .alterTable(table)
        .addColumn("mac", type, (column) => column.notNull().defaultTo(none))
        .execute();
    }
  },
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** Whether the database holds a store; call it in a transaction that excludes migrations. */
export async function isMade(db: Kysely<Database>): Promise<boolean> {
  const tables = await db.introspection.getTables();
  return tables.some(({ name }) => name === "lanelock_store");
}

/**
 * Brings the tables up to {@link SCHEMA_VERSION}; call it in a transaction that excludes other migrations.
 *
 * @returns the version the database has, which is greater when a newer lanelock wrote it; nothing was done then.
 */
export async function migrate(db: Kysely<Database>, bytes: BytesType): Promise<number> {
  await db.schema
    .createTable("lanelock_store")
    .ifNotExists()
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("version", "integer", (column) => column.notNull())
    .addColumn("changes", "bigint", (column) => column.notNull())
    .execute();
  const row = await db.selectFrom("lanelock_store").select("version").executeTakeFirst();
  const version = row?.version ?? 0;
  for (const migration of MIGRATIONS.slice(version)) await migration(db, bytes);
  if (version >= SCHEMA_VERSION) return version;
  await db
    .insertInto("lanelock_store")
    .values({ id: 1, version: SCHEMA_VERSION, changes: 0 })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ version: SCHEMA_VERSION }))
    .execute();
  return SCHEMA_VERSION;
}
