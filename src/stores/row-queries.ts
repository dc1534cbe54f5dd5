import type { AliasRow, KeyFilter, KeyRow, Page, PageRequest, TagRow } from "../kms/ports/index.ts";

// What the stores without a query language do with rows that they have read.

/** A copy of a row, whose columns are bytes or primitive values. Not by `structuredClone`, which test environments hide. */
export function copyOf<Row extends object>(row: Row): Row {
  const columns = Object.entries(row).map(([name, value]) => [name, isBytes(value) ? Uint8Array.from(value) : value]);
  return Object.fromEntries(columns) as Row;
}

function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value);
}

/** Orders texts by their UTF-16 units. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Orders keys as ListKeys does. */
export function byAge(a: KeyRow, b: KeyRow): number {
  return a.createdAt - b.createdAt || compareTexts(a.keyId, b.keyId);
}

export function pageOf<Row>(rows: readonly Row[], { offset, limit }: PageRequest): Page<Row> {
  return { rows: rows.slice(offset, offset + limit), total: rows.length };
}

/** Whether the key's deletion, material expiry or rotation is due. */
export function isDue(row: KeyRow, now: number): boolean {
  return (
    (row.deleteAt !== null && row.deleteAt <= now) ||
    (row.materialExpiresAt !== null && row.materialExpiresAt <= now) ||
    (row.rotationEnabled && row.state === "Enabled" && row.lastRotatedAt + (row.rotationSeconds ?? 0) * 1_000 <= now)
  );
}

/** The rows whose keys a filter may be about. Called only for such a filter. */
export interface Related {
  aliases(): readonly AliasRow[];
  tags(): readonly TagRow[];
}

/** The check whether a key passes every filter of ListKeys. */
export function keptBy(filters: readonly KeyFilter[], related: Related): (row: KeyRow) => boolean {
  const checks = filters.map((filter) => checkOf(filter, related));
  return (row) => checks.every((check) => check(row));
}

function checkOf({ column, values }: KeyFilter, related: Related): (row: KeyRow) => boolean {
  if (column === "aliasName") return isOneOf(related.aliases().filter((row) => values.includes(row.aliasName)));
  if (column === "tagKey" || column === "tagValue") {
    return isOneOf(related.tags().filter((row) => values.includes(row[column])));
  }
  return (row) => values.includes(row[column]);
}

function isOneOf(rows: readonly { readonly keyId: string }[]): (row: KeyRow) => boolean {
  const ids = new Set(rows.map(({ keyId }) => keyId));
  return ({ keyId }) => ids.has(keyId);
}
