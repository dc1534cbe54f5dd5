import { type ExpressionBuilder, type Kysely, type SelectQueryBuilder, sql } from "kysely";
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
  Page,
  PageRequest,
  StoreReader,
  TableName,
  Tables,
  TagRow,
  TakeSeal,
  VersionRow,
} from "../../kms/ports/index.ts";
import { bytesFromSql, fromSql, type Stored, toSqlValue } from "./row-codec.ts";
import type { Database } from "./schema.ts";

/** The rows of one transaction, through its connection. */
export class SqlReader implements StoreReader {
  protected readonly db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.db = db;
  }

  async meta(name: string) {
    const row = await this.db.selectFrom("lanelock_meta").select("value").where("name", "=", name).executeTakeFirst();
    return row && bytesFromSql(row.value);
  }

  async key(keyId: string) {
    const row = await this.db.selectFrom("lanelock_keys").selectAll().where("keyId", "=", keyId).executeTakeFirst();
    return row && fromSql<KeyRow>(row);
  }

  async keys(page: PageRequest, filters: readonly KeyFilter[] = []): Promise<Page<KeyRow>> {
    let query = this.db.selectFrom("lanelock_keys");
    for (const filter of filters) query = query.where((keys) => matches(keys, filter));
    const { rows, total } = await paged(query, page, (all) =>
      all
        .selectAll()
        .orderBy("createdAt")
        .orderBy(sql`"keyId" ${collation(this.db)}`),
    );
    return { rows: rows.map((row) => fromSql<KeyRow>(row)), total };
  }

  async keyByFingerprint(fingerprint: Uint8Array) {
    const row = await this.db
      .selectFrom("lanelock_keys")
      .selectAll()
      .where("materialFingerprint", "=", toSqlValue(fingerprint) as Uint8Array)
      .executeTakeFirst();
    return row && fromSql<KeyRow>(row);
  }

  async dueKeys(now: number, limit: number) {
    const rows = await this.db
      .selectFrom("lanelock_keys")
      .selectAll()
      .where((keys) =>
        keys.or([
          keys("deleteAt", "<=", now),
          keys("materialExpiresAt", "<=", now),
          keys.and([
            keys("rotationEnabled", "=", 1),
            keys("state", "=", "Enabled"),
            sql<boolean>`"lastRotatedAt" + "rotationSeconds" * 1000 <= ${now}`,
          ]),
        ]),
      )
      .limit(limit)
      .execute();
    return rows.map((row) => fromSql<KeyRow>(row));
  }

  async version(versionId: string) {
    const query = this.db.selectFrom("lanelock_versions").selectAll().where("versionId", "=", versionId);
    const row = await query.executeTakeFirst();
    return row && fromSql<VersionRow>(row);
  }

  async versions(keyId: string, page: PageRequest): Promise<Page<VersionRow>> {
    const query = this.db.selectFrom("lanelock_versions").where("keyId", "=", keyId);
    const { rows, total } = await paged(query, page, (all) => all.selectAll().orderBy("ordinal"));
    return { rows: rows.map((row) => fromSql<VersionRow>(row)), total };
  }

  async keyObject({ versionId, mode }: { versionId: string; mode: CipherMode | "NONE" }) {
    const row = await this.db
      .selectFrom("lanelock_key_objects")
      .selectAll()
      .where("versionId", "=", versionId)
      .where("mode", "=", mode)
      .executeTakeFirst();
    return row && fromSql<KeyObjectRow>(row);
  }

  async keyObjects(versionId: string) {
    const query = this.db.selectFrom("lanelock_key_objects").selectAll().where("versionId", "=", versionId);
    const rows = await query.orderBy("mode").execute();
    return rows.map((row) => fromSql<KeyObjectRow>(row));
  }

  async alias(aliasName: string) {
    const query = this.db.selectFrom("lanelock_aliases").selectAll().where("aliasName", "=", aliasName);
    const row = await query.executeTakeFirst();
    return row && fromSql<AliasRow>(row);
  }

  async aliases(page: PageRequest, keyId?: string): Promise<Page<AliasRow>> {
    let query = this.db.selectFrom("lanelock_aliases");
    if (keyId !== undefined) query = query.where("keyId", "=", keyId);
    const { rows, total } = await paged(query, page, (all) =>
      all.selectAll().orderBy(sql`"aliasName" ${collation(this.db)}`),
    );
    return { rows: rows.map((row) => fromSql<AliasRow>(row)), total };
  }

  async tags(keyId: string) {
    const query = this.db.selectFrom("lanelock_tags").selectAll().where("keyId", "=", keyId);
    const rows = await query.orderBy(sql`"tagKey" ${collation(this.db)}`).execute();
    return rows.map((row) => fromSql<TagRow>(row));
  }

  async importToken(tokenId: string) {
    const query = this.db.selectFrom("lanelock_import_tokens").selectAll().where("tokenId", "=", tokenId);
    const row = await query.executeTakeFirst();
    return row && fromSql<ImportTokenRow>(row);
  }

  async importTokens({ keyId, expiredAt }: { keyId?: string; expiredAt?: number }) {
    let query = this.db.selectFrom("lanelock_import_tokens").selectAll();
    if (keyId !== undefined) query = query.where("keyId", "=", keyId);
    if (expiredAt !== undefined) query = query.where("expiresAt", "<=", expiredAt);
    const rows = await query.orderBy(sql`"tokenId" ${collation(this.db)}`).execute();
    return rows.map((row) => fromSql<ImportTokenRow>(row));
  }

  async anchors() {
    const query = this.db.selectFrom("lanelock_anchors").selectAll();
    const rows = await query.orderBy(sql`"chainId" ${collation(this.db)}`).execute();
    return rows.map((row) => fromSql<AuditAnchorRow>(row));
  }

  async counter({ versionId, mode }: CountedObject) {
    const query = this.db.selectFrom("lanelock_counters").selectAll().where("versionId", "=", versionId);
    const row = await query.where("mode", "=", mode).executeTakeFirst();
    return row && fromSql<CounterRow>(row);
  }

  async counters(versionId: string) {
    const query = this.db.selectFrom("lanelock_counters").selectAll().where("versionId", "=", versionId);
    return (await query.orderBy("mode").execute()).map((row) => fromSql<CounterRow>(row));
  }

  async metas() {
    const rows = await this.db.selectFrom("lanelock_meta").selectAll().execute();
    return rows.map(({ name, value }) => ({ name, value: bytesFromSql(value) }));
  }

  async all<T extends TableName>(table: T): Promise<readonly Tables[T][]> {
    const rows = await this.db.selectFrom(TABLE_NAMES[table]).selectAll().execute();
    return rows.map((row) => fromSql<Tables[T]>(row as Stored<Tables[T]>));
  }

  /** As one text for each table: separate rows would take the drivers ten times as long. */
  async seals(table: TableName, take: TakeSeal): Promise<void> {
    const name = sql.join([sql.lit(table), ...PRIMARY_KEYS[table].map((column) => sql.ref(column))], sql` || ' ' || `);
    const text = isPostgres(this.db)
      ? sql<string | null>`string_agg(encode(mac, 'hex') || ${name}, chr(10))`
      : sql<string | null>`group_concat(lower(hex(mac)) || ${name}, char(10))`;
    const query = sql<{ rows: unknown; text: string | null }>`
      select count(*) as rows, ${text} as text from ${sql.table(TABLE_NAMES[table])}`;
    const answer = (await query.execute(this.db)).rows[0];
    const lines = answer?.text ? answer.text.split("\n") : [];
    // A name with a line break, which only an attacker writes, must not count as two rows.
    if (lines.length !== Number(answer?.rows)) return;
    for (const line of lines) take(line.slice(MAC_DIGITS), line.slice(0, MAC_DIGITS));
  }
}

