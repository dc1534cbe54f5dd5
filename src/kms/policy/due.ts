import type { KeyRow } from "../ports/index.ts";

/** A transition of a key that is due and not yet carried out. */
export type DueTransition = "delete" | "expire" | "rotate";

/** When a key rotates next; `undefined` while rotation is off. A disabled key, or one pending deletion, keeps the date and waits. */
export function nextRotationAt(row: Omit<KeyRow, "mac">): number | undefined {
  if (!row.rotationEnabled || row.rotationSeconds === null) return undefined;
  return row.lastRotatedAt + row.rotationSeconds * 1_000;
}

export function dueTransition(row: KeyRow, now: number): DueTransition | undefined {
  if (row.state === "PendingDeletion" && row.deleteAt !== null && row.deleteAt <= now) return "delete";
  if (row.materialExpiresAt !== null && row.materialExpiresAt <= now) return "expire";
  if (row.state === "Enabled" && (nextRotationAt(row) ?? Number.POSITIVE_INFINITY) <= now) return "rotate";
  return undefined;
}

/**
 * The key as it is at `now`, whether or not its due transition was carried out: `undefined` once its deletion is due, without
 * material once that has expired. So neither a late sweep nor a provider that is down prolongs a key's life.
 */
export function keyAsOf(row: KeyRow | undefined, now: number): KeyRow | undefined {
  if (row === undefined) return undefined;
  const due = dueTransition(row, now);
  if (due === "delete") return undefined;
  return due === "expire" && row.state !== "PendingDeletion" ? { ...row, state: "PendingImport" } : row;
}

/** The moment up to which a row may be used as it is. */
export function validUntil(row: KeyRow): number {
  const rotation = row.state === "Enabled" ? nextRotationAt(row) : undefined;
  return Math.min(
    row.deleteAt ?? Number.POSITIVE_INFINITY,
    row.materialExpiresAt ?? Number.POSITIVE_INFINITY,
    rotation ?? Number.POSITIVE_INFINITY,
  );
}
