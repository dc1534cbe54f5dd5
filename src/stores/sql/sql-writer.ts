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
import { toSql } from "./row-codec.ts";
import type { Database } from "./schema.ts";
import { SqlReader } from "./sql-reader.ts";

type Named = { readonly [Column: string]: unknown };

/** The rows of one write transaction. */
export class SqlWriter extends SqlReader implements StoreWriter {
  async putMeta(name: string, value: Uint8Array) {
    await this.#put("lanelock_meta", ["name"], toSql({ name, value }));
  }

  addKey(row: KeyRow) {
    return this.#add("lanelock_keys", toSql(row));
  }

  async putKey(row: KeyRow) {
    await this.#put("lanelock_keys", ["keyId"], toSql(row));
  }

  async deleteKey(keyId: string) {
    for (const table of ["lanelock_key_objects", "lanelock_counters"] as const) {
      await this.db
        .deleteFrom(table)
        .where("versionId", "in", (query) =>
          query.selectFrom("lanelock_versions").select("versionId").where("keyId", "=", keyId),
        )
        .execute();
    }
    for (const table of ["versions", "aliases", "tags", "import_tokens", "keys"] as const) {
      await this.db.deleteFrom(`lanelock_${table}`).where("keyId", "=", keyId).execute();
    }
  }

  addVersion(row: VersionRow) {
    return this.#add("lanelock_versions", toSql(row));
  }

  async putVersion(row: VersionRow) {
    await this.#put("lanelock_versions", ["versionId"], toSql(row));
  }

  addKeyObject(row: KeyObjectRow) {
    return this.#add("lanelock_key_objects", toSql(row));
  }

  async putKeyObject(row: KeyObjectRow) {
    await this.#put("lanelock_key_objects", ["versionId", "mode"], toSql(row));
  }

  async deleteKeyObjects(versionId: string) {
    await this.db.deleteFrom("lanelock_key_objects").where("versionId", "=", versionId).execute();
  }

  addAlias(row: AliasRow) {
    return this.#add("lanelock_aliases", toSql(row));
  }

  async putAlias(row: AliasRow) {
    await this.#put("lanelock_aliases", ["aliasName"], toSql(row));
  }

  async deleteAlias(aliasName: string) {
    await this.db.deleteFrom("lanelock_aliases").where("aliasName", "=", aliasName).execute();
  }

  async putTag(row: TagRow) {
    await this.#put("lanelock_tags", ["keyId", "tagKey"], toSql(row));
  }

  async deleteTag({ keyId, tagKey }: { keyId: string; tagKey: string }) {
    await this.db.deleteFrom("lanelock_tags").where("keyId", "=", keyId).where("tagKey", "=", tagKey).execute();
  }

  async putImportToken(row: ImportTokenRow) {
    await this.#put("lanelock_import_tokens", ["tokenId"], toSql(row));
  }

  async deleteImportToken(tokenId: string) {
    await this.db.deleteFrom("lanelock_import_tokens").where("tokenId", "=", tokenId).execute();
  }

  async putAnchor(row: AuditAnchorRow) {
    await this.#put("lanelock_anchors", ["chainId"], toSql(row));
  }

  async deleteAnchor(chainId: string) {
    await this.db.deleteFrom("lanelock_anchors").where("chainId", "=", chainId).execute();
  }

  async putCounter(row: CounterRow) {
    await this.#put("lanelock_counters", ["versionId", "mode"], toSql(row));
  }

  async #add(table: keyof Database, row: Named): Promise<boolean> {
    const result = await this.db
      .insertInto(table)
      .values(row as never)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  /** Inserts a row or replaces the one with the same primary key. */
  async #put(table: keyof Database, primaryKey: readonly string[], row: Named): Promise<void> {
    await this.db
      .insertInto(table)
      .values(row as never)
      .onConflict((conflict) => conflict.columns(primaryKey as never[]).doUpdateSet(row as never))
      .execute();
  }
}