const MAC_DIGITS = 64;

const TABLE_NAMES = {
  ...({ key: "lanelock_keys", version: "lanelock_versions", keyObject: "lanelock_key_objects" } as const),
  ...({ alias: "lanelock_aliases", tag: "lanelock_tags", importToken: "lanelock_import_tokens" } as const),
  ...({ anchor: "lanelock_anchors", counter: "lanelock_counters" } as const),
};

const PRIMARY_KEYS: Readonly<Record<TableName, readonly string[]>> = {
  ...{ key: ["keyId"], version: ["versionId"], keyObject: ["versionId", "mode"], alias: ["aliasName"] },
  ...{ tag: ["keyId", "tagKey"], importToken: ["tokenId"], anchor: ["chainId"], counter: ["versionId", "mode"] },
};

function isPostgres(db: Kysely<Database>): boolean {
  return db.getExecutor().adapter.supportsTransactionalDdl;
}

/** Ids sort by their bytes everywhere; PostgreSQL would otherwise follow the database's language. */
function collation(db: Kysely<Database>) {
  return isPostgres(db) ? sql.raw('collate "C"') : sql.raw("collate binary");
}

function matches(keys: ExpressionBuilder<Database, "lanelock_keys">, { column, values }: KeyFilter) {
  if (column === "aliasName") {
    const aliases = keys.selectFrom("lanelock_aliases").select("keyId").where("aliasName", "in", values);
    return keys("lanelock_keys.keyId", "in", aliases);
  }
  if (column === "tagKey" || column === "tagValue") {
    return keys(
      "lanelock_keys.keyId",
      "in",
      keys.selectFrom("lanelock_tags").select("keyId").where(column, "in", values),
    );
  }
  return keys(column, "in", values as never);
}

async function paged<Table extends keyof Database, Row>(
  query: SelectQueryBuilder<Database, Table, object>,
  { offset, limit }: PageRequest,
  ordered: (query: SelectQueryBuilder<Database, Table, object>) => SelectQueryBuilder<Database, Table, Row>,
): Promise<Page<Row>> {
  const counted = await query.select((all) => all.fn.countAll().as("total")).executeTakeFirstOrThrow();
  const rows = await ordered(query).offset(offset).limit(limit).execute();
  return { rows, total: Number((counted as { total: unknown }).total) };
}
